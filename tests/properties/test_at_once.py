"""What is done about an event in the unit that stores it, and what the Dispatcher does: both wake the same."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baton.events import Event, Subject
from coordination import accept, at_once, waits
from coordination.database import Transaction
from coordination.database import events as events_table
from coordination.incoming import Incoming
from coordination.secrets import Secrets
from coordination.triggers import Asked, asked_for
from coordination.wait_veils import Veil
from tests.coordination.hall import Hall, Wanted, of_sha, open_hall
from tests.coordination.inbox import event
from tests.properties.test_one_thread import open_database
from tests.properties.test_short_way import everything

Move: TypeAlias = tuple[Any, ...]

RUNS = st.sampled_from(["run_a", "run_b"])
SHAS = st.sampled_from(["1", "2"])
WANTED: dict[str, Wanted] = {
    "one": of_sha("1"),
    "two": of_sha("2"),
    "one from now on": of_sha("1", since="now"),
    "any end": of_sha("1", event="test.ended"),
    "failed": of_sha("1", event="test.failed"),
    "good": of_sha("1", where="event.result.n > 1"),
    "broken": of_sha("1", where="event.result.n.m > 1"),
    "all": Wanted(),
    "its thread": Wanted(correlate=((("run",), "run_a"),)),
    "its key": Wanted(correlate=((("key",), "ci:h:1"),)),
}
TELLS = st.tuples(
    st.just("tell"),
    st.sampled_from(["p", "q", "r", "run_a"]),
    st.sampled_from(["started", "completed", "completed", "failed"]),
    SHAS,
    st.integers(1, 2),
    st.booleans(),
)
WAITS = st.tuples(st.just("wait"), RUNS, st.sampled_from(sorted(WANTED)))
ENDS = st.tuples(st.sampled_from(["expire", "close"]), RUNS, st.integers(0, 3))
SETTLES = st.just(("settle",))
ALL = st.lists(st.one_of(TELLS, TELLS, WAITS, ENDS), max_size=10)
LATE = st.lists(st.one_of(TELLS, TELLS, WAITS, SETTLES), max_size=10)
TOLD = ("tell", "p", "completed", "1", 1, False)
KEYED = ("tell", "q", "completed", "1", 1, True)
OF_ITSELF = ("tell", "run_a", "completed", "1", 1, False)
BY_KEY, BY_SHA = ("wait", "run_b", "its key"), ("wait", "run_a", "one")


def told(hall: Hall, process: str, status: str, sha: str, n: int, keyed: bool) -> Event:  # noqa: FBT001  # as drawn
    own: dict[str, Any] = (
        {"source": "baton", "namespace": "baton"} if process.startswith("run") else {}
    )
    more: dict[str, Any] = {"keys": ("ci:h:1",)} if keyed else {}
    about: dict[str, Any] = {"subject": Subject(sha=sha), "result": {"n": n}, "category": "test"}
    return event(process, status, ids=hall.inbox.ids, **about, **own, **more)


async def move(hall: Hall, made: Move, number: int, *, short: bool) -> None:
    """Do one thing: tell an event, begin to wait, or end a wait."""
    what, *more = made
    ids, now = hall.inbox.ids, hall.inbox.clock.now()
    if what == "wait":
        run, wanted = more
        await hall.wait(Wanted(**{**_members(WANTED[wanted]), "path": f"w{number}"}), run)
    elif what in ("expire", "close"):
        run, path = hall.keys[more[0]], f"w{more[1]}"
        end: dict[str, Any] = {"run_key": run, "path": path}
        await hall.inbox.write(
            lambda tx: (
                waits.expire(tx, **end) if what == "expire" else waits.close(tx, **end, attempt=1)
            )
        )
    elif what == "tell":
        incoming = Incoming(event=told(hall, *more), identity=None, trusted=True)
        await hall.inbox.write(
            lambda tx: accept.record(tx, incoming, now=now, ids=ids, short=short)
        )


def _members(wanted: Wanted) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}


async def played(moves: Sequence[Move], folder: Path, *, short: bool, prompt: bool) -> Any:
    """Make all moves, and return all rows, and who was woken by what.

    *prompt*: the Dispatcher runs after each; otherwise where a move says so, and in the end.
    """
    inbox = await open_database(folder)
    async with open_hall(inbox.door) as hall:
        await hall.run("run_b")
        for number, made in enumerate(moves):
            await move(hall, made, number, short=short)
            if prompt or made[0] == "settle":
                await hall.settle()
        await hall.settle()
        return await everything(hall.inbox), sorted(await hall.woken())


def both(moves: Sequence[Move], *, prompt: bool) -> tuple[Any, Any]:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        return (
            asyncio.run(played(moves, Path(one), short=True, prompt=prompt)),
            asyncio.run(played(moves, Path(other), short=False, prompt=prompt)),
        )


def each_wanted(law: Any) -> Any:
    """Hold a law for everything that can be waited for: alone, twice, and as the second event comes.

    And where the older of two events wakes two, and where a run hears of itself.
    """
    law = example([BY_KEY, BY_SHA, ("settle",), KEYED, TOLD])(law)
    law = example([BY_SHA, OF_ITSELF, TOLD])(law)
    for name in WANTED:
        wait = ("wait", "run_a", name)
        for moves in ([wait, TOLD], [wait, wait, TOLD], [TOLD, wait, TOLD, TOLD]):
            law = example(moves)(law)
    return law


@each_wanted
@given(ALL)
def test_both_ways_write_the_same_rows(moves: list[Move]) -> None:
    short, long = both(moves, prompt=True)
    assert short == long


@each_wanted
@given(LATE)
def test_however_late_the_dispatcher_is_the_same_events_wake_the_same_waits(
    moves: list[Move],
) -> None:
    (short, woken), (long, wanted) = both(moves, prompt=False)
    assert woken == wanted
    assert [row["state"] for row in short["waits"]] == [row["state"] for row in long["waits"]]
    for rows in (short, long):
        assert all(row["dispatched_at"] is not None for row in rows["events"])


@pytest.fixture
async def hall(tmp_path: Path) -> Any:
    async with open_hall((await open_database(tmp_path)).door) as made:
        yield made


async def undispatched(hall: Hall) -> list[str]:
    rows = await hall.inbox.rows(events_table)
    return [row.process_id for row in rows if row.dispatched_at is None]


async def test_a_plain_wait_is_answered_in_the_unit_of_its_event(hall: Hall) -> None:
    await hall.wait(of_sha("1"))
    found = await hall.tell("p", subject=Subject(sha="1"))
    assert await hall.woken() == [(hall.keys["run_a"], "wait", found)]
    assert await hall.states() == ["answered"]
    assert await hall.why(found) == ["woken"]
    assert await undispatched(hall) == []


async def test_an_event_that_nobody_waits_for_is_left_to_nobody(hall: Hall) -> None:
    await hall.wait(of_sha("1"))
    await hall.tell("p", subject=Subject(sha="2"))
    assert await undispatched(hall) == []
    assert await hall.states() == ["open"]


@pytest.mark.parametrize("name", ["good", "broken"])
async def test_a_condition_is_left_to_the_dispatcher(hall: Hall, name: str) -> None:
    await hall.wait(WANTED[name])
    await hall.tell("p", subject=Subject(sha="1"), result={"n": 2})
    assert await hall.woken() == []
    assert await undispatched(hall) == ["p"]


async def test_an_event_waits_for_an_older_one_that_was_not_dispatched(hall: Hall) -> None:
    await hall.wait(of_sha("1", path="first"))
    await hall.wait(Wanted(correlate=((("key",), "ci:h:1"),), path="second"))
    older = await hall.tell("p", subject=Subject(sha="1"), keys=("ci:h:1",))  # for both
    await hall.tell("q", subject=Subject(sha="1"))
    assert await hall.woken() == []
    assert await undispatched(hall) == ["p", "q"]
    await hall.settle()
    run = hall.keys["run_a"]
    assert sorted(await hall.woken()) == [(run, "first", older), (run, "second", older)]


async def test_what_must_not_be_seen_is_left_to_the_dispatcher(hall: Hall) -> None:
    safe = Secrets(b"a" * 32, dict[str, str]().__getitem__)
    veil = Veil(safe, frozenset({("subject", "sha")}), names=False)
    key, now, ids = hall.keys["run_a"], hall.inbox.clock.now(), hall.inbox.ids
    await hall.inbox.write(
        lambda tx: waits.open(tx, of_sha("1"), run_key=key, now=now, ids=ids, veil=veil)
    )
    await hall.tell("p", subject=Subject(sha="1"))
    assert await undispatched(hall) == ["p"]


async def test_no_run_waits_for_itself(hall: Hall) -> None:
    await hall.wait(of_sha("1"))
    told_of_it = told(hall, "run_a", "completed", "1", 1, False)  # noqa: FBT003  # as drawn
    await hall.inbox.accept(told_of_it, trusted=True)
    await hall.settle()
    assert await hall.woken() == []
    assert await hall.why(told_of_it.event_id) == ["no run waits for itself"]


async def test_two_that_wait_for_one_event_are_left_to_the_dispatcher(hall: Hall) -> None:
    for path in ("first", "second"):
        await hall.wait(of_sha("1", path=path))
    await hall.tell("p", subject=Subject(sha="1"))
    assert await undispatched(hall) == ["p"]


async def test_what_a_trigger_asks_for_is_left_to_the_dispatcher(hall: Hall) -> None:
    await hall.wait(of_sha("1"))
    now, ids = hall.inbox.clock.now(), hall.inbox.ids
    given_event = told(hall, "p", "completed", "1", 1, False)  # noqa: FBT003  # as drawn
    incoming = Incoming(event=given_event, identity=None)

    def unit(tx: Transaction) -> tuple[Asked | None, bool]:
        recorded = accept.record(tx, incoming, now=now, ids=ids, short=False)
        asked = asked_for(tx, given_event)
        assert asked is not None
        assert recorded.seq is not None
        both_ask = asked._replace(triggers=True)
        done = at_once.settled(tx, recorded.seq, given_event, both_ask, {}, now=now)
        return asked, done

    asked, done = await hall.inbox.write(unit)
    assert not asked.triggers
    assert len(asked.shapes) == 1
    assert not done
    assert await hall.woken() == []
