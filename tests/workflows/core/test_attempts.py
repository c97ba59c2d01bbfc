"""Attempts of an action: retried, timed out, lost in a crash, taken up again."""

from datetime import timedelta

import pytest

from tests.workflows.core.story import T0, Story, action, const, line, look, step
from workflows.core.attempts import draw, next_delay
from workflows.core.commands import (
    CancelAction,
    ClearTimer,
    CompleteRun,
    FailRun,
    RunAction,
    SetTimer,
    Tell,
)
from workflows.core.facts import StepCompleted, StepError, StepStarted
from workflows.core.plan import EvaluationFailed, Retry, Wait

TWICE = Retry(attempts=2, delay=timedelta(seconds=10))
ONCE_MORE_AT_ONCE = Retry(attempts=2, delay=timedelta(0))


def test_a_failed_attempt_is_followed_by_another_after_a_while() -> None:
    story = Story(step("one", retry=TWICE))
    story.start()

    told, timer = story.fail("one")
    assert told == Tell("retrying", "one", "one broke")
    assert timer == SetTimer("retry:one", T0 + timedelta(seconds=10))
    assert (story.core.status, story.open) == ("waiting", [("one", "retry")])

    (again,) = story.later(seconds=10).fire("retry:one")
    assert (again.attempt, again.redo) == (2, 0)
    story.fail("one")
    assert story.core.status == "failed"
    assert story.core.steps["one"].attempts == 2


def test_a_retry_without_delay_begins_at_once() -> None:
    story = Story(step("one", retry=ONCE_MORE_AT_ONCE))
    story.start()
    story.fail("one")

    assert story.running == ["one"]
    assert story.of(SetTimer) == []


def test_a_second_attempt_runs_with_the_params_of_the_first() -> None:
    drawn = iter(["first", "second"])
    story = Story(step("one", action(lambda _: next(drawn)), retry=ONCE_MORE_AT_ONCE))
    story.start()
    story.fail("one")

    assert [command.params for command in story.of(RunAction)] == ["first"]


def test_delays_grow_up_to_their_ceiling() -> None:
    retry = Retry(9, timedelta(seconds=1), 3.0, timedelta(seconds=20))
    error = StepError("boom", "")
    delays = [next_delay(retry, n, share=0.5, error=error).total_seconds() for n in (1, 2, 3, 4)]

    assert delays == [1, 3, 9, 20]


def test_chance_takes_at_most_its_share_of_the_delay() -> None:
    retry = Retry(delay=timedelta(seconds=8), jitter=0.5)
    error = StepError("boom", "")

    assert next_delay(retry, 1, share=0.0, error=error) == timedelta(seconds=8)
    assert next_delay(retry, 1, share=0.5, error=error) == timedelta(seconds=6)


def test_chance_belongs_to_the_run_the_step_and_the_attempt() -> None:
    assert draw("seed", "one", 1) == draw("seed", "one", 1)
    others = {draw("seed", "one", 2), draw("seed", "two", 1), draw("other", "one", 1)}
    assert draw("seed", "one", 1) not in others
    assert all(0 <= share < 1 for share in others)


@pytest.mark.parametrize(
    ("after", "delay"),
    [(30.0, 30), (0.0, 0), (-5.0, 0), (float("nan"), 1), (float("inf"), 1), (1e300, 315360000)],
)
def test_what_the_other_side_says_about_retrying_wins(after: float, delay: float) -> None:
    error = StepError("http", "", retry_after=after)

    assert next_delay(Retry(jitter=1.0), 1, share=0.0, error=error).total_seconds() == delay


