"""Does something as a person and says what came of it: the ``Acted`` of the control API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from devslack.deliveries import Outcome, State
from devslack.emulator import Emulator
from devslack.shapes import Json
from devslack.stream import Item

T = TypeVar("T")
WORST: tuple[State, ...] = ("timeout", "none_connected", "refused", "acked", "not_sent")


async def by_delivery(emulator: Emulator, work: Callable[[], Awaitable[Outcome]]) -> Json:
    """Do what is one delivery to the app: a click, a command, a modal."""
    before = emulator.stream.seq
    outcome = await work()
    return answer(emulator, before, outcome)


async def by_events(emulator: Emulator, work: Callable[[], T]) -> tuple[T, Json]:
    """Do what the app hears of by events; wait until it acked the first delivery of each."""
    before = emulator.stream.seq
    with emulator.events.collecting() as tasks:
        done = work()
    outcomes = await asyncio.gather(*tasks)
    return done, answer(emulator, before, together(list(outcomes)))


def together(outcomes: list[Outcome]) -> Outcome:
    """Return one outcome for several deliveries: the worst of them, and the longest time."""
    if not outcomes:
        return Outcome("not_sent", problem="no event was due: see the envelopes for why")
    worst = min(outcomes, key=lambda one: WORST.index(one.state))
    return Outcome(
        worst.state, worst.envelope, max(o.ms for o in outcomes), worst.payload, worst.problem
    )


def answer(emulator: Emulator, before: int, outcome: Outcome) -> Json:
    """Return ``Acted``."""
    items = [effect for item in emulator.stream.since(before) if (effect := _effect(item))]
    name = outcome.envelope.id if outcome.envelope else None
    return {"ok": True, "id": name, "ack": outcome.public(), "effects": list(dict.fromkeys(items))}


def _effect(item: Item) -> str:
    data = item.data
    match item.name:
        case "message" | "changed":
            return f"{item.name}:{data['message']['channel']}/{data['message']['ts']}"
        case "deleted":
            return f"deleted:{data['channel']}/{data['ts']}"
        case "ephemeral":
            message = data["message"]
            return f"ephemeral:{data['user']}/{message['channel']}/{message['ts']}"
        case "views":
            return f"view:{data['stack'][-1]['id']}" if data["stack"] else ""
        case "home":
            return f"home:{data['user']}"
        case _:
            return ""
