"""Which events wake whom: names, keys, threads and conditions; and nobody is woken twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from baton.events import Subject
from baton.status import Status
from coordination import runs, wait_keys, waits
from coordination.accept import Incoming
from coordination.changes import Changes
from coordination.database import Transaction, open_sqlite, update
from coordination.database import events as events_table
from coordination.database import waits as waits_table
from coordination.database import wakeups as wakeups_table
from coordination.store import waits as wait_store
from coordination.wait_keys import text_of
from tests.coordination.hall import COMPILED, Hall, Wanted, inline, of_sha, open_hall
from tests.coordination.inbox import T0, event

_SPOIL = update(events_table)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(inline(tmp_path / "x.db")) as made:
        yield made


async def test_a_condition_over_the_event_and_the_run_decides(hall: Hall) -> None:
    where = "event.result.failed == 0 and event.name == inputs.name"
    wanted = Wanted(where=where, names={"inputs": {"name": "Unit"}})
    early = await hall.tell("t-1", name="Unit", result={"failed": 1})
    await hall.wait(wanted)
    other = await hall.tell("t-2", name="Other", result={"failed": 0})
    told = await hall.tell("t-3", name="Unit", result={"failed": 0})
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]
    assert await hall.why(other) == [f"where is false: {where}"]
    assert await hall.why(early) == []


async def test_the_name_of_a_process_is_known_though_the_event_does_not_say_it(
    hall: Hall,
) -> None:
    await hall.tell("t-1", "started", name="Unit")
    told = await hall.tell("t-1")
    await hall.wait(Wanted(where="event.name == 'Unit'"))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]
    (row,) = [each for each in await hall.inbox.rows(wakeups_table) if each.kind == "event"]
    assert row.payload["event"]["name"] == "Unit"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_condition_that_fails_means_no_and_is_counted(hall: Hall, when: str) -> None:
    wanted = Wanted(where="event.result.failed / event.result.total < 0.5")
    if when == "after":
        await hall.wait(wanted)
    first = await hall.tell("t-1", result={"failed": 0, "total": 0})
    await hall.tell("t-2")
    if when == "before":
        await hall.wait(wanted)
    await hall.settle()
    assert await hall.woken() == []
    (row,) = await hall.inbox.rows(waits_table)
    assert (row.state, row.filter["failed"]) == ("open", 2)
    assert row.filter["why"].startswith("where failed: ")
    if when == "after":
        (why,) = await hall.why(first)
        assert why.startswith("where failed: ")
    told = await hall.tell("t-3", result={"failed": 0, "total": 4})
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("test.completed", 1),
        ("process.completed", 1),
        ("*.completed", 1),
        ("test.*", 1),
        ("test.ended", 1),
        ("*.*", 1),
        ("test.failed", 0),
        ("build.completed", 0),
        ("completed", 0),
        ("webhook", 0),
        ("test.completed.late", 0),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_names_are_matched_looking_back_and_as_events_come(
    hall: Hall, pattern: str, fits: int, when: str
) -> None:
    wanted = of_sha("3f1c", event=pattern)
    if when == "after":
        await hall.wait(wanted)
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    if when == "before":
        await hall.wait(wanted)
    await hall.settle()

    assert len(await hall.woken()) == fits


@pytest.mark.parametrize("pattern", ["github.push", "github.*", "webhook", "*.push"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_events_without_a_status_are_waited_for_by_their_type(
    hall: Hall, pattern: str, when: str
) -> None:
    wanted = Wanted(pattern, ((("data", "forced"), "true"),))
    if when == "after":
        await hall.wait(wanted)
    for type_, forced in (("github.push", False), ("gitXhub.x.y", True), ("github.push", True)):
        await hall.inbox.report(None, type=type_, data={"forced": forced})
    if when == "before":
        await hall.wait(wanted)
    await hall.settle()

    assert len(await hall.woken()) == 1


async def test_a_wait_for_the_thread_of_its_run_hears_of_nothing_else(hall: Hall) -> None:
    await hall.run("run_b")
    for name in ("run_a", "run_b"):
        await hall.wait(Wanted("job.ended", ((("run",), name),)), name)
    told = await hall.tell("j-1", category="job", run_id="run_b")
    await hall.tell("j-2", category="job")
    await hall.settle()

    assert await hall.woken() == [(hall.keys["run_b"], "wait", told)]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_key_that_ties_events_together_can_be_waited_for(hall: Hall, when: str) -> None:
    wanted = Wanted(correlate=((("key",), "corr:ci:order 7"),))
    if when == "after":
        await hall.wait(wanted)
    told = await hall.tell("t-1", correlation_id="order 7")
    await hall.tell("t-2", correlation_id="order 8")
    if when == "before":
        await hall.wait(wanted)
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_a_wait_in_a_thread_that_is_not_there_fails_its_step(hall: Hall) -> None:
    await hall.wait(Wanted(correlate=((("run",), "run_nowhere"),)))
    (row,) = [each for each in await hall.inbox.rows(wakeups_table) if each.kind == "event"]

    assert row.payload["error"]["type"] == "not_found"
    assert await hall.states() == ["refused"]


async def test_no_run_waits_for_itself(hall: Hall) -> None:
    await hall.wait(Wanted("run.*", ((("run",), "run_a"),)))
    key = hall.keys["run_a"]
    await hall.inbox.write(
        lambda tx: runs.report(tx, key, Status.IN_PROGRESS, now=T0, ids=hall.inbox.ids)
    )
    await hall.settle()

    assert await hall.woken() == []


async def test_a_thousand_scanning_waits_of_one_event_type_are_enough(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "MOST_SCANNING", 3)
    for number in range(4):
        await hall.wait(Wanted(where=f"event.result.n > {number}", path=f"w{number}"))
    await hall.wait(Wanted("test.failed", path="other"))
    await hall.wait(of_sha("3f1c", path="keyed"))
    (refused,) = [each for each in await hall.inbox.rows(wakeups_table) if each.kind == "event"]

    assert await hall.states() == ["open", "open", "open", "refused", "open", "open"]
    assert refused.payload["error"]["type"] == "limit"


async def test_an_event_that_could_not_be_taken_at_first_is_not_lost(hall: Hall) -> None:
    """It has its place before the wait, and is taken by the fold only afterwards."""
    told = event(
        "t-1", "completed", ids=hall.inbox.ids, category="test", subject=Subject(sha="3f1c")
    )
    await hall.inbox.take(Incoming(event=told, identity=None))

    def spoil(tx: Transaction) -> None:
        tx.execute(_SPOIL.where(events_table.c.id == told.event_id), effect="stored", applied=False)

    await hall.inbox.write(spoil)
    await hall.wait(of_sha("3f1c"))
    while await hall.dispatcher.look_back():
        pass
    assert await hall.states() == ["open"]
    await hall.settle()
    row = await hall.inbox.event(told.event_id)

    assert (row.applied, len(await hall.woken())) in [(True, 1), (False, 0)]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_the_order_no_wake_up_is_lost_and_none_comes_twice(
    hall: Hall, seed: int
) -> None:
    """Waits open, events come and the Dispatcher works in any order, one piece after the other."""
    chance = Random(seed)  # noqa: S311  # a fixed one
    steps = ["wait"] * 12 + ["event"] * 12 + ["dispatch"] * 6 + ["look"] * 6
    chance.shuffle(steps)
    numbers = {"wait": list(range(12)), "event": list(range(12))}
    for each in numbers.values():
        chance.shuffle(each)
    told: dict[int, str] = {}
    for what in steps:
        if what == "dispatch":
            await hall.dispatcher.dispatch_all()
        elif what == "look":
            await hall.dispatcher.look_back()
        elif what == "wait":
            number = numbers["wait"].pop()
            await hall.wait(of_sha(f"sha {number}", path=f"w{number}"))
        else:
            number = numbers["event"].pop()
            told[number] = await hall.tell(f"t-{number}", subject=Subject(sha=f"sha {number}"))
    await hall.settle()
    key = hall.keys["run_a"]

    expected = [(key, f"w{number}", event_id) for number, event_id in told.items()]
    assert sorted(await hall.woken()) == sorted(expected)


async def test_hundreds_of_waits_and_events_race_on_the_real_writer_and_none_is_lost(
    tmp_path: Path,
) -> None:
    """Everything at once: each pair is a wait and its event, let loose in any order."""
    door = await open_sqlite(tmp_path / "real.db", changes=Changes("race"))
    pairs = 150
    chance = Random(7)  # noqa: S311  # a fixed one
    async with open_hall(door) as hall:
        loop = asyncio.get_running_loop().create_task(hall.dispatcher.run())
        told: dict[int, str] = {}

        async def event_of(number: int) -> None:
            await asyncio.sleep(chance.random() / 50)
            told[number] = await hall.tell(f"t-{number}", subject=Subject(sha=f"sha {number}"))

        async def wait_of(number: int) -> None:
            await asyncio.sleep(chance.random() / 50)
            await hall.wait(of_sha(f"sha {number}", path=f"w{number}"))

        work = [make(number) for number in range(pairs) for make in (event_of, wait_of)]
        chance.shuffle(work)
        async with asyncio.timeout(30):
            await asyncio.gather(*work)
            while len(await hall.woken()) < pairs or await hall.still_looking():
                await asyncio.sleep(0.01)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        key = hall.keys["run_a"]

        expected = [(key, f"w{number}", event_id) for number, event_id in told.items()]
        assert sorted(await hall.woken()) == sorted(expected)


def test_values_that_are_equal_have_one_text() -> None:
    assert [text_of(value) for value in (7, 7.0, "7", -0.0)] == ["7", "7", "7", "0"]
    assert [text_of(value) for value in (True, False, 0.5, None, [], {})] == [
        "true",
        "false",
        "0.5",
        None,
        None,
        None,
    ]


def test_a_long_key_is_found_by_its_digest() -> None:
    shape = wait_keys.shape_of("test.completed", [("message",)])
    held = {"message": "x" * 5_000}
    (key,) = wait_keys.keys_for(shape, {"test.completed"}, held, {})

    assert key == wait_keys.key_of(shape, ["x" * 5_000])
    assert len(key) < 200


async def test_finding_who_waits_takes_an_index_and_not_a_look_at_everybody(hall: Hall) -> None:
    """A hundred thousand runs that wait must not cost anything for each event."""
    session: Any = hall.inbox.door
    for statement, given, index in (
        (wait_store._CANDIDATES, {"wanted": "x"}, "ix_waits_wait_on"),
        (wait_store._DISTINCT, {}, "ix_waits_shape"),
        (wait_store._LOOKING, {"limit": 1}, "ix_waits_state"),
        (wait_store._STANDING, {"run": 1}, "ix_waits_run_key_state"),
    ):
        prepared = COMPILED.prepare(statement, given)
        rows = session._session.read(f"EXPLAIN QUERY PLAN {prepared.sql}", prepared.bind(given))
        steps = [str(row[3]) for row in rows]
        assert any(index in step for step in steps), (index, steps)
        assert not any(step.startswith("SCAN waits") and "INDEX" not in step for step in steps)
