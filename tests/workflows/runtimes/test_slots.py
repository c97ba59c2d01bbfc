"""Who gets the next place when there are more actions than places."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from workflows.runtimes.host.slots import Slots


@asynccontextmanager
async def taken(slots: Slots, priority: str | None) -> AsyncIterator[None]:
    await slots.take(priority)
    try:
        yield
    finally:
        slots.give_back()


async def waiting(
    slots: Slots, *priorities: str | None
) -> tuple[list[str | None], list[asyncio.Task[None]]]:
    """Take the only place, have one task ask for it for each priority, and return who gets it when."""
    order: list[str | None] = []

    async def work(priority: str | None) -> None:
        async with taken(slots, priority):
            order.append(priority)
            await asyncio.sleep(0)

    tasks = [asyncio.ensure_future(work(each)) for each in priorities]
    await asyncio.sleep(0)
    return order, tasks


async def test_the_most_urgent_comes_first_and_equals_in_their_order() -> None:
    slots = Slots(1)
    async with taken(slots, None):
        order, tasks = await waiting(slots, "low", None, "high", "low", "high")
        assert order == []
    await asyncio.gather(*tasks)

    assert order == ["high", "high", None, "low", "low"]


async def test_what_has_a_place_keeps_it() -> None:
    slots = Slots(1)
    async with taken(slots, "low"):
        order, tasks = await waiting(slots, "high")
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("late", [False, True])
async def test_a_place_that_nobody_comes_for_is_passed_on(late: bool) -> None:  # noqa: FBT001
    slots = Slots(1)
    order: list[str | None] = []
    async with taken(slots, None):
        order, tasks = await waiting(slots, "high", "low")
        if not late:
            tasks[0].cancel()
    if late:  # it was given the place a moment ago
        tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert order == ["low"]
    async with asyncio.timeout(1), taken(slots, None):
        pass


async def test_a_place_is_free_again_after_an_error() -> None:
    slots = Slots(2)
    for _ in range(3):
        with pytest.raises(KeyError):
            async with taken(slots, "high"):
                raise KeyError
    async with asyncio.timeout(1), taken(slots, None), taken(slots, None):
        pass
