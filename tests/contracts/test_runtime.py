"""What every runtime promises: the sentences of `coordination.ports.Runtime`, and of its runs."""

from datetime import timedelta

import pytest

from baton.connector import ActionContext, Failed, NotStarted, Unknown
from coordination.ports import RunStatus
from tests.workflows.runtimes.bench import (
    Bench,
    Play,
    asks,
    chain,
    does,
    raising,
    sight,
    statuses,
    step,
)
from workflows.core.plan import Retry, Wait
from workflows.runs import UnknownRun

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
        assert (await bench.run()).status == "queued"
        assert bench.effects.log == []
        await bench.until("completed", within=20)
        assert [bench.effects.of(path) for path in ("build", "tell")] == [1, 1]

    play(TWO, story)


def test_a_wakeup_is_found_without_the_hint(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")  # writes a row, and tells nobody
        assert bench.effects.log == []
        await bench.until("completed", within=20)
        assert bench.effects.of("ship") == 1

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
        await bench.start()
        await bench.host.deliver(999)
        await bench.until("completed")
        await bench.rest()
        assert [bench.effects.of(path) for path in ("build", "tell")] == [1, 1]

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

        assert view.error["message"] == "Rejected: nobody decided in time"
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
