"""Pauses, and steps that people leave out."""

from datetime import timedelta
from typing import Any

from tests.workflows.core.story import T0, Story, action, approval, const, line, look, step
from workflows.core.commands import CancelAction, ClearTimer, CloseApproval, RunAction, SetTimer
from workflows.core.plan import ForEach, Parallel, Repeat, Retry, Undo, Wait, WaitForSignal


def test_a_paused_run_begins_nothing_and_goes_on_in_order() -> None:
    story = Story(step("a"), step("b"), step("c", needs="a"), step("d", needs="b"))
    story.start()
    assert story.pause() == []
    assert story.core.status == "paused"
    assert story.done("b") == []
    assert story.done("a") == []
    assert story.open == [("", "pause")]
    story.resume()

    assert story.running == ["d", "c"]
    assert story.core.status == "running"


def test_what_comes_while_it_is_paused_is_taken_in() -> None:
    waits = Wait(timedelta(hours=1))
    story = Story(step("gate", approval()), step("w", waits), step("s", WaitForSignal("go")))
    story.start()
    story.pause()
    story.decide("gate")
    story.signal("go")
    story.later(hours=1).fire("wait:w")

    assert set(story.statuses.values()) == {"completed"}
    assert story.core.status == "paused"
    story.resume()
    assert story.core.status == "completed"


def test_an_approved_action_is_held_back_and_runs_as_approved() -> None:
    story = Story(step("deploy", action(const("bytes")), gate=approval()))
    story.start()
    story.pause()
    assert story.decide("deploy~approval") == []
    (run,) = story.resume()

    assert (run.path, run.params, run.covered is not None) == ("deploy", "bytes", True)


def test_a_retry_is_held_back_too() -> None:
    story = Story(step("a", retry=Retry(3, timedelta(seconds=5))))
    story.start()
    story.fail("a")
    story.pause()
    assert story.later(seconds=5).fire("retry:a") == []
    assert story.running == []
    (run,) = story.resume()

    assert (run.path, run.attempt) == ("a", 2)


def test_a_retry_without_delay_waits_for_the_pause_to_end() -> None:
    story = Story(step("a", retry=Retry(2, timedelta(0))))
    story.start()
    story.pause()
    story.fail("a")
    assert story.running == []
    story.resume()

    assert story.running == ["a"]


def test_the_clock_of_the_run_stands_still_while_it_is_paused() -> None:
    story = Story(step("a"), timeout=timedelta(hours=2))
    story.start()
    story.later(minutes=30).pause()
    assert story.commands == [ClearTimer("run")]
    story.later(hours=9).resume()

    assert story.commands == [SetTimer("run", T0 + timedelta(hours=11))]


def test_a_loop_goes_on_after_a_pause() -> None:
    story = Story(step("fan", ForEach(const([1, 2, 3]), (step("a"),), concurrency=1)))
    story.start()
    story.pause()
    story.done("fan[0].a")
    assert story.running == []
    story.resume()

    assert story.running == ["fan[1].a"]


def test_a_failure_while_paused_takes_nothing_back_before_the_run_goes_on() -> None:
    steps = line(step("one", undo=Undo(action())), step("bad"))
    story = Story(*steps)
    story.start()
    story.done("one")
    story.pause()
    story.fail("bad")
    assert story.of(RunAction) == []
    assert story.core.status == "paused"
    story.resume()

    assert story.running == ["one~undo"]


def test_a_cancel_ends_a_paused_run() -> None:
    story = Story(*line(step("a"), step("b")), finally_=(step("tidy"),))
    story.start()
    story.pause()
    story.done("a")
    story.cancel()
    assert story.running == ["finally.tidy"]
    story.done("finally.tidy")

    assert story.core.status == "cancelled"
    assert story.stands("b") == "not_taken"


def test_pauses_and_resumes_that_say_nothing_change_nothing() -> None:
    story = Story(step("a"))
    assert story.pause() == []
    story.start()
    assert story.resume() == []
    assert story.core.warning == "the run is not paused"
    story.pause()
    story.pause()
    assert story.core.warning == "the run is paused already"
    story.resume()
    story.done("a")
    story.pause()
    assert story.core.warning == "the run has ended as completed"


def test_a_step_to_come_is_left_out_in_its_turn_so_that_nothing_overtakes() -> None:
    story = Story(*line(step("a"), step("b", condition=look("no")), step("c")))
    story.start()
    assert story.skip("b") == []
    assert story.stands("b") == "pending"
    assert story.skip("b") == []
    assert story.core.warning is not None
    story.done("a")

    assert story.running == ["c"]
    assert story.stands("b") == "skipped"


def test_a_step_that_is_left_out_may_still_not_be_taken() -> None:
    story = Story(step("a"), step("b", needs="a:failure"))
    story.start()
    story.skip("b")
    story.done("a")

    assert story.stands("b") == "not_taken"


def test_an_open_step_is_closed_and_left_out() -> None:
    story = Story(*line(step("a", timeout=timedelta(minutes=1)), step("b")))
    story.start()
    story.skip("a")

    assert story.of(CancelAction) == [CancelAction("a", 1)]
    assert story.of(ClearTimer) == [ClearTimer("timeout:a")]
    assert story.running == ["b"]
    assert story.stands("a") == "skipped"