def test_a_delay_beyond_all_numbers_is_the_ceiling() -> None:
    retry = Retry(backoff=1e300, max_delay=timedelta(minutes=5))
    error = StepError("boom", "")

    assert next_delay(retry, 9, share=0, error=error) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("on", "repeatable", "kind", "class_", "again"),
    [
        (None, True, "boom", "failed", True),
        (None, True, "boom", "unknown", True),
        (None, False, "boom", "not_started", True),
        (None, False, "boom", "failed", False),
        (None, False, "boom", "unknown", False),
        (("failed",), False, "boom", "failed", True),
        (("failed",), True, "boom", "not_started", False),
        (("http", "dns"), True, "dns", "failed", True),
        (("http", "dns"), True, "boom", "failed", False),
    ],
)
def test_retry_looks_at_class_and_type(
    on: object, repeatable: object, kind: str, class_: str, again: object
) -> None:
    retry = Retry(attempts=2, delay=timedelta(0), on=on)
    story = Story(step("one", action(repeatable=repeatable), retry=retry))
    story.start()
    story.fail("one", kind, class_)

    assert (story.running == ["one"]) is again


def test_a_retry_condition_sees_error_and_attempt() -> None:
    def condition(names: object) -> bool:
        return look("error.status")(names) == 503 and look("attempt")(names) < 2

    retry = Retry(attempts=9, delay=timedelta(0), condition=condition)
    story = Story(step("one", retry=retry))
    story.start()

    story.fail("one", status=503)
    assert story.running == ["one"]
    story.fail("one", status=503)
    assert story.running == []
    assert story.core.status == "failed"


def test_a_retry_condition_that_cannot_be_evaluated_fails_the_step() -> None:
    def condition(_: object) -> object:
        raise EvaluationFailed("no such name")

    story = Story(step("one", retry=Retry(attempts=9, condition=condition)))
    story.start()
    story.fail("one")

    error = story.core.steps["one"].error
    assert error.type == "expression"
    assert "one broke" in error.message


def test_an_attempt_that_takes_too_long_is_cancelled_and_fails_with_timeout() -> None:
    limit = timedelta(minutes=5)
    story = Story(step("one", timeout=limit))
    run, timer = story.start()
    assert (run.timeout, timer) == (limit, SetTimer("timeout:one", T0 + limit))

    story.later(minutes=5).fire("timeout:one")

    assert story.of(CancelAction) == [CancelAction("one", 1)]
    (failed,) = story.of(FailRun)
    assert (failed.error.type, failed.error.class_) == ("timeout", "unknown")
    assert story.done("one") == []
    assert story.core.status == "failed"


def test_a_timeout_counts_from_each_attempt_anew() -> None:
    story = Story(step("one", timeout=timedelta(minutes=5), retry=TWICE))
    story.start()
    story.later(minutes=5).fire("timeout:one")
    story.later(seconds=10).fire("retry:one")

    assert story.of(SetTimer) == [SetTimer("timeout:one", T0 + timedelta(minutes=10, seconds=10))]


def test_a_timed_out_step_that_is_not_repeatable_is_not_tried_again() -> None:
    keys = {"timeout": timedelta(minutes=5), "retry": Retry(attempts=3)}
    story = Story(step("one", action(repeatable=False), **keys))
    story.start()
    story.later(minutes=5).fire("timeout:one")

    assert story.core.status == "failed"
    assert story.running == []


def test_a_result_in_time_clears_the_timer() -> None:
    story = Story(step("one", timeout=timedelta(minutes=5)))
    story.start()

    assert story.done("one") == [ClearTimer("timeout:one"), CompleteRun({})]
    assert story.later(minutes=5).fire("timeout:one") == []


def test_the_answer_of_an_older_attempt_changes_nothing() -> None:
    story = Story(step("one", retry=ONCE_MORE_AT_ONCE))
    story.start()
    story.fail("one")

    assert story.done("one", attempt=1) == []
    assert "attempt 1" in story.core.warning
    assert story.stands("one") == "running"


def test_the_same_answer_twice_changes_nothing() -> None:
    story = Story(*line(step("one"), step("two")))
    story.start()
    story.done("one", 1)

    assert story.tell(StepCompleted(T0, "one", 1, 2)) == []
    assert story.core.changed == frozenset()
    assert story.core.steps["one"].output == 1


def test_an_answer_for_a_step_nobody_knows_changes_nothing() -> None:
    story = Story(step("one"))
    story.start()

    assert story.tell(StepCompleted(T0, "nobody", 1, None)) == []
    assert "nobody" in story.core.warning


