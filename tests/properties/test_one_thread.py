"""Any order, repeats and delays, through the store: one state of the process, and one thread."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from baton.events import Event, Subject
from coordination.attempts import Standing
from coordination.changes import Changes
from coordination.database import InlineDoor
from coordination.database import events as events_table
from coordination.database import processes as processes_table
from coordination.database import related_threads as related_table
from coordination.database.statements import Statements
from coordination.processes import Fold, fold
from tests.coordination.inbox import T0, Inbox
from tests.properties.test_fold import attempts

_statements = Statements()  # compiling them anew takes longer than an example
_empty: list[bytes] = []

TIES = st.sampled_from(
    [
        {"correlation_id": "chain"},
        {"trace_id": "f" * 32},
        {"keys": ("ci:h:1",)},
        {"keys": ("agent:claude:s", "ci:h:1")},
        {"run_id": "release-7"},
        {"subject": Subject(repo="h/o/n", sha="abc1234", ref="topic")},
    ]
)


async def open_database(folder: Path) -> Inbox:
    path = folder / "x.db"
    if not _empty:
        await InlineDoor(path, changes=Changes("test"), durable=False).close()
        _empty.append(path.read_bytes())
    path.write_bytes(_empty[0])
    door = InlineDoor(path, changes=Changes("test"), durable=False)
    door._statements = door._session._statements = _statements
    return Inbox(door)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Draw the events of an attempt, and the same as they arrive: late, in any order, some twice."""
    told = [replace(each, attempt=1) for each in draw(attempts())]
    arriving = [*told, *draw(st.lists(st.sampled_from(told), max_size=3))]
    shuffled = draw(st.permutations(arriving))
    delays = draw(st.lists(st.integers(0, 7200), min_size=len(shuffled), max_size=len(shuffled)))
    at, came = T0 + timedelta(minutes=5), []
    for delay, each in zip(delays, shuffled, strict=True):
        at += timedelta(seconds=delay)
        came.append(replace(each, received_at=at))
    return told, came


def reported(came: Sequence[Event], look: Any) -> Any:
    """Report everything to a fresh database, and return what *look* finds in it."""

    async def story() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            inbox = await open_database(Path(folder))
            for each in came:
                await inbox.accept(each, trusted=True)
            found = await look(inbox)
            await inbox.door.close()
            return found

    return asyncio.run(story())


async def state_of_p(inbox: Inbox) -> Fold:
    row = await inbox.process("p")
    return Standing.from_json(row.attempt, row.state).fold


def seen(state: Fold) -> Fold:
    """Leave out what people do not see: which of equal ends it was, and what only orders."""
    return replace(
        state,
        top=(T0, 0, T0),
        end_event=None,
        status_event="",
        sequence=None,
        sequence_at=None,
    )


@given(arrivals())
def test_every_arrival_leads_to_one_state(drawn: tuple[list[Event], list[Event]]) -> None:
    told, came = drawn
    assert seen(reported(came, state_of_p)) == seen(fold(told))


@given(arrivals(), TIES)
def test_what_is_tied_together_is_one_thread_in_every_order(
    drawn: tuple[list[Event], list[Event]], tie: dict[str, Any]
) -> None:
    _, came = drawn
    tied = [
        replace(each, process_id=f"p{place % 2}", **tie)
        for place, each in enumerate(came)
        # a weak key leads nowhere once everything has ended; then a second thread is right
        if "subject" not in tie or not (each.status and each.status.terminal)
    ]

    async def look(inbox: Inbox) -> tuple[int, int, int]:
        tables = (processes_table, related_table)
        processes, related = [len(await inbox.rows(table)) for table in tables]
        return len(await inbox.threads()), processes, related

    threads, processes, related = reported(tied, look)
    assert threads == min(1, len(tied))
    assert (processes <= 2, related) == (True, 0)


@given(arrivals())
def test_no_status_fires_twice_and_no_report_is_stored_twice(
    drawn: tuple[list[Event], list[Event]],
) -> None:
    told, came = drawn

    async def look(inbox: Inbox) -> tuple[list[str], list[str]]:
        rows = await inbox.rows(events_table)
        return [row.id for row in rows], [row.status for row in rows if row.applied]

    stored, applied = reported(came, look)
    assert sorted(stored) == sorted(each.event_id for each in told)
    assert len(applied) == len(set(applied))
