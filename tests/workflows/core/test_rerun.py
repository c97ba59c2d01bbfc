"""A failed run tried again: only what failed, and what did not run because of it."""

from datetime import timedelta

import pytest

from tests.workflows.core.story import Story, action, approval, const, line, look, step
from workflows.core.commands import AskApproval, SetTimer
from workflows.core.facts import StepError
from workflows.core.plan import Edge, EvaluationFailed, Wait


def test_what_failed_begins_anew_and_what_completed_does_not() -> None:
    story = Story(*line(step("one"), step("two", action(const(1))), step("three")))
    story.start()
    story.done("one")
    story.fail("two")

    (run,) = story.retry()
    assert (run.path, run.attempt, run.redo, run.params) == ("two", 2, 1, 1)
    assert story.core.status == "running"
    story.done("two")
    story.done("three")
    assert story.core.status == "completed"
    assert {path: state.redo for path, state in story.core.steps.items()} == {
        "one": 0,
        "two": 1,
        "three": 0,
    }


def test_only_a_failed_run_can_be_tried_again() -> None:
    story = Story(step("one"))
    story.start()
    assert story.retry() == []
    story.cancel()

    assert story.retry() == []
    assert story.core.status == "cancelled"


def test_the_named_step_must_be_one_that_ran() -> None:
    story = Story(*line(step("one"), step("two"), step("three")))
    story.start()
    story.done("one")
    story.fail("two")

    assert story.retry("nobody") == []
    assert story.core.status == "failed"
    story.retry("two")
    assert story.running == ["two"]


def test_a_completed_step_may_be_named_and_all_that_depends_on_it_runs_again() -> None:
    one, two, bad = step("one"), step("two", needs="one"), step("bad", needs="two")
    story = Story(one, two, bad, step("other"), step("third", needs="other"))
    story.start()
    for path in ("one", "two", "other", "third"):
        story.done(path)
    story.fail("bad")
    story.retry("one")

    assert story.running == ["one"]
    story.done("one")
    assert story.running == ["two"]
    story.done("two")
    story.done("bad")
    assert story.core.status == "completed"
    redone = {path: state.redo for path, state in story.core.steps.items()}
    assert redone == {"one": 1, "two": 1, "bad": 1, "other": 0, "third": 0}


def test_what_was_cancelled_begins_anew_too() -> None:
    story = Story(step("bad"), step("long"), step("cool", Wait(timedelta(hours=1))))
    story.start()
    story.fail("bad")
    story.retry()

    assert story.running == ["bad", "long"]
    assert [timer.slot for timer in story.of(SetTimer)] == ["wait:cool"]


def test_an_action_cancelled_in_flight_that_must_not_repeat_becomes_unknown() -> None:
    story = Story(step("bad"), step("push", action(const(1), repeatable=False)))
    story.start()
    story.fail("bad")
    story.retry()

    assert story.running == ["bad"]
    assert story.told == [("unknown", "push")]
    assert story.core.status == "unknown"
    (run,) = story.resolve("push", "retry")
    assert (run.path, run.params, run.covered) == ("push", 1, None)


def test_a_branch_not_taken_for_its_own_reasons_stays_so() -> None:
    story = Story(step("a"), step("other", needs="a:failure"), step("bad", needs="a"))
    story.start()
    story.done("a")
    story.fail("bad")
    story.retry()

    assert story.running == ["bad"]
    assert story.stands("other") == "not_taken"


def test_a_tidying_step_that_ran_is_not_run_again() -> None:
    tidy, after = step("tidy", needs="bad:always"), step("after", needs="tidy")
    story = Story(step("bad"), tidy, after)
    story.start()
    story.fail("bad")
    story.done("tidy")
    assert story.stands("after") == "not_taken"
    story.retry()
    assert sorted(story.running) == ["after", "bad"]

    story.done("after")
    story.done("bad")
    assert story.core.status == "completed"


def test_a_failure_that_was_handled_stays_handled() -> None:
    story = Story(*line(step("shaky", on_error="continue"), step("bad")))
    story.start()
    story.fail("shaky")
    story.fail("bad")
    story.retry()

    assert story.running == ["bad"]


def test_a_handler_that_failed_is_taken_up_where_it_stopped() -> None:
    handlers = line(step("cache"), step("log"))
    story = Story(*line(step("fetch", on_error=handlers), step("after")))
    story.start()
    story.fail("fetch")
    story.done("fetch~error.cache")
    story.fail("fetch~error.log")
    assert story.core.status == "failed"
    story.retry()

    assert story.running == ["fetch~error.log"]
    story.done("fetch~error.log")
    assert story.running == ["after"]


def test_a_rejected_approval_is_asked_again() -> None:
    story = Story(*line(step("gate", approval()), step("deploy")))
    story.start()
    first = story.asked
    story.decide("gate", "rejected")
    story.retry()

    assert story.asked.attempt == 2
    assert story.asked.question.digest != first.question.digest
    assert story.running == []
    assert story.decide("gate", digest=first.question.digest) == []
    story.decide("gate")
    assert story.running == ["deploy"]


