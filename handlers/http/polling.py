"""Long polls: an answer that waits for a change costs one task, and ends when its client goes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from coordination.changes import Change, ChangeKind, Subscription
from handlers.http.edge import Edge

T = TypeVar("T")
AT_ONCE = 8  # looks that follow a change at once; who has had them looks once a second
PACE = 1.0  # s


@dataclass(frozen=True, slots=True)
class Poll(Generic[T]):
    """What a held request waits for.

    Args:
        read: what is looked at, anew after each change.
        enough: whether the wait is over.
        kinds: the changes that may end it.
        about: whether one of these is worth a look.
    """

    read: Callable[[], Awaitable[T]]
    enough: Callable[[T], bool]
    kinds: tuple[ChangeKind, ...]
    about: Callable[[Change], bool] = lambda _: True


async def awaited(request: Request, edge: Edge, poll: Poll[T], seconds: float) -> T:
    """Return what there is once it is enough, or after *seconds*, or at a stop of the server.

    Raises:
        ClientDisconnect: nobody waits for the answer any more.
    """
    with edge.changes.subscribe(*poll.kinds) as changed:
        found = await poll.read()
        if seconds <= 0 or edge.holding.closed or poll.enough(found):
            return found
        async with attended(request):
            return await held(edge, poll, changed, seconds)


async def held(edge: Edge, poll: Poll[T], changed: Subscription, seconds: float) -> T:
    """Look again after each change that is about it; the database is asked at no other time."""
    clock = edge.world.clock
    deadline = clock.monotonic() + seconds
    looks = 0
    while True:
        heard = await edge.holding.wait(changed, deadline - clock.monotonic())
        over = edge.holding.closed or clock.monotonic() >= deadline
        if not over and not any(map(poll.about, heard)):
            continue
        found = await poll.read()
        if over or poll.enough(found):
            return found
        looks += 1
        if looks >= AT_ONCE:
            await edge.holding.rest(PACE)


@asynccontextmanager
async def attended(request: Request) -> AsyncIterator[None]:
    """Go on inside the block for as long as the client is there.

    Raises:
        ClientDisconnect: it has gone.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch(request), name="watch the client")
            yield
            watching.cancel()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def watch(request: Request) -> None:
    """Return never; raise ClientDisconnect when the client goes."""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
