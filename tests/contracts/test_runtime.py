"""What every runtime promises: the sentences of `coordination.ports.Runtime`, and of the host."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.connector import ActionContext, Failed, NotStarted, Result, Unknown
from coordination.database import outbox, select
from coordination.database import processes as process_table
from coordination.ports import RunStatus
from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import (
    SECRETS,
    Bench,
    asks,
    chain,
    does,
    raising,
    sight,
    statuses,
    step,
)
from workflows.actions.notices import Post, Report
from workflows.core.plan import Edge, Fail, Plan, Retry, SetVars, Step, Wait
from workflows.runs import UnknownRun
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host
from workflows.runtimes.memory import memory_runtime

Story = Callable[[Bench], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture(params=[embedded_runtime, memory_runtime], ids=["embedded", "memory"])
def make(request: pytest.FixtureRequest) -> Callable[..., Host]:
    return request.param


@pytest.fixture
def play(make: Callable[..., Host], tmp_path: Path) -> Play:
    """Play a story on a runtime of each kind; no task of ours may have failed in it."""

    def run(plan: Plan, story: Story, **how: Any) -> None:
        bench = Bench(tmp_path / "baton.db", plan, make, **how)

        async def main() -> None:
            await bench.begin()
            await story(bench)
            assert bench.world.tasks.failures == []
            await bench.host.stop()

        simulate(main)

    return run


TWO = chain(step("build", does("again", say=1)), step("tell", does("again", say=2)))


def test_the_same_body_gives_the_same_revision_and_no_second_one(play: Play) -> None:
    async def story(bench: Bench) -> None:
        first = await bench.host.publish_definition(bench.definition(), by="UADA")
        again = await bench.host.publish_definition(bench.definition(), by="UGRACE")
        other = await bench.host.publish_definition(bench.definition(hash="hash-two"), by="UADA")

        assert first == again
        assert (first.number, other.number) == (1, 2)

    play(TWO, story)


def test_a_start_begins_the_queued_run(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")

        assert statuses(view) == {"build": "completed", "tell": "completed"}
        assert [path for _, path, _ in bench.effects.log] == ["build", "tell"]
        assert (view.started_by, view.workflow, view.label) == ("UADA", "demo", "R-1")

    play(TWO, story)


def test_a_start_of_a_run_that_has_begun_does_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.host.start("run_1")
        await bench.until("completed")
        await bench.host.start("run_1")
        await bench.rest()

        assert bench.effects.of("build") == 1
        assert bench.effects.of("tell") == 1

    play(TWO, story)


def test_a_start_of_no_run_does_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.host.start("run_nowhere")
        await bench.rest()
        assert bench.effects.log == []

    play(TWO, story)


def test_a_queued_run_is_found_without_the_hint(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(hint=False)
        await bench.until("completed", within=20)

    play(TWO, story)


def test_a_wakeup_is_found_without_the_hint(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")  # writes a row, and tells nobody
        await bench.until("completed", within=20)

    play(chain(step("gate", asks("ship")), step("ship", does("once"))), story)


def test_a_wakeup_counts_once_however_often_it_is_delivered(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")
        for _ in range(5):
            await bench.host.deliver(1)
        await bench.until("completed")
        await bench.host.deliver(1)
        await bench.rest()

        assert bench.effects.of("ship") == 1

    play(chain(step("gate", asks("ship")), step("ship", does("once"))), story)


def test_a_wakeup_that_does_not_exist_is_no_error(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.host.deliver(999)

    play(TWO, story)


def test_a_run_that_is_not_there_cannot_be_described(play: Play) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(UnknownRun, match="There is no run 'run_nowhere'"):
            await bench.run("run_nowhere")

    play(TWO, story)


def test_a_rejected_run_ends_so_and_what_was_asked_about_is_not_taken(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("reject", comment="the freeze ends on Monday")
        view = await bench.until("failed")

        assert view.error["type"] == "rejected"
        assert "the freeze ends on Monday" in view.error["message"]
        assert statuses(view) == {"gate": "failed", "ship": "not_taken"}
        assert bench.effects.log == []

    play(chain(step("gate", asks("ship")), step("ship", does("once"))), story)


def test_a_question_that_nobody_answers_is_answered_by_the_clock(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.rest(3590)
        assert (await bench.run()).status is RunStatus.WAITING
        view = await bench.until("failed", within=30)

        assert view.error["message"] == "Rejected by timer"
        assert bench.effects.log == []

    gate = asks("ship", timeout=timedelta(hours=1))
    play(chain(step("gate", gate), step("ship", does("once"))), story)


def test_a_failed_step_fails_the_run_and_a_retry_goes_on_from_there(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["tell"] = raising(Failed("no such channel", type="slack"))
        await bench.start()
        view = await bench.until("failed")
        assert view.error == {
            "type": "slack",
            "message": "no such channel",
            "class": "failed",
            "path": "tell",
        }
        del bench.effects.scripts["tell"]
        await bench.order("retry")
        view = await bench.until("completed")

        assert (sight(view, "tell").redo, sight(view, "build").redo) == (1, 0)
        assert bench.effects.of("build") == 1
        assert view.error is None

    play(TWO, story)


def test_attempts_share_a_key_until_a_person_reruns_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["only"] = raising(Failed("no"))
        await bench.start()
        await bench.until("failed")
        assert bench.effects.of("only") == 3
        assert len(bench.effects.keys("only")) == 1
        await bench.order("retry")
        await bench.until("waiting")
        await bench.until("failed")

        assert bench.effects.of("only") == 6
        assert len(bench.effects.keys("only")) == 2

    retry = Retry(attempts=3, delay=timedelta(seconds=10))
    play(chain(step("only", does("again"), retry=retry)), story)


def test_a_retry_waits_as_long_as_it_says(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["only"] = raising(NotStarted("no such host"))
        await bench.start()
        await bench.rest(9.5)
        assert bench.effects.of("only") == 1
        await bench.rest(1)
        assert bench.effects.of("only") == 2
        view = await bench.run()
        assert sight(view, "only").status == "waiting"
        assert sight(view, "only").due_at > view.started_at

    retry = Retry(attempts=3, delay=timedelta(seconds=10))
    play(chain(step("only", does("once"), retry=retry)), story)


def test_a_timer_wakes_the_run_at_its_time(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.rest(599)
        assert bench.effects.log == []
        await bench.rest(2)
        assert bench.effects.of("then") == 1
        assert (await bench.run()).status is RunStatus.COMPLETED

    pause = step("pause", Wait(duration=timedelta(minutes=10)))
    play(chain(pause, step("then", does("once"))), story)


def test_an_attempt_that_takes_too_long_is_stopped_and_fails(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed", within=30)
        await bench.rest(600)

        assert view.error["type"] == "timeout"
        assert bench.effects.of("slow") == 1
        assert (await bench.run()).status is RunStatus.FAILED

    slow = step("slow", does("once", takes=300.0), timeout=timedelta(seconds=20))
    play(chain(slow), story)


def test_a_cancelled_run_stops_what_is_in_flight_and_starts_nothing_more(play: Play) -> None:
    async def story(bench: Bench) -> None:
        cancelled = []

        async def watch(ctx: ActionContext) -> None:
            try:
                await ctx.cancelled.wait()
            finally:
                cancelled.append(ctx.cancelled.is_set())

        bench.effects.scripts["slow"] = watch
        await bench.start()
        await bench.until_step("slow", "running")
        await bench.order("cancel", reason="wrong branch")
        view = await bench.until("cancelled")
        await bench.rest(600)

        assert cancelled == [True]
        assert statuses(view) == {"slow": "cancelled", "then": "not_taken"}
        assert bench.effects.of("then") == 0
        assert view.note == "wrong branch"

    play(chain(step("slow", does("once")), step("then", does("once"))), story)


def test_a_run_that_is_cancelled_before_it_begins_never_begins(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(hint=False)
        await bench.order("cancel", reason="changed my mind")
        view = await bench.until("cancelled")

        assert bench.effects.log == []
        assert view.started_at is None

    play(TWO, story)


def test_an_effect_that_nobody_can_prove_is_asked_about(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["ship"] = raising(Unknown("the connection was lost"))
        await bench.start()
        view = await bench.until("unknown")
        assert sight(view, "ship").status == "unknown"
        await bench.rest(3600)
        assert bench.effects.of("ship") == 1
        await bench.order("resolve", path="ship", outcome="done", output={"by": "hand"})
        view = await bench.until("completed")

        assert sight(view, "ship").output == {"by": "hand"}
        assert bench.effects.of("ship") == 1

    play(chain(step("ship", does("once")), step("then", does("again"))), story)


def test_a_person_can_have_an_unknown_step_tried_again(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["ship"] = raising(Unknown("the connection was lost"))
        await bench.start()
        await bench.until("unknown")
        del bench.effects.scripts["ship"]
        await bench.order("resolve", path="ship", outcome="retry")
        await bench.until("completed")

        assert bench.effects.of("ship") == 2
        assert len(bench.effects.keys("ship")) == 2

    play(chain(step("ship", does("once"))), story)


def test_an_error_in_an_action_is_the_failure_of_its_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["only"] = raising(KeyError("oops"))
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "error"
        assert view.error["message"] == "KeyError: 'oops'"

    play(chain(step("only", does("again"))), story)


def test_an_output_that_is_too_large_fails_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "limit"

    play(
        chain(step("only", does("again", say="x" * 2000))), story, settings={"largest_output": 999}
    )


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_an_output_that_is_no_json_fails_the_step(play: Play, value: Any) -> None:
    async def story(bench: Bench) -> None:
        async def odd(ctx: ActionContext) -> Any:
            return {"value": value}

        bench.effects.scripts["only"] = odd
        await bench.start()
        assert (await bench.until("failed")).error["type"] == "output"

    play(chain(step("only", does("again"))), story)


def test_a_secret_is_text_for_the_action_and_a_name_for_everybody_else(play: Play) -> None:
    canary = SECRETS["TOKEN"]
    handle = {"$text": ["Bearer ", {"$secret": "TOKEN"}]}

    async def story(bench: Bench) -> None:
        async def echo(ctx: ActionContext) -> Any:
            return {"echo": f"you said {ctx.secrets['TOKEN']}", ctx.secrets["TOKEN"]: 1}

        bench.effects.scripts["call"] = echo
        await bench.start()
        view = await bench.until("completed")

        assert bench.effects.said == [f"Bearer {canary}"]
        call = sight(view, "call")
        assert call.input == {"say": "Bearer [secret TOKEN]"}
        assert call.output == {"echo": "you said [secret TOKEN]", "[secret TOKEN]": 1}
        assert canary.encode() not in bench.path.read_bytes()

    play(chain(step("call", does("again", say=handle))), story)


def test_a_secret_that_is_not_there_starts_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "secret"
        assert bench.effects.log == []

    play(chain(step("call", does("once", say={"$secret": "OTHER"}))), story)


def test_a_secret_output_is_used_inside_the_run_and_shown_nowhere(play: Play) -> None:
    def pass_on(names: Any) -> Any:
        return {"say": f"use {names['steps']['make']['output']['key']}"}

    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")

        assert bench.effects.said[1] == "use hidden-key"
        assert sight(view, "make").output == "••••••"
        assert sight(view, "use").input == {"say": "use ••••••"}
        assert sight(view, "use").output == "use ••••••"

    use = does("again")
    make_key = step("make", does("again", say={"key": "hidden-key"}), secret_output=True)
    using = type(use)(use.name, pass_on, use.repeatable)
    play(chain(make_key, step("use", using)), story)


def test_what_an_action_posts_is_stored_with_its_result_and_escaped(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def post(ctx: ActionContext) -> Any:
            return Result(None, (Post("nt_1", "<@UADA> & <!channel>"), Post("nt_2", "x", "#ops")))

        bench.effects.scripts["say"] = post
        await bench.start()
        await bench.until("completed")
        said = await notices(bench, "reply")

        assert said == [
            ("nt_1", {"text": "<@UADA> &amp; &lt;!channel&gt;"}),
            ("nt_2", {"text": "x", "channel": "#ops"}),
        ]

    play(chain(step("say", does("again"))), story)


def test_what_a_run_reports_is_a_process_in_its_own_thread(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def report(ctx: ActionContext) -> Any:
            body = {"id": "k", "process_id": "notes", "status": "completed", "message": "done"}
            return Result(None, (Report(body),))

        bench.effects.scripts["say"] = report
        await bench.start()
        view = await bench.until("completed")
        found = await processes(bench)

        assert found["run_1/notes"][0] == "completed"
        assert found["run_1/notes"][1] == found["run_1"][1]
        assert found["run_1"][0] == "completed"
        assert view.status is RunStatus.COMPLETED

    play(chain(step("say", does("again"))), story)


def test_a_failure_and_an_unknown_step_are_told_once_each(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["ship"] = raising(Unknown("lost"))
        await bench.start()
        await bench.until("unknown")
        (told,) = await notices(bench, "unknown")
        assert told[1] == {"run_id": "run_1", "path": "ship", "attempt": 1}
        await bench.order("resolve", path="ship", outcome="fail")
        await bench.until("failed")
        (failure,) = await notices(bench, "failure")
        assert failure[1] == {"run_id": "run_1", "path": "ship"}

    play(chain(step("ship", does("once"))), story)


def test_no_more_actions_than_allowed_are_performed_at_once(play: Play) -> None:
    steps = tuple(Step(f"s{n}", f"S{n}", does("again", takes=1.0)) for n in range(7))

    async def story(bench: Bench) -> None:
        now, most = 0, 0

        async def count(ctx: ActionContext) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await bench.rest(1)
            now -= 1

        bench.effects.scripts = {each.id: count for each in steps}
        await bench.start()
        await bench.until("completed")
        assert most == 3

    play(Plan("demo", "Demo", "hash-demo", steps), story, settings={"actions_at_once": 3})


def test_an_approved_action_does_not_start_for_approvers_who_lost_the_right(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")
        await bench.until_step("pause", "waiting")
        await bench.dismiss("UGRACE")
        view = await bench.until("failed")

        assert view.error["type"] == "not_approved"
        assert "may not any more" in view.error["message"]
        assert bench.effects.log == []

    pause = Step("pause", "Pause", Wait(duration=timedelta(minutes=10)), needs=(Edge("gate"),))
    ship = Step("ship", "Ship", does("once"), needs=(Edge("pause"),))
    play(Plan("demo", "Demo", "hash-demo", (step("gate", asks("ship")), pause, ship)), story)


def test_steps_without_actions_are_shown_too(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert [(each.path, each.kind, each.status) for each in view.steps] == [
            ("note", "set", "completed"),
            ("end", "fail", "failed"),
        ]
        assert view.error["message"] == "it was 2"

    steps = (
        step("note", SetVars((("n", lambda names: 2),))),
        step("end", Fail(lambda names: f"it was {names['vars']['n']}")),
    )
    play(chain(*steps, vars=(("n", lambda names: 1),)), story)


def test_a_gate_before_a_step_is_an_approval_of_its_own(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("waiting")
        assert sight(view, "ship~approval").kind == "approval"
        assert bench.effects.log == []
        await bench.decide("approve")
        await bench.until("completed")
        assert bench.effects.of("ship") == 1

    play(chain(step("ship", does("once"), gate=asks("ship"))), story)


async def notices(bench: Bench, kind: str) -> list[tuple[str, Any]]:
    rows = await bench.door.read(
        lambda reader: reader.fetch_all(select(outbox).where(outbox.c.kind == kind))
    )
    return [(row.id, row.body) for row in rows]


async def processes(bench: Bench) -> dict[str, tuple[str, int]]:
    rows = await bench.door.read(lambda reader: reader.fetch_all(select(process_table)))
    return {row.process_id: (row.status, row.thread_key) for row in rows}
