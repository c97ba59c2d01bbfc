"""Trouble on request: every way in which Slack or the network fails, with a count or a chance."""

from collections.abc import Callable
from dataclasses import dataclass, field

from devslack.errors import ControlError
from devslack.shapes import Json

# Switches that wait for something to happen, and the arguments each may have.
ARMED: dict[str, frozenset[str]] = {
    "slow": frozenset({"method", "ms"}),
    "error_next": frozenset({"method", "error"}),
    "ratelimit_next": frozenset({"method", "retry_after"}),
    "api_500": frozenset({"method"}),
    "api_503": frozenset({"method"}),
    "api_non_json": frozenset({"method"}),
    "api_empty": frozenset({"method"}),
    "api_timeout": frozenset({"method", "ms"}),
    "api_reset_before": frozenset({"method"}),
    "api_reset_after": frozenset({"method"}),
    "revoke_token": frozenset(),
    "drop_event": frozenset({"type"}),
    "delay_event": frozenset({"type", "seconds"}),
    "reorder_events": frozenset({"type"}),
    "duplicate_envelope": frozenset({"type"}),
    "second_connection": frozenset({"type"}),
    "refuse_handshake": frozenset(),
    "delayed_hello": frozenset({"ms"}),
    "no_pong": frozenset(),
    "tcp_drop": frozenset({"type"}),
    "disconnect_warning": frozenset({"type"}),
    "refresh_requested": frozenset({"type"}),
    "too_many_websockets": frozenset({"type"}),
}
# Switches that strike the open sockets: at once, or armed with a count or a chance before a delivery.
AT_ONCE = ("tcp_drop", "disconnect_warning", "refresh_requested", "too_many_websockets")
NEEDED = {
    "slow": ("ms",),
    "error_next": ("error",),
    "delay_event": ("seconds",),
    "delayed_hello": ("ms",),
}
# Arguments that are whole numbers; all others are names.
NUMBERS = frozenset({"ms", "retry_after", "seconds"})


@dataclass(slots=True)
class Fault:
    """One armed switch. *count* None means until it is cleared."""

    switch: str
    count: int | None = 1
    probability: float = 1.0
    args: Json = field(default_factory=dict)

    def public(self) -> Json:
        """Return it as the control API shows it."""
        return {
            "switch": self.switch,
            "count": self.count,
            "probability": self.probability,
            "args": self.args,
        }

    def fits(self, **facts: str) -> bool:
        """True when what happens is what the arguments ask for."""
        return all(self.args[k] in (None, v) for k, v in facts.items() if k in self.args)


class Faults:
    """The armed switches. *chance* draws from 0.0 to 1.0."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self.armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Add a switch.

        Raises:
            ControlError: no such switch, or its arguments are not complete.
        """
        known = ARMED.get(fault.switch)
        if known is None:
            names = ", ".join(ARMED)
            raise ControlError(
                400, "unknown_switch", f"There is no {fault.switch!r}. There are: {names}."
            )
        if not set(fault.args) <= known:
            raise ControlError(
                400, "unknown_field", f"{fault.switch} takes {sorted(known)} in args."
            )
        for name in NEEDED.get(fault.switch, ()):
            if name not in fault.args:
                raise ControlError(400, "missing_field", f"{fault.switch} needs args.{name}.")
        self.armed.append(fault)

    def take(self, switch: str, **facts: str) -> Fault | None:
        """Return the fault that strikes now, counted down, or None."""
        for fault in self.armed:
            if (
                fault.switch != switch
                or not fault.fits(**facts)
                or self._chance() >= fault.probability
            ):
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self.armed.remove(fault)
            return fault
        return None

    def take_named(self, switch: str, method: str) -> Fault | None:
        """Return the fault that was armed for *method* by name, for what is no method of the API."""
        if not any(f.switch == switch and f.args.get("method") == method for f in self.armed):
            return None
        return self.take(switch, method=method)

    def has(self, switch: str) -> bool:
        """True while a switch is armed."""
        return any(fault.switch == switch for fault in self.armed)

    def clear(self) -> None:
        """Disarm everything."""
        self.armed.clear()