def test_after_a_crash_a_repeatable_step_runs_again_as_the_next_attempt() -> None:
    story = Story(step("one", action(const({"x": 1})), timeout=timedelta(minutes=5)))
    (first, _) = story.start()

    again, timer = story.later(minutes=1).tell(StepStarted(story.now, "one", 2))

    assert again == RunAction(
        "one", "ops.do", {"x": 1}, 2, 0, repeatable=True, timeout=first.timeout
    )
    assert timer == SetTimer("timeout:one", T0 + timedelta(minutes=6))
    assert story.tell(StepStarted(story.now, "one", 2)) == []
    assert story.done("one", attempt=1) == []


def test_a_crash_uses_up_no_retry() -> None:
    story = Story(step("one", retry=ONCE_MORE_AT_ONCE))
    story.start()
    story.tell(StepStarted(T0, "one", 2))
    story.fail("one")

    assert story.running == ["one"]


def test_a_step_that_is_not_repeatable_is_never_begun_again_by_recovery() -> None:
    story = Story(step("one", action(repeatable=False)))
    story.start()

    assert story.tell(StepStarted(T0, "one", 2)) == []
    assert "not repeatable" in story.core.warning


def test_whether_an_action_is_repeatable_may_depend_on_its_params() -> None:
    def is_get(params: object) -> bool:
        return params == {"method": "GET"}

    steps = (
        step("read", action(const({"method": "GET"}), repeatable=is_get)),
        step("write", action(const({"method": "POST"}), repeatable=is_get)),
    )
    commands = Story(*steps).start()

    assert [command.repeatable for command in commands] == [True, False]


def test_a_lost_step_puts_the_run_to_unknown_and_tells_people() -> None:
    story = Story(*line(step("one", action(repeatable=False)), step("two")))
    story.start()

    assert story.lose("one") == [Tell("unknown", "one", "the server died")]
    assert (story.core.status, story.stands("one")) == ("unknown", "unknown")
    assert story.open == [("one", "unknown")]
    assert story.done("one") == []
    assert story.running == []


def test_a_person_may_say_that_it_was_done() -> None:
    story = Story(*line(step("one", action(repeatable=False)), step("two", action(look("steps")))))
    story.start()
    story.lose("one")
    (run,) = story.resolve("one", "done", {"sha": "c0ffee"})

    assert run.params["one"]["output"] == {"sha": "c0ffee"}
    assert story.core.status == "running"
    assert story.resolve("one", "done") == []


def test_a_person_may_have_it_done_again() -> None:
    story = Story(step("one", action(const({"x": 1}), repeatable=False)))
    story.start()
    story.lose("one")

    (run,) = story.resolve("one", "retry")
    assert (run.attempt, run.redo, run.params) == (2, 1, {"x": 1})


def test_a_person_may_call_it_failed() -> None:
    story = Story(step("one", action(repeatable=False), retry=Retry(attempts=9)))
    story.start()
    story.lose("one")
    story.resolve("one", "fail")

    assert story.core.status == "failed"
    assert "@ada" in story.core.state.error.message


def test_a_step_that_is_not_unknown_cannot_be_resolved() -> None:
    story = Story(step("one"))
    story.start()

    assert story.resolve("one", "done") == []
    assert story.stands("one") == "running"


def test_no_timer_of_an_attempt_outlives_it() -> None:
    keys = {"timeout": timedelta(minutes=5), "retry": TWICE}
    for ends in (Story.fail, Story.lose, Story.done):
        story = Story(step("one", **keys))
        story.start()
        ends(story, "one")

        assert ClearTimer("timeout:one") in story.commands
        assert "timeout:one" not in story.core.state.timers


def test_a_wait_with_a_timeout_ends_with_the_first_of_both() -> None:
    for slot, end in (("wait", "completed"), ("timeout", "failed")):
        story = Story(step("cool", Wait(timedelta(minutes=5)), timeout=timedelta(minutes=5)))
        story.start()
        story.later(minutes=5).fire(f"{slot}:cool")

        assert story.stands("cool") == end
        assert story.core.state.timers == {}
        assert len(story.of(ClearTimer)) == 1
