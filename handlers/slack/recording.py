"""Store, then acknowledge: the one rule of every click and every form that changes something."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Protocol, TypeAlias, TypeVar

from baton.errors import BatonError
from handlers.slack.answers import Answer
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.screens import StartForm

T = TypeVar("T")
LIMIT = 1.5  # s; Slack gives up after three, and the way there and back is not ours
TAKEN = timedelta(milliseconds=100)  # until what an ack shows is there, so that it can be replaced


class Ack(Protocol):
    """Tells Slack that the click arrived; before it, the click counts as lost."""

    def __call__(self, **answer: Any) -> Awaitable[Any]: ...


Refuse: TypeAlias = Callable[[BatonError], Awaitable[None]]


async def store_then_ack(ack: Ack, call: Coroutine[Any, Any, T]) -> T:
    """Await *call*, which stores a decision, then ack; return or raise what *call* does.

    After `LIMIT` seconds it is acked all the same, so that no click times out; what is said to the
    person still is how the call ended, never a guess. A refusal is acked by whoever answers for it.
    """
    work = begin(call)
    if not await within_limit(work):
        await ack()
        return await ended(work)
    result = await ended(work)
    await ack()
    return result


async def store_then_show(
    edge: Edge,
    ack: Ack,
    view: Mapping[str, Any],
    call: Coroutine[Any, Any, Answer | StartForm],
    *,
    waiting: str,
    refuse: Refuse,
) -> None:
    """Await *call*, which does what a form says, and let the form become its answer, or the next.

    Args:
        edge: the Slack edge.
        ack: of the form.
        view: the form as it was sent.
        call: stores it, or looks up what to ask next.
        waiting: what the form says where that takes longer than `LIMIT`.
        refuse: says in the form what is wrong, as long as it is not acknowledged.
    """
    work = begin(call)
    if await within_limit(work):
        try:
            shown = edge.screens.view_of(await ended(work))
        except EXPECTED as error:
            await refuse(error)
        else:
            await ack(response_action="update", view=shown)
        return
    await ack(response_action="update", view=edge.screens.loading(waiting))
    await edge.world.clock.sleep(TAKEN)
    try:
        late: Answer | StartForm = await ended(work)
    except EXPECTED as error:
        late = await edge.refusal(error, stored=True)
    if isinstance(late, StartForm):
        await edge.screens.show_start(str(view["id"]), late)
    else:
        await edge.screens.show_answer(str(view["id"]), late)


def begin(call: Coroutine[Any, Any, T]) -> "asyncio.Future[tuple[T]]":
    """Start *call*."""
    return asyncio.gather(call)


async def within_limit(work: "asyncio.Future[tuple[T]]", limit: float = LIMIT) -> bool:
    """Wait for *work*, but not longer than there is time before an ack; say whether it ended."""
    done, _ = await asyncio.wait({work}, timeout=limit)
    return bool(done)


async def ended(work: "asyncio.Future[tuple[T]]") -> T:
    """Return what the call returned, or raise what it raised."""
    (result,) = await work
    return result
