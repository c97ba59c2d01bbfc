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
from devslack.events import DELAYED, RETRIES
from devslack.faults import AT_ONCE, NUMBERS, Fault
from devslack.manifest import Manifest, understand
from devslack.record import Envelope
from devslack.shapes import Json

SETTINGS = (
    *("ack_timeout_ms", "rate_limits", "burst", "trigger_seconds", "stream_seconds"),
    *("delayed_events", "scopes"),
)
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
    await _move(asked.emulator, to if to is not None else held.now() + (advance or 0.0))
    asked.emulator.stream.tell("clock", clock_json(asked))
    return {"ok": True, "clock": clock_json(asked)}


async def _move(emulator: Emulator, target: float) -> None:
    # One moment after the other: what a delivery leads to may fall due on the way.
    held = emulator.clock
    if held.mode == "virtual":
        while (due := held.next_due()) is not None and due <= target:
            held.advance(max(0.0, due - held.now()))
            await emulator.deliveries.drained()
        held.advance(max(0.0, target - held.now()))
    await emulator.deliveries.drained()


async def config(asked: Asked) -> Json:
    """Change settings that real Slack does not have."""
    asked.allow(*SETTINGS)
    emulator = asked.emulator
    wanted = {name: value for name, value in _wanted(asked).items() if value is not None}
    if "ack_timeout_ms" in wanted:
        emulator.deliveries.ack_timeout = wanted["ack_timeout_ms"] / 1000
    emulator.limits.enabled = wanted.get("rate_limits", emulator.limits.enabled)
    emulator.limits.burst = wanted.get("burst", emulator.limits.burst)
    emulator.handles.trigger_seconds = wanted.get(
        "trigger_seconds", emulator.handles.trigger_seconds
    )
    emulator.streams.seconds = wanted.get("stream_seconds", emulator.streams.seconds)
    emulator.scopes = frozenset(wanted.get("scopes", emulator.scopes))
    if "delayed_events" in wanted:
        emulator.events.retries = RETRIES + (DELAYED if wanted["delayed_events"] else ())
    return {"ok": True, "config": settings(emulator)}


def _wanted(asked: Asked) -> Json:
    scopes = asked.maybe("scopes", list)
    if scopes is not None and not all(isinstance(scope, str) for scope in scopes):
        raise ControlError(400, "bad_field", "scopes must be a list of names.")
    return {
        "ack_timeout_ms": asked.number("ack_timeout_ms", 1, 60_000),
        "rate_limits": asked.maybe("rate_limits", bool),
        "burst": asked.number("burst", 1, 1000),
        "trigger_seconds": asked.number("trigger_seconds", 0, 3600),
        "stream_seconds": asked.number("stream_seconds", 0, 3600),
        "delayed_events": asked.maybe("delayed_events", bool),
        "scopes": scopes,
    }


def settings(emulator: Emulator) -> Json:
    """Return the settings as they are."""
    return {
        "ack_timeout_ms": emulator.deliveries.ack_timeout * 1000,
        "rate_limits": emulator.limits.enabled,
        "burst": emulator.limits.burst,
        "trigger_seconds": emulator.handles.trigger_seconds,
        "stream_seconds": emulator.streams.seconds,
        "delayed_events": len(emulator.events.retries) > len(RETRIES),
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
    if switch in AT_ONCE and not {"count", "probability"} & set(asked.fields):
        await asked.emulator.sockets.strike(switch)
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
        number = name in NUMBERS
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 600_000
        if not (good if number else isinstance(value, str)):
            raise ControlError(
                400, "bad_field", f"args.{name} must be a {'number' if number else 'string'}."
            )


async def disarm(asked: Asked) -> Json:
    """Clear all faults."""
    asked.emulator.faults.clear()
    asked.emulator.revoked = False
    return await list_chaos(asked)