def test_a_step_behind_an_open_gate_is_left_out_with_its_question() -> None:
    story = Story(*line(step("deploy", gate=approval()), step("b")))
    story.start()
    story.skip("deploy~approval")

    assert story.of(CloseApproval) == [CloseApproval("deploy~approval", "the step was skipped")]
    assert (story.stands("deploy"), story.stands("deploy~approval")) == ("skipped", "cancelled")
    assert story.running == ["b"]


def test_an_approval_is_never_skipped() -> None:
    story = Story(*line(step("gate", approval()), step("deploy")))
    story.start()

    assert story.skip("gate") == []
    assert "answered, not skipped" in story.core.warning
    story.decide("gate", "rejected")
    assert story.skip("gate") == []
    assert story.core.status == "failed"


def test_a_whole_loop_is_left_out_with_all_that_is_open_in_it() -> None:
    body = line(step("x"), step("y"))
    story = Story(*line(step("fan", ForEach(const([1, 2]), body)), step("b")))
    story.start()
    story.skip("fan")

    assert [one.path for one in story.of(CancelAction)] == ["fan[0].x", "fan[1].x"]
    assert story.running == ["b"]
    assert story.stands("fan[0].y") == "not_taken"


def test_a_step_inside_a_loop_is_left_out_and_the_loop_goes_on() -> None:
    story = Story(step("fan", ForEach(const([1, 2]), line(step("x"), step("y")))))
    story.start()
    story.skip("fan[0].x")

    assert story.running == ["fan[0].y"]


def test_a_loop_between_two_turns_is_left_out() -> None:
    poll = Repeat(const(0), (step("x"),), 3, timedelta(hours=1))
    story = Story(*line(step("poll", poll), step("b")))
    story.start()
    story.done("poll#1.x")
    story.skip("poll")

    assert story.of(ClearTimer) == [ClearTimer("turn:poll")]
    assert story.running == ["b"]


def test_the_step_that_failed_the_run_is_left_out_and_the_run_goes_on() -> None:
    story = Story(*line(step("a"), step("bad"), step("c")))
    story.start()
    story.done("a")
    story.fail("bad")
    story.skip("bad")

    assert story.running == ["c"]
    assert story.stands("bad") == "skipped"
    story.done("c")
    assert story.core.status == "completed"


def test_a_failed_turn_is_left_out_and_its_loop_goes_on() -> None:
    story = Story(step("fan", ForEach(const([1, 2]), (step("x"),))))
    story.start()
    story.fail("fan[0].x")
    story.skip("fan[0].x")
    assert story.running == ["fan[1].x"]
    story.done("fan[1].x", 2)

    assert story.core.steps["fan"].output == [None, 2]


def test_a_failed_loop_is_left_out_as_a_whole() -> None:
    story = Story(*line(step("fan", ForEach(const([1, 2]), (step("x"),))), step("b")))
    story.start()
    story.fail("fan[0].x")
    story.skip("fan")

    assert story.running == ["b"]
    story.done("b")
    assert story.core.status == "completed"
    assert story.stands("fan") == "skipped"


def test_what_ended_or_was_never_there_cannot_be_left_out() -> None:
    race = Parallel((("a", (step("x"),)), ("b", line(step("x"), step("y")))), 1)
    story = Story(*line(step("a"), step("race", race), step("end")))
    story.start()
    story.done("a")
    story.done("race.a.x")
    for path in ("a", "race", "race.b.x", "race.b.y", "nobody", "race.a.x~undo"):
        assert story.skip(path) == []
        assert story.core.warning is not None
    story.done("end")
    assert story.skip("end") == []


def test_what_is_taken_back_may_be_left_out() -> None:
    steps = line(step("one", undo=Undo(action())), step("two", undo=Undo(action())), step("bad"))
    story = Story(*steps)
    story.start()
    story.done("one")
    story.done("two")
    story.fail("bad")
    story.skip("two~undo")

    assert story.running == ["one~undo"]
    assert story.told == [("not_undone", "two~undo")]
    assert (story.stands("two"), story.stands("two~undo")) == ("completed", "skipped")


def test_a_covered_step_that_is_named_again_is_asked_about_again() -> None:
    deploy = step("deploy", action(look("steps.data.output"), repeatable=False))
    story = Story(*line(step("data"), step("gate", approval()), deploy, step("bad")))
    story.start()
    story.done("data", "old")
    story.decide("gate")
    story.done("deploy")
    story.fail("bad")
    story.retry("deploy")

    assert story.running == []
    assert story.asked.path == "gate"
    (run,) = story.decide("gate")
    assert (run.path, run.redo) == ("deploy", 1)


def test_what_runs_again_can_be_asked_before() -> None:
    story = Story(*line(step("one"), step("two"), step("bad")), step("other"))
    story.start()
    for path in ("one", "two", "other"):
        story.done(path)
    story.fail("bad")

    assert story.core.would_rerun(None) == ["bad"]
    assert story.core.would_rerun("two") == ["two", "bad"]
    assert story.core.would_rerun("nobody") is None
    before: Any = story.core.snapshot()
    assert story.core.snapshot() == before
