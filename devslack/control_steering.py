"""The steering part of the control API: reset, clock, settings, faults, another delivery."""

from typing import Any

from devslack import fixture as fixtures
from devslack.acted import by_delivery
from devslack.asked import Asked
from devslack.control_reading import chaos as list_chaos
from devslack.control_reading import clock_json
from devslack.deliveries import Outcome
from devslack.emulator import Emulator
from devslack.errors import ControlError
from devslack.faults import AT_ONCE, Fault
from devslack.manifest import Manifest, understand
from devslack.record import Envelope
from devslack.shapes import Json

MOST_SECONDS = 10 * 365 * 86_400.0


async def reset(asked: Asked) -> Json:
    """Begin with a fresh workspace."""
    asked.allow("fixture", "manifest", "seed")
    fixture = asked.maybe("fixture", dict)
    source = asked.maybe("manifest", dict)
    manifest = usable(understand(source)) if source is not None else None
    seed = asked.maybe("seed", int)
    if fixture is not None:
        fixtures.build(fixture, "check")
    asked.emulator.reset(fixture, manifest, str(seed) if seed is not None else None)
    return {"ok": True}


def usable(manifest: Manifest) -> Manifest:
    """Refuse a manifest with problems."""
    if manifest.problems:
        problems = list(manifest.problems)
        raise ControlError(422, "invalid_manifest", "; ".join(problems), problems=problems)
    return manifest


async def clock(asked: Asked) -> Json:
    """Switch or move the clock."""
    asked.allow("mode", "advance_s", "to")
    held = asked.emulator.clock
    mode = asked.text("mode", held.mode)
    if mode not in ("real", "virtual"):
        raise ControlError(400, "bad_field", "mode must be real or virtual.")
    held.switch("real" if mode == "real" else "virtual")
    advance = asked.number("advance_s", 0, MOST_SECONDS)
    to = asked.number("to", held.now(), held.now() + MOST_SECONDS)
    if (advance is not None or to is not None) and held.mode == "real":
        raise ControlError(409, "clock_is_real", "Only a virtual clock can be moved.")
    held.advance(to - held.now() if to is not None else advance or 0.0)
    await asked.emulator.deliveries.drained()
    asked.emulator.stream.tell("clock", clock_json(asked))
    return {"ok": True, "clock": clock_json(asked)}


async def config(asked: Asked) -> Json:
    """Change settings that real Slack does not have."""
    asked.allow("ack_timeout_ms", "rate_limits", "scopes", "trigger_seconds")
    emulator = asked.emulator
    timeout = asked.number("ack_timeout_ms", 1, 60_000)
    limits = asked.maybe("rate_limits", bool)
    seconds = asked.number("trigger_seconds", 0, 3600)
    scopes = asked.maybe("scopes", list)
    if scopes is not None and not all(isinstance(scope, str) for scope in scopes):
        raise ControlError(400, "bad_field", "scopes must be a list of names.")
    if timeout is not None:
        emulator.deliveries.ack_timeout = timeout / 1000
    if limits is not None:
        emulator.limits.enabled = limits
    if seconds is not None:
        emulator.handles.trigger_seconds = seconds
    if scopes is not None:
        emulator.scopes = frozenset(scopes)
    return {"ok": True, "config": settings(emulator)}


def settings(emulator: Emulator) -> Json:
    """Return the settings as they are."""
    return {
        "ack_timeout_ms": emulator.deliveries.ack_timeout * 1000,
        "rate_limits": emulator.limits.enabled,
        "trigger_seconds": emulator.handles.trigger_seconds,
        "scopes": sorted(emulator.scopes),
    }


async def redeliver(asked: Asked) -> Json:
    """Send an event or another envelope once more."""
    asked.allow("event_id", "envelope_id")
    name = asked.text("event_id", "") or asked.text("envelope_id")
    kept = asked.emulator.record.find(name)
    if kept is None:
        raise ControlError(404, "envelope_not_found", f"There is no delivery {name} in the record.")
    return await by_delivery(asked.emulator, lambda: _again(asked.emulator, kept))


async def _again(emulator: Emulator, kept: Envelope) -> Outcome:
    if kept.type == "events_api":
        return await emulator.events.redeliver(kept.payload, kept.retry + 1)
    again = emulator.deliveries.envelope(
        kept.type, kept.subtype, kept.payload, accepts=kept.accepts_payload
    )
    return await emulator.deliveries.send(again)


async def arm(asked: Asked) -> Json:
    """Arm a fault, or let one strike at once."""
    asked.allow("switch", "count", "probability", "args")
    switch = asked.text("switch")
    if switch in AT_ONCE:
        await _strike(asked.emulator, switch)
        return await list_chaos(asked)
    count: Any = 1 if "count" not in asked.fields else asked.maybe("count", int)
    probability = asked.number("probability", 0, 1)
    args = asked.maybe("args", dict) or {}
    _check_args(args)
    if count is not None and count < 1:
        raise ControlError(400, "bad_field", "count must be at least 1, or null for no end.")
    chance = 1.0 if probability is None else probability
    if switch == "revoke_token":
        asked.emulator.revoked = True
        asked.emulator.events.emit("tokens_revoked", _revoked(asked.emulator))
        return await list_chaos(asked)
    asked.emulator.faults.arm(Fault(switch, count, chance, args))
    return await list_chaos(asked)


def _revoked(emulator: Emulator) -> Json:
    bot = emulator.workspace.app.user_id
    tokens = {"oauth": [], "bot": [bot]}
    return {"type": "tokens_revoked", "tokens": tokens, "event_ts": emulator.workspace.next_ts()}


def _check_args(args: Json) -> None:
    for name, value in args.items():
        number = name in ("ms", "retry_after")
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 600_000
        if not (good if number else isinstance(value, str)):
            raise ControlError(
                400, "bad_field", f"args.{name} must be a {'number' if number else 'string'}."
            )


async def _strike(emulator: Emulator, switch: str) -> None:
    if switch == "tcp_drop":
        await emulator.sockets.drop(emulator.abort)
    else:
        reason = {"disconnect_warning": "warning"}.get(switch, switch)
        await emulator.sockets.disconnect(reason)


async def disarm(asked: Asked) -> Json:
    """Clear all faults."""
    asked.emulator.faults.clear()
    asked.emulator.revoked = False
    return await list_chaos(asked)