def test_a_rejected_gate_is_asked_again() -> None:
    story = Story(step("deploy", gate=approval()))
    story.start()
    story.decide("deploy~approval", "rejected")
    story.retry()

    assert (story.asked.path, story.asked.attempt) == ("deploy~approval", 2)
    assert story.running == []
    story.decide("deploy~approval")
    assert story.running == ["deploy"]
    assert story.core.steps["deploy~approval"].redo == 1


@pytest.mark.parametrize("gated", [True, False])
def test_an_approval_is_good_for_one_start(gated: object) -> None:
    deploy = step("deploy", action(repeatable=False), gate=approval() if gated else None)
    story = Story(deploy) if gated else Story(*line(step("gate", approval()), deploy))
    gate = "deploy~approval" if gated else "gate"
    story.start()
    story.decide(gate)
    story.fail("deploy")
    story.retry()

    assert [asked.path for asked in story.of(AskApproval)] == [gate]
    assert story.running == []
    (run,) = story.decide(gate)
    assert (run.redo, run.attempt) == (1, 2)
    assert run.covered is not None


@pytest.mark.parametrize(
    ("repeatable", "class_"), [(True, "failed"), (True, "unknown"), (False, "not_started")]
)
def test_an_approval_stands_for_what_may_repeat_or_never_began(
    repeatable: object, class_: str
) -> None:
    drawn = iter(["shown", "other"])
    deploy = step("deploy", action(lambda _: next(drawn), repeatable=repeatable))
    story = Story(*line(step("gate", approval()), deploy))
    story.start()
    story.decide("gate")
    story.fail("deploy", class_=class_)

    (run,) = story.retry()
    assert (run.path, run.params) == ("deploy", "shown")


def test_an_approval_that_was_used_by_nobody_yet_stands() -> None:
    gate = step("gate", approval(covers=("deploy",)))
    story = Story(gate, step("bad", needs="gate"), step("deploy", needs="bad"))
    story.start()
    story.decide("gate")
    story.fail("bad")
    story.retry()
    assert story.running == ["bad"]
    (run,) = story.done("bad")

    assert run.covered is not None


def test_outputs_that_failed_are_asked_for_again() -> None:
    drawn = iter([False, True])

    def value(_: object) -> str:
        if next(drawn):
            return "there"
        raise EvaluationFailed("not yet")

    story = Story(step("one"), outputs=(("x", value),))
    story.start()
    story.done("one")
    assert story.core.status == "failed"
    (done,) = story.retry()

    assert done.outputs == {"x": "there"}
    assert story.running == []


def test_vars_that_failed_are_asked_for_again() -> None:
    story = Story(step("one", action(look("vars.x"))), vars=(("x", look("inputs.x")),))
    story.start()
    assert story.core.status == "failed"
    story.retry()

    assert story.core.state.error == StepError("expression", "var 'x': inputs.x is missing")
    assert story.running == []


def test_a_run_tried_again_has_its_whole_time_again() -> None:
    story = Story(step("one"), timeout=timedelta(hours=1))
    story.start()
    story.later(hours=1).fire("run")
    story.retry()

    assert story.of(SetTimer) == [SetTimer("run", story.now + timedelta(hours=1))]
    assert story.fire("run") == []
    assert story.core.state.error is None


def test_a_rejected_approval_is_asked_again_about_what_would_run_now() -> None:
    drawn = iter(["old", "new"])
    story = Story(*line(step("gate", approval()), step("deploy", action(lambda _: next(drawn)))))
    story.start()
    story.decide("gate", "rejected")
    story.retry()
    (run,) = story.decide("gate")

    assert run.params == "new"


def test_a_question_withdrawn_by_a_failure_is_asked_again_about_what_would_run_now() -> None:
    drawn = iter(["old", "new"])
    deploy = step("deploy", action(lambda _: next(drawn)), needs="gate")
    story = Story(step("bad"), step("gate", approval()), deploy)
    story.start()
    story.fail("bad")
    story.retry()
    (run,) = story.decide("gate")

    assert run.params == "new"


def test_what_follows_a_handled_step_is_taken_once_its_handler_went_well() -> None:
    """The failure of the handler had told the dependants that they would never run."""
    fetch = step("fetch", on_error=(step("cache"),))
    story = Story(fetch, step("after", needs="fetch"), step("last", needs="after"))
    story.start()
    story.fail("fetch")
    story.fail("fetch~error.cache")
    assert story.statuses["after"] == story.statuses["last"] == "not_taken"
    story.retry()
    story.done("fetch~error.cache")
    story.done("after")

    assert story.running == ["last"]


def test_a_step_that_fails_as_it_is_counted_again_counts_once() -> None:
    """It fails on its `if` edge while the run is being revived; its dependants hear of it once."""
    answers = iter([True, EvaluationFailed("gone")])

    def asked(_: object) -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    joined = step("joined", needs=("b:always", "long:always"))
    story = Story(step("a"), step("b", needs=Edge("a", condition=asked)), step("long"), joined)
    story.start()
    story.done("a")
    story.fail("b")
    assert story.running == ["joined"]
    story.fail("joined")
    story.retry()

    assert (story.stands("b"), story.core.steps["joined"].held) == ("failed", 2)


def test_the_gate_of_a_step_stands_for_the_step() -> None:
    story = Story(step("deploy", gate=approval()))
    story.start()
    story.decide("deploy~approval", "rejected")
    story.retry("deploy~approval")

    assert story.asked.path == "deploy~approval"
