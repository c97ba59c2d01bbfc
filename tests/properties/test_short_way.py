"""The short way of first news and the long one: every report leads to the same rows, hints and answers."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baton.events import Actor, ApprovalRequest, Event, Link, NextStep, Parent, Progress, Subject
from coordination import accept, identities, outbox, shortcut
from coordination.accept import Recorded
from coordination.database import Transaction, processes, runs, select, threads, update
from coordination.database import outbox as outbox_table
from coordination.database.schema import metadata
from coordination.incoming import Incoming, Unit
from coordination.outbox import ROOT, Lane, Notice, Slot
from coordination.processes import first_state, fold
from coordination.store.events import Raw
from coordination.taken import Taken
from tests.coordination.inbox import T0, CountingIds, Inbox, event
from tests.coordination.scene import furnish
from tests.properties.test_one_thread import open_database

WORDS = st.sampled_from(["a", "b", "c"])
PROCESSES = st.sampled_from(["p", "q", "r"])
FIRST = st.sampled_from(["queued", "started", "in_progress"])
STATUSES = st.one_of(
    FIRST, FIRST, st.sampled_from(["pending_approval", "completed", "failed", "skipped"])
)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "message": st.one_of(WORDS, st.just("ends with\nmore lines")),
    "name": st.one_of(WORDS, st.just("")),
    "category": WORDS,
    "attempt": st.integers(1, 3),
    "sequence": st.integers(0, 3),
    "channel": st.just("#other"),
    "workflow": WORDS,
    "result": st.dictionaries(WORDS, st.integers(0, 9), max_size=2),
    "metadata": st.dictionaries(st.integers(0, 600).map(str), st.just(1), max_size=3),
    "labels": st.dictionaries(WORDS, WORDS, max_size=2),
    "links": st.lists(st.builds(Link, WORDS, WORDS, WORDS), max_size=3).map(tuple),
    "next_steps": st.lists(st.builds(NextStep, WORDS), max_size=2).map(tuple),
    "actor": st.builds(Actor, WORDS, WORDS),
    "progress": st.builds(Progress, st.integers(0, 9), st.sampled_from([None, 5, 9])),
    "correction": st.booleans(),
    "warnings": st.lists(WORDS, max_size=1).map(tuple),
}
ODD: dict[str, st.SearchStrategy[Any]] = {
    "parent": st.builds(Parent, PROCESSES),
    "run_id": st.just("release-7"),
    "correlation_id": st.just("chain"),
    "trace_id": st.just("f" * 32),
    "keys": st.just(("ci:h:1",)),
    "subject": st.just(Subject(repo="h/o/n", sha="abc1234", ref="topic")),
    "thread_ts": st.just("1.5"),
    "attempt_key": WORDS,
    "heartbeat": st.just(value=True),
    "lease_s": st.just(60),
    "expired": st.just(value=True),
    "started_at": st.just(T0 - timedelta(hours=1)),
    "approval": st.just(ApprovalRequest("Sure?")),
}
SAYS = st.fixed_dictionaries({}, optional=PLAIN)
SAYS_MORE = st.one_of(
    SAYS,
    SAYS,
    st.builds(
        lambda said, more: said | more, SAYS, st.sampled_from(sorted(ODD)).flatmap(
            lambda name: ODD[name].map(lambda value: {name: value})
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """What a tool reports, what its credential adds, and what happened to all threads before."""

    event: Event
    owner: str | None
    channel: str | None
    raw: Raw | None
    before: str | None
    thread: str | None = None  # of a run's own report: that of the run, or of whom it is put to


@st.composite
def streams(draw: st.DrawFn) -> list[Report]:
    """Draw reports about a few processes, some twice, some tied to each other."""
    made, ids = [], CountingIds()
    for at in range(draw(st.integers(1, 8))):
        told = event(draw(PROCESSES), draw(STATUSES), at, ids=ids, **draw(SAYS_MORE))
        if draw(st.booleans()):
            told = replace(told, received_at=told.received_at + timedelta(minutes=draw(st.integers(0, 9))))  # fmt: skip
        raw = draw(st.sampled_from([None, Raw(b"{}", {"content-type": "application/json"})]))
        made.append(
            Report(
                told,
                draw(st.sampled_from([None, "U1"])),
                draw(st.sampled_from([None, "#here"])),
                raw,
                draw(st.sampled_from([None, None, None, *BEFORE])),
                draw(st.sampled_from(["r", "r", "r", "q"])) if told.process_id == "r" else None,
            )
        )
    return [*made, *draw(st.lists(st.sampled_from(made), max_size=2))]


def put_away(tx: Transaction) -> None:
    tx.execute(update(threads), archived_at=T0)


def fall_silent(tx: Transaction) -> None:
    tx.execute(update(processes), stalled_since=T0)


def post(tx: Transaction) -> None:
    """Post the card of each thread."""
    for row in tx.fetch_all(select(threads)):
        slot = Slot(row.key, ROOT, "C1", f"{row.key}.1", "hash", permalink=f"https://s/{row.key}")
        outbox.put_slot(tx, slot, now=T0)


def notices(**values: Any) -> Callable[[Transaction], None]:
    """Change every notice."""

    def change(tx: Transaction) -> None:
        tx.execute(update(outbox_table), **values)

    return change


def say_more(tx: Transaction) -> None:
    """Have each thread say something more, to all of it or to one person."""
    for at, row in enumerate(tx.fetch_all(select(threads))):
        notice = Notice(row.key, f"reply:{at}", Lane.RESULT, "reply", {}, "U9" if at % 2 else None)
        said = len(tx.fetch_all(select(outbox_table)))
        outbox.add(tx, notice, id=f"nt_more_{said}", now=T0)


BEFORE: Mapping[str, Callable[[Transaction], None]] = {
    "put away": put_away,
    "silent": fall_silent,
    "posted": post,
    "on its way": notices(state="leased", attempts=1),
    "said": notices(state="sent"),
    "tried": notices(attempts=1),
    "parked": notices(state="parked"),
    "due later": notices(due_at=T0 + timedelta(days=1)),
    "a result": notices(lane=2),
    "another kind": notices(kind="reply"),
    "other words": notices(body={"a": 1}),
    "beside": notices(recipient="U9"),
    "more to say": say_more,
}


async def reported(reports: list[Report], folder: Path, *, short: bool) -> Any:
    """Report everything, and return each row of each table, every hint, and every answer."""
    inbox = await open_database(folder)
    inbox.ids.made = 1_000  # those of the reports come before
    hints: list[Any] = []
    answers: list[Recorded] = []
    for each in reports:

        def unit(tx: Transaction, each: Report = each) -> None:
            known = identities.identity_of(each.event)
            incoming = Incoming(
                event=each.event,
                identity=known,
                channel=each.channel,
                owner=each.owner,
                raw=each.raw,
                run_key=run_of(tx) if each.thread else None,
                thread_key=thread_of(tx, each.thread) if each.thread else None,
            )
            now = each.event.received_at
            if each.before is not None:
                BEFORE[each.before](tx)
            answers.append(accept.record(tx, incoming, now=now, ids=inbox.ids, short=short))
            hints.append(list(tx.touched))

        await inbox.door.write(unit)
    rows = await everything(inbox)
    await inbox.door.close()
    return rows, hints, answers


def run_of(tx: Transaction) -> int:
    """Return the key of a run, which is made where there is none."""
    known = tx.fetch_one(select(runs.c.key))
    return known.key if known is not None else furnish(tx)[1]


def thread_of(tx: Transaction, process: str) -> int | None:
    """Return the thread of a process, once it has one."""
    row = tx.fetch_one(select(processes.c.thread_key).where(processes.c.process_id == process))
    return None if row is None else row.thread_key


async def everything(inbox: Inbox) -> dict[str, list[Any]]:
    return {
        table.name: [row.as_dict() for row in await inbox.rows(table)]
        for table in metadata.sorted_tables
    }


def three(before: str | None) -> list[Report]:
    """Return plain reports of two processes: the second one by an owner, after something happened."""
    ids = CountingIds()
    first, second = (
        event("p", status, at, ids=ids) for at, status in enumerate(["started", "in_progress"])
    )
    return [
        Report(first, None, None, None, None),
        Report(second, "U1", None, None, before),
        Report(event("q", "started", 2, ids=ids), None, None, None, None),
    ]


def ended(status: str, **more: Any) -> list[Report]:
    """Return the reports of a process that begins and ends."""
    ids = CountingIds()
    told = [event("p", "started", ids=ids), event("p", status, 1, ids=ids, **more)]
    return [Report(each, None, None, None, None) for each in told]


def of_a_run(status: str) -> list[Report]:
    """Return what a run tells of itself."""
    ids = CountingIds()
    said = ["queued", "in_progress", status, "in_progress"]
    told = [event("r", each, at, ids=ids) for at, each in enumerate(said)]
    return [Report(each, None, None, None, None, "r") for each in told]


def each_before(law: Callable[[list[Report]], None]) -> Callable[[list[Report]], None]:
    """Hold a law after everything that can have happened."""
    for before in (None, *BEFORE):
        law = example(three(before))(law)
    return law


@each_before
@example(ended("completed"))
@example(ended("failed", message="ends with\nmore lines"))
@example(of_a_run("completed"))
@example(of_a_run("failed"))
@given(streams())
def test_the_short_way_writes_what_the_long_one_writes(reports: list[Report]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        short = asyncio.run(reported(reports, Path(one), short=True))
        long = asyncio.run(reported(reports, Path(other), short=False))
    for told, wanted in zip(short, long, strict=True):
        assert told == wanted


@given(PROCESSES, FIRST, SAYS, st.integers(0, 9))
def test_the_state_of_first_news_is_its_fold(
    process: str, status: str, said: dict[str, Any], at: int
) -> None:
    told = event(process, status, at, ids=CountingIds(), **said)
    assert first_state(told) == fold([told]).to_json()


async def taken(told: Event, *before: Event, folder: Path, **more: Any) -> Taken | None:
    """Say what the short way makes of an event, once others have been reported."""
    inbox = await open_database(folder)
    for each in before:
        await inbox.accept(each)
    incoming = Incoming(event=told, identity=None, **more)
    written = inbox.door._session.total_changes
    found: Taken | None = await inbox.door.write(
        lambda tx: shortcut.plain_news(Unit(tx, incoming, T0, inbox.ids))
    )
    changed = inbox.door._session.total_changes - written
    await inbox.door.close()
    assert (found is not None) == (changed > 0)
    return found


async def test_first_news_that_nothing_ties_takes_the_short_way(tmp_path: Path) -> None:
    told = event("p", "started", ids=CountingIds(), message="on its way", labels={"a": "b"})
    found = await taken(told, folder=tmp_path)
    assert found is not None
    assert (found.effect, found.attempt, found.applied) == ("created", 1, True)


@pytest.mark.parametrize(
    "more",
    [
        {"parent": Parent("q")},
        {"run_id": "release-7"},
        {"correlation_id": "chain"},
        {"trace_id": "f" * 32},
        {"keys": ("ci:h:1",)},
        {"subject": Subject(repo="h/o/n")},
        {"channel": "C1", "thread_ts": "1.5"},
        {"attempt_key": "a"},
        {"heartbeat": True},
        {"lease_s": 60},
        {"expired": True},
        {"started_at": T0},
        {"approval": ApprovalRequest("Sure?")},
    ],
    ids=",".join,
)
async def test_anything_that_ties_or_promises_takes_the_long_way(
    more: dict[str, Any], tmp_path: Path
) -> None:
    told = event("p", "started", ids=CountingIds(), **more)
    assert await taken(told, folder=tmp_path) is None


@pytest.mark.parametrize("status", ["pending_approval", "completed", "failed", "skipped"])
async def test_first_news_that_people_want_at_once_take_the_long_way(
    status: str, tmp_path: Path
) -> None:
    told = event("p", status, ids=CountingIds())
    assert await taken(told, folder=tmp_path) is None


async def test_more_news_of_a_process_that_goes_on_takes_the_short_way(tmp_path: Path) -> None:
    ids = CountingIds()
    first = event("p", "started", ids=ids)
    found = await taken(event("p", "in_progress", 5, ids=ids), first, folder=tmp_path)
    assert found is not None
    assert (found.effect, found.was, found.status) == ("updated", "started", "in_progress")


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([("q", "started", 0, {"parent": Parent("p")})], {}),  # it was waited for
        ([("p", "completed", 0, {})], {}),
        ([("p", "pending_approval", 0, {"approval": ApprovalRequest("Sure?")})], {}),
        ([("p", "started", 0, {"sequence": 5})], {"sequence": 4}),  # out of order
        ([("p", "started", 0, {})], {"attempt": 2}),
    ],
    ids=["awaited", "ended", "asks", "late", "again"],
)
async def test_what_is_more_than_news_takes_the_long_way(
    before: list[Any], told: dict[str, Any], tmp_path: Path
) -> None:
    ids = CountingIds()
    earlier = [event(name, status, at, ids=ids, **more) for name, status, at, more in before]
    later = event("p", "in_progress", 5, ids=ids, **told)
    assert await taken(later, *earlier, folder=tmp_path) is None


async def test_what_a_run_begins_in_a_thread_of_others_takes_the_long_way(tmp_path: Path) -> None:
    ids = CountingIds()
    other, told = event("q", "started", ids=ids), event("p", "queued", ids=ids)
    assert await taken(told, other, folder=tmp_path, thread_key=1, run_key=None) is None


async def test_a_run_that_goes_on_takes_the_short_way_in_its_own_thread_alone(
    tmp_path: Path,
) -> None:
    ids = CountingIds()
    earlier = [event("p", "queued", ids=ids), event("q", "queued", 1, ids=ids)]
    told = event("p", "in_progress", 2, ids=ids)
    for thread_key, short in ((1, True), (2, False)):
        folder = tmp_path / str(thread_key)
        folder.mkdir()
        found = await taken(told, *earlier, folder=folder, thread_key=thread_key, run_key=7)
        assert (found is not None) == short
        assert found is None or found.run_key == 7


@pytest.mark.parametrize("status", ["completed", "failed", "skipped", "cancelled"])
async def test_the_end_of_what_went_on_takes_the_short_way(status: str, tmp_path: Path) -> None:
    ids = CountingIds()
    first = event("p", "started", ids=ids)
    found = await taken(event("p", status, 5, ids=ids), first, folder=tmp_path)
    assert found is not None
    assert (found.status, found.was, found.applied) == (status, "started", True)


async def test_the_end_of_what_promised_to_be_heard_of_takes_the_long_way(tmp_path: Path) -> None:
    ids = CountingIds()
    first = event("p", "started", ids=ids, lease_s=60)
    assert await taken(event("p", "completed", 5, ids=ids), first, folder=tmp_path) is None
