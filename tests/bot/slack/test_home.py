"""Home's own limits: how many are published, what it shows without a database, and once at a time."""

import asyncio
from datetime import timedelta
from typing import Any

from bot.slack.home import PUBLISHES, RESERVE, Budget
from bot.slack.views.home import UNREADABLE
from coordination.errors import Unavailable
from handlers.slack.answers import ROWS
from tests.bot.slack.box import Box


async def home(box: Box, who: str) -> str:
    found = await box.do("GET", "views", as_=who, home="1")
    return str(found["home"]["blocks"])


async def visit(box: Box, who: str) -> None:
    await box.do("POST", "home", as_=who, tab="home")
    await box.quiet()


async def test_people_who_click_keep_a_reserve_of_what_slack_allows(box: Box) -> None:
    budget = Budget(box.world)  # type: ignore[arg-type]
    assert [budget.take(own=False) for _ in range(PUBLISHES + 1)] == [*[True] * PUBLISHES, False]
    assert [budget.take(own=True) for _ in range(RESERVE + 1)] == [*[True] * RESERVE, False]

    box.world.clock.at += timedelta(minutes=1)
    assert budget.take(own=False)
    budget.pause(timedelta(seconds=30))
    assert not budget.take(own=True)


async def test_a_home_without_a_database_says_so_and_comes_back(box: Box) -> None:
    real = box.coordinator.desk

    async def broken(*_: Any, **__: Any) -> Any:
        raise Unavailable("the disk is full")

    box.coordinator.desk = broken  # type: ignore[method-assign]
    await visit(box, "UADA")
    assert UNREADABLE in await home(box, "UADA")

    box.coordinator.desk = real  # type: ignore[method-assign]
    await visit(box, "UADA")
    assert UNREADABLE not in await home(box, "UADA")
    assert "R-3" in await home(box, "UADA")


async def test_two_clicks_at_once_publish_one_after_the_other(box: Box) -> None:
    await box.fault("slow", method="views.publish", ms=50)
    await asyncio.gather(box.homes.opened("UADA"), box.homes.opened("UADA"))

    assert [call["ok"] for call in await box.calls("views.publish")] == [True, True]


async def test_nobody_reads_more_than_a_page_and_the_row_that_says_there_is_more(box: Box) -> None:
    asked: list[int] = []
    real = box.coordinator.desk

    async def noted(*given: Any, **more: Any) -> Any:
        asked.append(more["most"])
        return await real(*given, **more)

    box.coordinator.desk = noted  # type: ignore[method-assign]
    await visit(box, "UADA")

    assert asked == [ROWS + 1]


async def test_the_same_home_is_not_published_again_by_itself(box: Box) -> None:
    await visit(box, "UADA")
    box.world.clock.at += timedelta(seconds=6)
    box.homes.changed()
    box.homes.round()
    await box.world.tasks.settle()

    assert len(await box.calls("views.publish")) == 1
