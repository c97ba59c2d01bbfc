"""Waits for events: whatever comes before, during or after, each wait is answered exactly once."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from baton.events import Subject
from baton.status import Status
from coordination import runs, wait_keys, waits
from coordination.accept import Incoming
from coordination.database import Transaction, definitions, insert, update
from coordination.database import events as events_table
from coordination.database import waits as waits_table
from coordination.database import wakeups as wakeups_table
from coordination.database.statements import Statements
from coordination.dispatcher import Dispatcher
from coordination.runs import NewRun
from coordination.wait_keys import text_of
from tests.coordination.inbox import T0, Inbox, event, open_inbox
from tests.coordination.test_dispatcher import AnyInputs, Hints
from workflows.language.expressions import Evaluator

COMPILED = Statements()  # compiling is most of the work
_DEFINITION = insert(definitions)
_SPOIL = update(events_table)


@dataclass(frozen=True)
class Wanted:
    """What a step waits for."""

    event: str = "test.completed"
    correlate: tuple[tuple[tuple[str, ...], str], ...] = ()
    where: str | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    since: str = "start"
    path: str = "wait"
    attempt: int = 1
    expires_at: datetime | None = None


def of_sha(sha: str, **more: Any) -> Wanted:
    return Wanted(correlate=((("subject", "sha"), sha),), **more)


@dataclass
class Hall:
    """An inbox with runs that wait, and the Dispatcher that wakes them."""

    inbox: Inbox
    dispatcher: Dispatcher
    keys: dict[str, int] = field(default_factory=dict)

    async def run(self, name: str = "run_a") -> int:
        new = NewRun(
            id=name,
            workflow="demo",
            hash="h",
            inputs={},
            trigger={"kind": "manual"},
            started_by="UADA",
            requested_by=None,
        )
        now, ids = self.inbox.clock.now(), self.inbox.ids
        self.keys[name] = await self.inbox.write(lambda tx: runs.start(tx, new, now=now, ids=ids))
        return self.keys[name]

    async def wait(self, wanted: Wanted, run: str = "run_a") -> None:
        key, now, ids = self.keys[run], self.inbox.clock.now(), self.inbox.ids
        await self.inbox.write(lambda tx: waits.open(tx, wanted, run_key=key, now=now, ids=ids))

    async def tell(self, process: str, status: str = "completed", **more: Any) -> str:
        more = {"category": "test"} | more
        return (await self.inbox.report(process, status, **more)).event_id

    async def settle(self) -> None:
        """Do all that the Dispatcher would."""
        more = True
        while more:
            more = bool(await self.dispatcher.dispatch_all()) | await self.dispatcher.look_back()

    async def woken(self) -> list[tuple[int, str, str]]:
        """Who was woken, with the path and the event."""
        return [
            (row.run_key, row.payload["path"], row.payload["event"]["event_id"])
            for row in await self.inbox.rows(wakeups_table)
            if row.kind == "event"
        ]

    async def states(self) -> list[str]:
        return [row.state for row in await self.inbox.rows(waits_table)]

    async def why(self, event_id: str) -> list[str]:
        row = await self.inbox.event(event_id)
        return [line["outcome"] for line in (row.explain or {}).get("waits", ())]


def dispatcher(inbox: Inbox) -> Dispatcher:
    return Dispatcher(
        inbox.door,
        inbox.world,
        expressions=Evaluator(),
        inputs=AnyInputs(),
        runtime=Hints(),  # type: ignore[arg-type]  # a Dispatcher only starts
    )


def _demo(tx: Transaction) -> None:
    made = {"published_at": T0, "published_by": "baton", "revision": 1, "source": ""}
    tx.execute(_DEFINITION, hash="h", name="demo", title="Demo", description="", body={}, **made)


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    inbox = open_inbox(tmp_path / "x.db")
    inbox.door._statements = inbox.door._session._statements = COMPILED
    made = Hall(inbox, dispatcher(inbox))
    await inbox.write(_demo)
    await made.run()
    yield made
    await inbox.door.close()


async def test_an_event_that_comes_later_wakes_the_wait(hall: Hall) -> None:
    await hall.wait(of_sha("3f1c"))
    await hall.settle()
    assert await hall.woken() == []
    other = await hall.tell("t-0", subject=Subject(sha="9999"))
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    again = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert await hall.woken() == [(hall.keys["run_a"], "wait", told)]
    assert await hall.states() == ["answered"]
    assert await hall.why(told) == ["woken"]
    assert await hall.why(other) == []
    assert await hall.why(again) == ["waits no more"]


async def test_an_event_that_came_before_is_found_by_looking_back_and_the_oldest_first(
    hall: Hall,
) -> None:
    first = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()  # dispatched long before anybody waits
    await hall.wait(of_sha("3f1c"))
    await hall.tell("t-3", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [first]


async def test_what_came_before_the_run_does_not_count(tmp_path: Path, hall: Hall) -> None:
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.run("run_b")
    await hall.wait(of_sha("3f1c"), "run_b")
    await hall.settle()

    assert await hall.woken() == []
    assert await hall.states() == ["open"]


async def test_since_now_looks_at_nothing_that_was_there(hall: Hall) -> None:
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c", since="now"))
    await hall.settle()
    assert await hall.woken() == []
    told = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_an_event_that_comes_while_the_wait_looks_back_waits_for_its_turn(
    hall: Hall,
) -> None:
    older = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c"))
    newer = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.dispatcher.dispatch_all()
    assert await hall.woken() == []
    assert await hall.why(newer) == ["woken, unless an older event fits"]
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [older]


async def test_an_event_that_came_meanwhile_is_taken_where_no_older_one_fits(hall: Hall) -> None:
    await hall.tell("t-0", subject=Subject(sha="other"))
    await hall.wait(of_sha("3f1c"))
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.dispatcher.dispatch_all()
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_duplicates_late_events_and_old_ones_wake_nobody(hall: Hall) -> None:
    await hall.wait(Wanted("process.started", since="now"))
    await hall.tell("t-1", sequence=2)
    await hall.tell("t-1", "started", sequence=1)  # late
    await hall.tell("t-2", "started", received_at=T0 + timedelta(days=40))  # of another age
    await hall.settle()
    assert await hall.woken() == []
    told = await hall.tell("t-3", "started", id="once")
    await hall.tell("t-3", "started", id="once")
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_two_steps_of_a_run_may_each_get_the_same_event(hall: Hall) -> None:
    await hall.wait(of_sha("3f1c", path="one"))
    await hall.wait(of_sha("3f1c", path="two"))
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert sorted(await hall.woken()) == [
        (hall.keys["run_a"], "one", told),
        (hall.keys["run_a"], "two", told),
    ]


async def test_one_step_gets_an_event_once_however_often_it_waits(hall: Hall) -> None:
    first = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    second = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    for attempt in (1, 2, 3):
        await hall.wait(of_sha("3f1c", attempt=attempt))
        await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [first, second]
    assert await hall.states() == ["answered", "answered", "open"]


async def test_an_event_of_which_the_run_never_heard_is_there_for_the_next_wait(
    hall: Hall,
) -> None:
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c"))
    await hall.settle()
    key = hall.keys["run_a"]
    await hall.inbox.write(lambda tx: waits.close(tx, run_key=key, path="wait", attempt=1))
    assert await hall.woken() == []
    await hall.wait(of_sha("3f1c", attempt=2))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_a_closed_wait_is_not_woken(hall: Hall) -> None:
    await hall.wait(of_sha("3f1c"))
    key = hall.keys["run_a"]
    await hall.inbox.write(lambda tx: waits.close(tx, run_key=key, path="wait", attempt=7))
    assert await hall.states() == ["open"]  # it was another attempt
    await hall.inbox.write(lambda tx: waits.close(tx, run_key=key, path="wait", attempt=1))
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert await hall.woken() == []
    assert await hall.states() == ["closed"]


async def test_of_the_clock_and_an_event_the_first_commit_wins(hall: Hall) -> None:
    key = hall.keys["run_a"]
    await hall.wait(of_sha("3f1c", path="one"))
    await hall.wait(of_sha("9999", path="two"))
    assert await hall.inbox.write(lambda tx: waits.expire(tx, run_key=key, path="one")) is True
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    told = await hall.tell("t-2", subject=Subject(sha="9999"))
    await hall.settle()

    assert await hall.woken() == [(key, "two", told)]
    assert await hall.inbox.write(lambda tx: waits.expire(tx, run_key=key, path="two")) is False
    assert await hall.states() == ["expired", "answered"]


async def test_the_clock_waits_until_a_wait_has_looked_back(hall: Hall) -> None:
    key = hall.keys["run_a"]
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c"))
    assert await hall.inbox.write(lambda tx: waits.expire(tx, run_key=key, path="wait")) is None
    await hall.settle()

    assert await hall.woken() == [(key, "wait", told)]


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
