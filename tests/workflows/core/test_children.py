"""Child runs, and signals: what comes from other runs and from people."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.core.story import T0, Story, action, const, line, look, step
from workflows.core.commands import CancelChild, ClearTimer, OpenWait, SetTimer, StartChild
from workflows.core.facts import ChildCompleted, ChildFailed, SignalReceived, StepError
from workflows.core.plan import Child, ForEach, Retry, WaitForSignal


def child(inputs: Any = None, **keys: Any) -> Child:
    return Child(keys.pop("workflow", "lint"), inputs or const({"path": "src"}), **keys)


def asks(name: str = "go", **keys: Any) -> WaitForSignal:
    return WaitForSignal(name, **keys)


def test_a_child_runs_in_the_revision_that_was_pinned_and_is_waited_for() -> None:
    story = Story(*line(step("lint", child()), step("end", action(look("steps.lint.output.n")))))
    story.start()
    assert story.of(StartChild) == [
        StartChild("lint", 1, "lint", "rev_lint", {"path": "src"}, detach=False)
    ]
    assert story.open == [("lint", "child")]
    assert story.core.status == "waiting"
    (run,) = story.child_done("lint", {"n": 3})

    assert run.params == 3


def test_a_detached_child_completes_the_step_with_where_it_is_and_outlives_its_parent() -> None:
    story = Story(*line(step("lint", child(detach=True)), step("end")))
    story.start()
    assert story.of(StartChild)[0].detach
    story.child_done("lint", {"run_id": "run_2", "url": "u"})
    story.cancel()

    assert story.of(CancelChild) == []
    assert story.core.steps["lint"].output == {"run_id": "run_2", "url": "u"}


def test_a_workflow_that_was_not_there_when_the_run_began_fails_the_step() -> None:
    story = Story(step("build", child(workflow="build")))
    story.start()

    assert story.of(StartChild) == []
    error = story.core.state.error
    assert (error.type, error.class_) == ("child", "not_started")
    assert "`build`" in error.message


def test_the_failure_of_a_child_is_a_failure_of_the_step() -> None:
    story = Story(step("lint", child(), on_error=(step("tell"),)))
    story.start()
    story.child_failed("lint")

    assert story.core.steps["lint"].error.message == "the child failed"
    assert story.running == ["lint~error.tell"]


def test_a_child_may_be_tried_again_as_another_child() -> None:
    story = Story(step("lint", child(), retry=Retry(2, timedelta(seconds=5), on=("failed",))))
    story.start()
    story.child_failed("lint")
    assert story.open == [("lint", "retry")]
    story.later(seconds=5).fire("retry:lint")

    assert [(one.attempt, one.inputs) for one in story.of(StartChild)] == [(2, {"path": "src"})]


def test_only_a_child_that_never_began_is_tried_again_by_default() -> None:
    story = Story(step("lint", child(), retry=Retry(3, timedelta(0))))
    story.start()
    story.child_failed("lint", "not_started")
    assert [one.attempt for one in story.of(StartChild)] == [2]
    story.child_failed("lint")

    assert story.of(StartChild) == []
    assert story.core.status == "failed"


def test_a_child_that_takes_too_long_is_cancelled() -> None:
    story = Story(step("lint", child(), timeout=timedelta(minutes=1)))
    story.start()
    story.later(minutes=1).fire("timeout:lint")

    assert story.of(CancelChild) == [CancelChild("lint", 1, "compensate")]
    assert story.core.state.error.type == "timeout"


@pytest.mark.parametrize("mode", ["now", "compensate"])
def test_a_child_is_ended_as_its_parent_is(mode: str) -> None:
    story = Story(step("fan", ForEach(const([1]), (step("lint", child()),))))
    story.start()
    story.cancel(mode)

    assert story.of(CancelChild) == [CancelChild("fan[0].lint", 1, mode)]
    assert story.core.status == "cancelled"


def test_inputs_of_a_child_are_a_map() -> None:
    story = Story(step("lint", child(const([1]))))
    story.start()

    assert story.core.state.error.type == "expression"


def test_what_an_older_child_says_changes_nothing() -> None:
    story = Story(step("lint", child(), retry=Retry(2, timedelta(0), on=("failed",))))
    story.start()
    story.child_failed("lint")
    error = StepError("child", "late")
    for fact in (
        ChildCompleted(T0, "lint", 1, "run_2", {}),
        ChildFailed(T0, "lint", 1, "run_2", error),
        ChildCompleted(T0, "nobody", 1, "run_2", {}),
    ):
        assert story.tell(fact) == []
        assert story.core.warning is not None
    assert story.open == [("lint", "child")]


def test_a_signal_wakes_the_step_that_waits_for_it() -> None:
    story = Story(*line(step("ask", asks()), step("end", action(look("steps.ask.output")))))
    story.start()
    assert story.of(OpenWait) == []
    assert story.open == [("ask", "signal")]
    story.signal("halt")
    assert story.commands == []
    (run,) = story.signal("go", {"n": 1})

    assert run.params == {"name": "go", "payload": {"n": 1}, "by": "@ada", "at": T0.isoformat()}


def test_early_signals_are_kept_and_taken_oldest_first() -> None:
    story = Story(
        *line(step("one"), step("two", asks()), step("three", asks()), step("four", asks()))
    )
    story.start()
    for number in (1, 2):
        story.signal("go", number)
    story.done("one")

    payloads = [story.core.steps[path].output["payload"] for path in ("two", "three")]
    assert payloads == [1, 2]
    assert story.open == [("four", "signal")]
    assert story.core.state.signals == {}


def test_one_signal_wakes_one_step_the_one_that_waits_longest() -> None:
    story = Story(step("b", asks()), step("first"), step("a", asks(), needs="first"))
    story.start()
    story.later(minutes=1).done("first")
    story.signal("go")

    assert story.stands("b") == "completed"
    assert story.open == [("a", "signal")]


def test_of_two_steps_that_wait_as_long_the_first_of_the_file_is_woken() -> None:
    story = Story(step("fan", ForEach(const([1, 2]), (step("ask", asks()),))))
    story.start()
    story.signal("go")

    assert story.open == [("fan[1].ask", "signal")]


@pytest.mark.parametrize(("way", "status"), [("fail", "failed"), ("continue", "completed")])
def test_a_wait_for_a_signal_ends_with_the_clock(way: Any, status: str) -> None:
    story = Story(step("ask", asks(timeout=timedelta(hours=1), on_timeout=way)))
    story.start()
    assert story.of(SetTimer) == [SetTimer("event:ask", T0 + timedelta(hours=1))]
    story.later(hours=1).fire("event:ask")

    assert story.stands("ask") == status
    assert story.core.steps["ask"].output is None


def test_a_signal_takes_the_clock_of_its_wait_away() -> None:
    story = Story(*line(step("ask", asks(timeout=timedelta(hours=1))), step("end")))
    story.start()
    story.signal("go")

    assert story.of(ClearTimer) == [ClearTimer("event:ask")]
    assert story.running == ["end"]


def test_ten_thousand_signals_are_kept_and_the_next_is_missed_with_a_clear_failure() -> None:
    takes = ForEach(const([*range(10_000)]), (step("ask", asks()),))
    story = Story(*line(step("one"), step("fan", takes), step("more", asks(), on_error="continue")))
    story.start()
    for number in range(10_000):
        story.core.apply(SignalReceived(T0, "go", number, "@ada"))
    assert story.core.warning is None
    story.signal("go", "too many")
    assert story.core.warning is None
    story.signal("go", "again")
    assert story.core.warning is not None
    story.done("one")

    assert story.stands("fan") == "completed"
    assert story.core.steps["more"].error.type == "limit"
