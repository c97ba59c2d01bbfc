"""The long poll: waits until something a test asks for is true."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from devslack.asked import Asked
from devslack.emulator import Emulator
from devslack.errors import ControlError
from devslack.model import Message
from devslack.present import message_json
from devslack.shapes import Json, dump

MOST_MS = 10_000
TICK = 0.01

Check = Callable[[Emulator, Any], Json | None]


def _message(emulator: Emulator, wanted: Any) -> Json | None:
    workspace = emulator.workspace
    channel = workspace.channel_named(str(wanted.get("channel", "")))
    places = (
        [channel.id] if channel else list(workspace.channels) if "channel" not in wanted else []
    )
    held = [m for place in places for m in workspace.messages[place].values()]
    held += [
        m for m in workspace.ephemerals if m.visible_to == wanted.get("as") and m.channel in places
    ]
    for message in sorted(held, key=lambda m: m.ts, reverse=True):
        shown = message_json(workspace, message, metadata=True)
        if _fits(message, shown["plain"], wanted):
            return {"message": shown}
    return None


def _fits(message: Message, plain: str, wanted: Json) -> bool:
    thread = wanted.get("thread_ts")
    return (
        message.ts > wanted.get("since", "")
        and thread in (None, message.thread_ts)
        and wanted.get("contains", "") in plain
    )


def _call(emulator: Emulator, wanted: Any) -> Json | None:
    for call in emulator.record.calls:
        fits = call["method"] == wanted.get("method") and call["seq"] > wanted.get("since", 0)
        if fits and wanted.get("ok", call["ok"]) == call["ok"]:
            return {"call": call}
    return None


def _view(emulator: Emulator, wanted: Any) -> Json | None:
    stack = emulator.views.stacks.get(wanted.get("as", ""), [])
    if not stack:
        return None
    shown = emulator.views.public(stack[-1])
    named = wanted.get("callback_id", shown["callback_id"]) == shown["callback_id"]
    return {"view": shown} if named and wanted.get("contains", "") in dump(shown) else None


def _no_view(emulator: Emulator, wanted: Any) -> Json | None:
    return None if emulator.views.stacks.get(wanted.get("as", "")) else {}


def _quiet(emulator: Emulator, wanted: Any) -> Json | None:
    idle = (time.monotonic() - emulator.deliveries.last_activity) * 1000
    return {} if not emulator.deliveries.in_flight and idle >= wanted else None


def _connections(emulator: Emulator, wanted: Any) -> Json | None:
    return {} if len(emulator.sockets.connections) >= wanted else None


CHECKS: dict[str, tuple[type, frozenset[str], Check]] = {
    "message": (dict, frozenset({"channel", "thread_ts", "contains", "as", "since"}), _message),
    "call": (dict, frozenset({"method", "since", "ok"}), _call),
    "view": (dict, frozenset({"as", "callback_id", "contains"}), _view),
    "no_view": (dict, frozenset({"as"}), _no_view),
    "quiet": (int, frozenset(), _quiet),
    "connections": (int, frozenset(), _connections),
}
FIELD_KINDS: dict[str, type] = {"ok": bool}


def _read(until: Json) -> tuple[Check, Any]:
    if len(until) != 1 or not set(until) <= set(CHECKS):
        raise ControlError(400, "bad_field", f"until takes exactly one of: {', '.join(CHECKS)}.")
    name, wanted = next(iter(until.items()))
    kind, known, check = CHECKS[name]
    if not isinstance(wanted, kind) or isinstance(wanted, bool):
        raise ControlError(
            400, "bad_field", f"until.{name} must be {'an object' if known else 'a number'}."
        )
    if isinstance(wanted, dict):
        _check_fields(name, wanted, known)
    return check, wanted


def _check_fields(name: str, wanted: Json, known: frozenset[str]) -> None:
    if not set(wanted) <= known:
        raise ControlError(400, "unknown_field", f"until.{name} takes: {', '.join(sorted(known))}.")
    for field, value in wanted.items():
        kind = int if (name, field) == ("call", "since") else FIELD_KINDS.get(field, str)
        if not isinstance(value, kind):
            raise ControlError(400, "bad_field", f"until.{name}.{field} must be a {kind.__name__}.")


async def wait(asked: Asked) -> Json:
    """Wait until a condition holds.

    Raises:
        ControlError: 408 ``timeout`` when it did not come true in time.
    """
    asked.allow("until", "timeout_ms")
    until = asked.maybe("until", dict)
    if until is None:
        raise ControlError(400, "missing_field", "until is required.")
    check, wanted = _read(until)
    limit = (asked.number("timeout_ms", 0, MOST_MS) or MOST_MS) / 1000
    started = time.monotonic()
    while True:
        found = check(asked.emulator, wanted)
        waited = time.monotonic() - started
        if found is not None:
            return {"ok": True, "waited_ms": round(waited * 1000, 1), **found}
        if waited >= limit:
            raise ControlError(408, "timeout", f"Not true within {limit:g} s: {dump(until)}.")
        await _pause(asked.emulator, check, limit - waited)


async def _pause(emulator: Emulator, check: Check, left: float) -> None:
    # Quiet is the absence of news, so it is looked for on a beat; all else comes with news.
    if check is _quiet:
        await asyncio.sleep(min(TICK, left))
    else:
        await emulator.stream.changed(left)
