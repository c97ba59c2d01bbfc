"""The buttons of a process that fell silent. Each is safe to press twice, and on an old card."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from slack_bolt.async_app import AsyncApp

from coordination.errors import Conflict
from coordination.questions import mention
from handlers.slack import clicks, ids
from handlers.slack.answers import Sentence
from handlers.slack.clicks import Body
from handlers.slack.listening import Edge
from handlers.slack.recording import Ack, store_then_ack

Listener: TypeAlias = Callable[[Ack, Body], Awaitable[None]]


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to what is pressed on the card of a stalled process."""
    for action_id, listener in (
        (ids.PING, ping),
        (ids.MARK_FAILED, mark_failed),
        (ids.WAIT_LONGER, wait_longer),
    ):
        bolt.action(action_id)(_on(edge, listener))


async def ping(edge: Edge, ack: Ack, body: Body) -> str:
    who, silent = clicks.principal(body), clicks.silent(body)
    done = await store_then_ack(ack, edge.coordinator.ping(who, silent, via="slack"))
    whom = mention(done.owner) if done.owner else "this thread"
    if done.again:
        return f"{whom} was asked about {done.name} within the last hour already."
    return f"I asked {whom} whether {done.name} still goes on."


async def mark_failed(edge: Edge, ack: Ack, body: Body) -> str:
    who, silent = clicks.principal(body), clicks.silent(body)
    done = await store_then_ack(ack, edge.coordinator.mark_failed(who, silent, via="slack"))
    return f"You {'had ' if done.again else ''}marked {done.name} failed."


async def wait_longer(edge: Edge, ack: Ack, body: Body) -> str:
    who, silent = clicks.principal(body), clicks.silent(body)
    done = await store_then_ack(ack, edge.coordinator.wait_longer(who, silent, via="slack"))
    return f"If nothing is heard of {done.name} within an hour, its card says so again."


def _on(edge: Edge, do: Callable[[Edge, Ack, Body], Awaitable[str]]) -> Listener:
    """Return the listener that does it, and says so to whoever pressed."""

    async def listener(ack: Ack, body: Body) -> None:
        try:
            said = await do(edge, ack, body)
        except Conflict:  # the card that they looked at was an older one
            await edge.coordinator.redraw(clicks.silent(body).thread_id)
            raise
        await edge.screens.tell(clicks.place(body), Sentence(said))

    return listener
