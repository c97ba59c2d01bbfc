"""Store, then acknowledge: the one rule of every click that changes something."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
LIMIT = 1.5  # s; Slack gives up after three, and the way there and back is not ours


class Ack(Protocol):
    """Tells Slack that the click arrived; before it, the click counts as lost."""

    def __call__(self, **answer: Any) -> Awaitable[Any]: ...


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


def begin(call: Coroutine[Any, Any, T]) -> "asyncio.Future[tuple[T]]":
    """Start *call*."""
    return asyncio.gather(call)


async def within_limit(work: "asyncio.Future[tuple[T]]") -> bool:
    """Wait for *work*, but not longer than there is time before an ack; say whether it ended."""
    done, _ = await asyncio.wait({work}, timeout=LIMIT)
    return bool(done)


async def ended(work: "asyncio.Future[tuple[T]]") -> T:
    """Return what the call returned, or raise what it raised."""
    (result,) = await work
    return result
