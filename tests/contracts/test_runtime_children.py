"""What every runtime promises of runs that steps of other runs begin."""

from datetime import timedelta
from typing import Any

from baton.connector import Failed
from coordination.children import child_id
from coordination.database import outbox, processes, related_threads, select, threads
from coordination.outbox import ROOT
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
from workflows.core.plan import Child, Plan, Retry, Step, Wait

KID = child_id("run_1", "call", 1)
GIVEN = {"n": {"type": "integer", "required": True}}


def kid(*steps: Step, name: str = "kid", **how: Any) -> Plan:
    plan = chain(*steps, **how)
    return Plan(name, name.title(), f"hash-{name}", **{**_rest(plan), **how})


def _rest(plan: Plan) -> dict[str, Any]:
    return {"steps": plan.steps}


def calls(workflow: str = "kid", *, detach: bool = False, **inputs: Any) -> Child:
    return Child(workflow, lambda names: dict(inputs), detach)


def parent(*after: Step, children: tuple[str, ...] = ("kid",), **how: Any) -> Plan:
    return chain(step("call", how.pop("verb", calls(n=4)), **how), *after, children=children)


DOUBLE = kid(
    step("work", does("once", say=8)),
    outputs=(("twice", lambda names: names["inputs"]["n"] * 2),),
)
SLOW = kid(step("pause", Wait(duration=timedelta(minutes=10))), step("work", does("once")))


def test_a_child_runs_by_itself_and_its_outputs_are_those_of_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(DOUBLE, **GIVEN)
        await bench.start()
        view = await bench.until("completed")
        child = await bench.run(KID)

        assert sight(view, "call").output == {"twice": 8}
        assert sight(view, "call").detail["child"]["run_id"] == KID
        assert (child.workflow, child.status, child.inputs) == ("kid", "completed", {"n": 4})
        assert child.thread_id == view.thread_id
        assert child.parent.run_id == "run_1"
        assert child.trigger["kind"] == "child"
        assert bench.effects.log[0][:2] == (KID, "work")
        assert bench.effects.of("then") == 1
        rows = await bench.door.read(lambda reader: reader.fetch_all(select(processes)))
        assert {row.process_id: row.status for row in rows} == {
            "run_1": "completed",
            KID: "completed",
        }

    play(parent(step("then", does("once"))), story, triggers=())


def test_a_failed_child_fails_the_step_with_its_name(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["work"] = raising(Failed("no space"))
        await bench.publish(DOUBLE, **GIVEN)
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "child"
        assert view.error["message"] == "R-2 (`kid`) failed at `work`: no space"
        assert statuses(view)["then"] == "not_taken"

    play(parent(step("then", does("once"))), story, triggers=())


def test_each_attempt_of_a_step_begins_a_child_of_its_own(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["work"] = raising(Failed("no space"))
        await bench.publish(DOUBLE, **GIVEN)
        await bench.start()
        await bench.until("failed")
        first, second = await bench.run(KID), await bench.run(child_id("run_1", "call", 2))
        assert (first.status, second.status) == ("failed", "failed")
        assert bench.effects.of("work") == 2

    retry = Retry(attempts=2, on=("child",), delay=timedelta(seconds=5))
    play(parent(retry=retry), story, triggers=())


def test_inputs_that_do_not_fit_begin_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(DOUBLE, **GIVEN)
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "child"
        assert view.error["class"] == "not_started"
        assert "`n` must be a whole number" in view.error["message"]
        assert bench.effects.log == []

    play(parent(verb=calls(n="four")), story, triggers=())


def test_a_workflow_that_is_not_there_fails_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "child"
        assert "no workflow `kid`" in view.error["message"]

    play(parent(), story, triggers=())


def test_a_child_is_of_the_revision_that_was_there_when_its_parent_began(play: Play) -> None:
    newer = Plan("kid", "Kid", "hash-newer", (step("other", does("once")),))

    async def story(bench: Bench) -> None:
        await bench.publish(DOUBLE, **GIVEN)
        await bench.start()
        await bench.until("waiting")
        await bench.publish(newer, **GIVEN)
        view = await bench.until("completed")
        assert (await bench.run(child_id("run_1", "call", 1))).revision == "hash-kid"
        assert sight(view, "call").output == {"twice": 8}
        assert bench.effects.of("other") == 0

    pause = step("pause", Wait(duration=timedelta(minutes=10)))
    play(chain(pause, step("call", calls(n=4)), children=("kid",)), story, triggers=())


def test_nobody_waits_for_a_child_that_is_detached_and_it_outlives_its_parent(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(SLOW)
        await bench.start()
        view = await bench.until("completed", within=5)
        assert sight(view, "call").output == {"run_id": KID, "url": "http://baton/r/R-2"}
        assert (await bench.run(KID)).status is RunStatus.WAITING
        await bench.until("completed", KID)
        await bench.rest()
        assert bench.effects.of("work") == 1
        assert (await bench.run()).updated_at == view.updated_at

    verb = calls(detach=True)
    how = {"settings": {"public_url": "http://baton"}, "triggers": ()}
    play(parent(verb=verb), story, **how)


def test_a_cancelled_parent_cancels_its_child(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(SLOW)
        await bench.start()
        await bench.until("waiting", KID)
        await bench.tell("cancel", reason="enough", mode="now")
        await bench.until("cancelled")
        child = await bench.until("cancelled", KID)
        await bench.rest(3600)
        assert "R-1" in child.note
        assert bench.effects.log == []

    play(parent(verb=calls()), story, triggers=())


def test_a_cancelled_child_fails_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(SLOW)
        await bench.start()
        await bench.until("waiting", KID)
        await bench.tell("cancel", KID, reason="not today")
        view = await bench.until("failed")
        assert view.error["message"] == "R-2 (`kid`) was cancelled: not today"

    play(parent(verb=calls()), story, triggers=())


def test_a_child_that_calls_itself_for_ever_ends_at_the_sixteenth(play: Play) -> None:
    async def story(bench: Bench) -> None:
        again = Plan("kid", "Kid", "hash-kid", (step("call", calls()),), children=("kid",))
        await bench.publish(again)
        await bench.start()
        view = await bench.until("failed")
        rows = await bench.door.read(lambda reader: reader.fetch_all(select(processes)))

        assert len(rows) == 17
        assert "more than 16 runs" in view.error["message"]

    play(parent(verb=calls()), story, triggers=())


def test_a_child_has_a_thread_of_its_own_where_its_settings_name_a_channel(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(
            DOUBLE, settings={"channel": "#{{ workflow.name }}-{{ inputs.n }}"}, **GIVEN
        )
        await bench.start()
        view = await bench.until("completed")
        child = await bench.run(KID)

        assert child.thread_id != view.thread_id
        rows = await bench.door.read(lambda reader: reader.fetch_all(select(threads)))
        assert [(row.id, row.channel) for row in rows] == [
            (view.thread_id, "#releases"),
            (child.thread_id, "#kid-4"),
        ]
        linked = await bench.door.read(lambda reader: reader.fetch_all(select(related_threads)))
        assert len(linked) >= 1
        shown = await bench.door.read(lambda reader: reader.fetch_all(select(outbox)))
        assert {row.thread_key for row in shown if row.slot == ROOT} == {row.key for row in rows}

    play(parent(), story, triggers=())


def test_a_child_whose_channel_is_that_of_its_parent_stays_in_its_thread(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.publish(DOUBLE, settings={"channel": "#releases"}, **GIVEN)
        await bench.start()
        view = await bench.until("completed")
        assert (await bench.run(KID)).thread_id == view.thread_id

    play(parent(), story, triggers=())
