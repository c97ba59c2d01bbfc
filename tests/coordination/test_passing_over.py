"""Events that ask for nothing are marked together, and nobody is forgotten between them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.database import Unavailable, events, update
from coordination.dispatcher import spans_of
from tests.coordination.inbox import T0, open_inbox
from tests.coordination.test_dispatcher import Hints, Office, dispatcher


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    inbox, hints = open_inbox(tmp_path / "x.db"), Hints()
    yield Office(inbox, hints, dispatcher(inbox, hints))
    await inbox.door.close()


_FORGET = update(events)


async def forget_marks(office: Office) -> None:
    """Leave all events as if somebody who is gone by now had asked for such when they came."""
    await office.inbox.write(lambda tx: tx.execute(_FORGET, dispatched_at=None))


@given(st.lists(st.integers(0, 60), unique=True).map(sorted))
def test_spans_hold_the_places_and_no_others(places: list[int]) -> None:
    spans = [*spans_of(places)]

    assert [place for first, last in spans for place in range(first, last + 1)] == places
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(spans))


async def test_events_that_ask_for_nothing_are_marked_together(office: Office) -> None:
    units, write = [], office.inbox.door.write

    async def noted(unit: Any) -> Any:
        units.append(unit)
        return await write(unit)

    for number in range(5):
        await office.inbox.report(f"b{number}", "started")
    await forget_marks(office)
    office.inbox.door.write = noted  # type: ignore[method-assign]

    assert await office.dispatcher.dispatch_all() == 5
    assert await office.dispatcher.dispatch_all() == 0
    assert len(units) == 1
    assert all(row.dispatched_at == T0 for row in await office.inbox.rows(events))


async def test_the_others_between_them_still_start_runs(office: Office) -> None:
    await office.watch("pipeline", "build.completed")
    for number, status in enumerate(("started", "completed", "started", "completed", "failed")):
        await office.inbox.report(f"b{number}", status, category="build")

    await forget_marks(office)

    assert await office.dispatcher.dispatch_all() == 5
    assert len(await office.runs()) == 2
    assert all(row.dispatched_at is not None for row in await office.inbox.rows(events))


async def test_marks_that_cannot_be_made_are_tried_again_later(office: Office) -> None:
    await office.inbox.report("b1", "started")
    await forget_marks(office)
    write = office.inbox.door.write

    async def full(_: Any) -> Any:
        raise Unavailable("the disk is full")

    office.inbox.door.write = full  # type: ignore[method-assign]
    assert await office.dispatcher.dispatch_all() == 0
    office.inbox.door.write = write  # type: ignore[method-assign]
    assert await office.dispatcher.dispatch_all() == 0
    office.inbox.clock.advance(timedelta(minutes=2))
    assert await office.dispatcher.dispatch_all() == 1
