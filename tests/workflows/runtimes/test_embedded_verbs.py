"""What survives the end of the program of runs with loops, children, pauses and what is taken back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from baton.connector import Failed
from coordination.children import child_id
from coordination.database import journal, outbox, select, steps
from coordination.database import runs as run_table
from coordination.ports import RunStatus
from tests.workflows.runtimes.bench import (
    Bench,
    Play,
    chain,
    does,
    raising,
    sight,
    statuses,
    step,
)
from workflows import store
from workflows.core.plan import Child, ForEach, Plan, Undo, Wait, WaitFor, WaitForSignal

KID_ID = child_id("run_1", "call", 1)
CALL = step("call", Child("kid", lambda names: {}))
KID = Plan("kid", "Kid", "hash-kid", (step("wait", WaitForSignal("go")),))


def slow(name: str, **how: Any) -> Any:
    return step(name, does("again", takes=30.0), **how)


async def run_row(bench: Bench, run_id: str = "run_1") -> Any:
    wanted = select(run_table).where(run_table.c.id == run_id)
    return await bench.door.read(lambda reader: reader.fetch_one(wanted))


def test_what_runs_in_a_paused_run_runs_again_and_the_run_stays_paused(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        await bench.tell("pause")
        await bench.until("paused")
        bench = await bench.reborn()
        view = await bench.until_step("slow", "completed")
        await bench.rest(600)
        assert (view.status, sight(view, "slow").attempts) == (RunStatus.PAUSED, 2)
        assert bench.effects.of("then") == 0
        await bench.tell("resume")
        await bench.until("completed")
        assert bench.effects.of("then") == 1

    play(chain(slow("slow"), step("then", does("once"))), story)


def test_what_is_being_taken_back_is_taken_back_in_the_next_life(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["verify"] = raising(Failed("down"))
        await bench.start()
        await bench.until_step("one~undo", "running")
        bench = await bench.reborn()
        view = await bench.until("failed")
        assert statuses(view)["one"] == "compensated"
        assert sight(view, "one~undo").attempts == 2

    undo = Undo(does("again", takes=30.0))
    play(chain(step("one", does("once"), undo=undo), step("verify", does("again"))), story)


def test_a_loop_goes_on_in_the_middle(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("fan[2].post", "running")
        bench = await bench.reborn()
        view = await bench.until("completed")
        assert [bench.effects.of(f"fan[{n}].post") for n in range(4)] == [1, 1, 2, 1]
        assert sight(view, "fan").detail == {"items": 4, "done": 4, "failed": 0}

    loop = ForEach(lambda names: [1, 2, 3, 4], (slow("post"),), concurrency=1)
    play(chain(step("fan", loop)), story)


def test_a_parent_waits_for_its_child_over_lives(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(KID)
        await bench.start()
        await bench.until("waiting", KID_ID)
        bench = await bench.reborn()
        assert len(bench.host._lives) == 0
        await bench.tell("signal", KID_ID, name="go")
        await bench.until("completed", KID_ID)
        bench = await bench.reborn()
        view = await bench.until("completed")
        assert (await run_row(bench)).children == {"kid": "hash-kid"}
        assert view.children[0].run_id == KID_ID

    play(chain(CALL, children=("kid",)), story, triggers=())


def test_a_child_whose_start_nobody_heard_of_is_begun_by_the_next_life(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(KID)
        await bench.start()
        publish, bench.changes.publish = bench.changes.publish, lambda changes: None  # type: ignore[method-assign]
        await bench.rest(0)
        while (await run_row(bench, KID_ID)) is None:
            await asyncio.sleep(0)
        assert (await run_row(bench, KID_ID)).status == "queued"
        bench.changes.publish = publish  # type: ignore[method-assign]
        bench = await bench.reborn()
        await bench.until("waiting", KID_ID)

    play(chain(CALL, children=("kid",)), story, triggers=())


def test_children_wait_for_a_place_as_every_run_does(play: Play) -> None:
    settings = {"concurrency": {"key": "all", "limit": 1, "policy": "queue"}}

    async def story(bench: Bench) -> None:
        await bench.publish(KID, settings=settings)
        await bench.start()
        first, second = child_id("run_1", "fan[0].call", 1), child_id("run_1", "fan[1].call", 1)
        await bench.until("waiting", first)
        await bench.rest(600)
        view = await bench.run(second)
        assert (view.status, view.queue) == (RunStatus.QUEUED, "Queued behind R-2, place 1")
        bench = await bench.reborn()
        await bench.rest(600)
        assert (await bench.run(second)).status is RunStatus.QUEUED
        for child in (first, second):
            await bench.until("waiting", child)
            await bench.tell("signal", child, name="go")
            await bench.until("completed", child)
        await bench.until("completed")

    loop = ForEach(lambda names: [1, 2], (CALL,))
    play(chain(step("fan", loop), children=("kid",)), story, triggers=())


def test_a_child_for_which_there_is_no_place_fails_its_step(play: Play) -> None:
    settings = {"concurrency": {"key": "all", "limit": 1, "policy": "skip"}}

    async def story(bench: Bench) -> None:
        await bench.publish(KID, settings=settings)
        await bench.start()
        view = await bench.until("failed")
        assert "R-2 of `kid` goes on" in view.error["message"]
        assert view.error["class"] == "not_started"
        child = await bench.until("cancelled", child_id("run_1", "fan[0].call", 1))
        assert child.note.startswith("R-1")

    loop = ForEach(lambda names: [1, 2], (CALL,))
    play(chain(step("fan", loop), children=("kid",)), story, triggers=())


def test_only_the_steps_that_changed_are_written(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    real = store.write_step

    def count(tx: Any, key: int, record: Any, *, new: bool) -> None:
        written.append(record.path)
        real(tx, key, record, new=new)

    monkeypatch.setattr(store, "write_step", count)

    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        assert len(written) <= 4 * 200

    loop = ForEach(lambda names: list(range(200)), (step("post", does("again")),))
    play(chain(step("fan", loop)), story)


def test_what_a_run_holds_has_a_limit_and_the_step_that_reaches_it_fails(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "limit"
        assert view.error["message"].endswith("the run would hold more than 5,000 bytes")
        assert view.error["path"] in statuses(view)
        assert sum(each == "completed" for each in statuses(view).values()) == 4

    loop = ForEach(
        lambda names: list(range(9)), (step("get", does("again", say="x" * 1000)),), concurrency=1
    )
    play(chain(step("fan", loop)), story, settings={"largest_context": 5000})


def test_the_limit_holds_over_lives(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        bench = await bench.reborn()
        view = await bench.until("failed")
        assert view.error["path"] == "more"

    big = does("again", say="x" * 3000)
    pause = step("pause", Wait(duration=timedelta(minutes=1)))
    plan = chain(step("some", big), pause, step("more", big))
    play(plan, story, settings={"largest_context": 5000})


def test_an_event_and_a_child_that_bring_too_much_fail_their_step(play: Play) -> None:
    big = Plan("kid", "Kid", "hash-kid", (), outputs=(("text", lambda names: "x" * 3000),))

    async def story(bench: Bench) -> None:
        await bench.publish(big)
        await bench.start()
        view = await bench.until_step("call", "failed")
        assert sight(view, "call").error["type"] == "limit"
        await bench.report(
            process_id="t", status="completed", category="test", message="x" * 3000, name="t"
        )
        view = await bench.until("failed")
        assert view.error["path"] == "wait"
        assert view.error["message"].endswith("a step may have 2,000 bytes")

    wait = step("wait", WaitFor("test.completed", lambda names: []))
    call = step("call", CALL.verb, on_error="continue")
    play(
        chain(call, wait, children=("kid",)), story, settings={"largest_output": 2000}, triggers=()
    )


def test_what_could_not_be_taken_back_is_told_in_the_thread(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["verify"] = raising(Failed("down"))
        bench.effects.scripts["one~undo"] = raising(Failed("locked"))
        await bench.start()
        await bench.until("failed")
        wanted = select(outbox).where(outbox.c.kind == "failure")
        told = await bench.door.read(lambda reader: reader.fetch_all(wanted))
        assert [row.body["path"] for row in told] == ["verify", "one~undo"]

    one = step("one", does("once"), undo=Undo(does("once")))
    play(chain(one, step("verify", does("again"))), story)


def test_a_secret_output_inside_a_loop_is_shown_nowhere(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        assert sight(view, "fan[0].make").output == "••••••"
        assert sight(view, "fan").output == "••••••"
        shown = await bench.door.read(lambda reader: reader.fetch_all(select(steps)))
        assert "hidden-key" not in str([row.as_dict() for row in shown])

    make = step("make", does("again", say="hidden-key"), secret_output=True)
    play(chain(step("fan", ForEach(lambda names: [1], (make,)))), story)


def test_a_journal_holds_a_step_of_each_turn_once(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        rows = await bench.door.read(lambda reader: reader.fetch_all(select(journal)))
        done = [row.path for row in rows if row.kind == "StepCompleted"]
        assert sorted(done) == sorted(set(done))
        assert len(done) == 3

    loop = ForEach(lambda names: ["a b", "c", "é"], (step("post", does("once")),), key=_itself)
    play(chain(step("fan", loop)), story)


def _itself(names: Any) -> Any:
    return names["item"]
