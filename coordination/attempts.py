"""Which attempt of a process an event belongs to, and what the row of the process keeps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from baton.events import Event
from coordination.processes import Fold, starts_again

_MOST_KEYS = 100
LEASE = 15 * 60  # s, of a process that sends heartbeats and says nothing of its lease


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of a process: the fold of the attempt that is shown.

    Beside it the statuses for which triggers fired, the numbers of attempts that a producer names by a key,
    whether the process asked people something, for how many seconds it may be silent, and a mark of
    the keys that its thread has been tied to already.
    """

    attempt: int
    fold: Fold
    fired: tuple[str, ...] = ()
    attempt_keys: Mapping[str, int] = field(default_factory=dict)
    asks: bool = False
    lease: int | None = None
    tied: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the ``state`` of the row, without what says nothing."""
        state = self.fold.to_json()
        if self.fired:
            state["fired"] = list(self.fired)
        more = (
            ("attempt_keys", self.attempt_keys),
            ("asks", self.asks),
            ("lease", self.lease),
            ("tied", self.tied),
        )
        state.update({name: value for name, value in more if value})
        return state

    @classmethod
    def from_json(cls, attempt: int, state: Mapping[str, Any]) -> "Standing":
        """Read back what `to_json` wrote."""
        return cls(
            attempt=attempt,
            fold=Fold.from_json(state),
            fired=tuple(state.get("fired", ())),
            attempt_keys=state.get("attempt_keys", {}),
            asks=state.get("asks", False),
            lease=state.get("lease"),
            tied=state.get("tied"),
        )


class Placed(NamedTuple):
    """The attempt of an event: a new one, the one that is shown, or one long past."""

    attempt: int
    begins: bool = False
    past: bool = False


def place(standing: Standing | None, event: Event) -> Placed:
    """Say to which attempt *event* belongs.

    A number that the producer gives decides. A key of its own decides where there is no number: a
    new key opens the next attempt. Otherwise it is the attempt that is shown, unless the event is a
    start that was received after its end.
    """
    if standing is None:
        return Placed(event.attempt or 1, begins=True)
    number = event.attempt
    if number is None and event.attempt_key is not None:
        number = _keyed(standing, event.attempt_key)
    if number is None:
        again = starts_again(standing.fold, event)
        number = standing.attempt + 1 if again else standing.attempt
    return Placed(number, begins=number > standing.attempt, past=number < standing.attempt)


def remember_key(standing: Standing, event: Event) -> Standing:
    """Note under which key the producer will speak of this attempt again."""
    if event.attempt_key is None or event.attempt_key in standing.attempt_keys:
        return standing
    keys = {**standing.attempt_keys, event.attempt_key: standing.attempt}
    newest = dict(list(keys.items())[-_MOST_KEYS:])
    return replace(standing, attempt_keys=newest)


def renew_lease(standing: Standing, event: Event) -> Standing:
    """Note how long the process may be silent: what it says itself, else 15 min after a heartbeat."""
    lease = event.lease_s or standing.lease or (LEASE if event.heartbeat else None)
    return standing if lease == standing.lease else replace(standing, lease=lease)


def _keyed(standing: Standing, key: str) -> int:
    known = standing.attempt_keys.get(key)
    if known is not None:
        return known
    # The first key of a process that had none until now names the attempt that is under way.
    first = not standing.attempt_keys and not standing.fold.ended
    return standing.attempt if first else standing.attempt + 1
