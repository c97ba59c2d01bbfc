"""Taking back: what completed and says how, the latest first; and what follows the end of the work."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.core.story import Story, action, approval, const, line, look, step
from workflows.core.commands import (
    CancelAction,
    CancelRun,
    CompleteRun,
    FailRun,
    RunAction,
    SetTimer,
)
from workflows.core.plan import Edge, Fail, ForEach, Parallel, Retry, Stop, Undo


def undo(params: Any = None, *, repeatable: bool = True, **keys: Any) -> Undo:
    return Undo(action(params, repeatable=repeatable), **keys)


def saga(*names: str, **plan: Any) -> Story:
    """Make a chain of steps that can be taken back, and a last one, `bad`, to fail it."""
    steps = [step(name, undo=undo(look(f"steps.{name}.output"))) for name in names]
    return Story(*line(*steps, step("bad")), **plan)


def ran(story: Story, *names: str) -> Story:
    story.start()
    for name in names:
        story.done(name, f"{name} out")
    return story


def test_what_completed_is_taken_back_one_at_a_time_the_latest_first() -> None:
    story = ran(saga("one", "two"), "one", "two")
    story.fail("bad")
    (run,) = story.of(RunAction)
    assert (run.path, run.params) == ("two~undo", "two out")
    assert story.core.status == "compensating"
    assert story.of(FailRun) == []
    story.done("two~undo")
    assert story.running == ["one~undo"]
    story.done("one~undo")

    assert story.core.status == "failed"
    assert [story.stands(name) for name in ("one", "two", "bad")] == [
        "compensated",
        "compensated",
        "failed",
    ]
    assert story.stands("two~undo") == "completed"


def test_what_would_be_taken_back_is_known_in_the_commit_that_completes_the_step() -> None:
    story = saga("one")
    story.start()
    story.done("one", {"id": 7})

    assert story.core.derived["undo:one"] == {"id": 7}
    assert story.core.state.undo[0].params == {"id": 7}


def test_a_step_that_did_not_complete_is_not_taken_back() -> None:
    story = Story(step("one", undo=undo()), step("skips", undo=undo(), condition=const(0)))
    story.start()
    story.fail("one")

    assert story.running == []
    assert story.core.status == "failed"


def test_a_run_that_completes_takes_nothing_back() -> None:
    story = ran(saga("one"), "one")
    story.done("bad")

    assert story.running == []
    assert story.core.status == "completed"


def test_a_failing_one_is_told_and_does_not_stop_the_others() -> None:
    story = ran(saga("one", "two"), "one", "two")
    story.fail("bad")
    story.fail("two~undo")
    assert story.told == [("not_undone", "two~undo")]
    assert story.running == ["one~undo"]
    story.done("one~undo")

    (failed,) = story.of(FailRun)
    assert failed.error.message == "bad broke (not taken back: two: two~undo broke)"
    assert (story.stands("one"), story.stands("two")) == ("compensated", "completed")


def test_one_that_cannot_be_rendered_is_told_of_and_passed_over() -> None:
    bad = step("two", undo=undo(look("steps.two.output.id")), needs="one")
    story = Story(step("one", undo=undo()), bad, step("bad", needs="two"))
    ran(story, "one", "two").fail("bad")

    assert story.told == [("failed", "bad"), ("not_undone", "two~undo")]
    assert story.running == ["one~undo"]
    assert "steps.two.output.id is missing" in story.core.steps["two~undo"].error.message


def test_taking_back_has_a_timeout_and_a_retry_of_its_own() -> None:
    again = undo(timeout=timedelta(minutes=1), retry=Retry(2, timedelta(seconds=5)))
    story = Story(*line(step("one", undo=again), step("bad")))
    ran(story, "one").fail("bad")
    assert [timer.slot for timer in story.of(SetTimer)] == ["timeout:one~undo"]
    story.later(minutes=1).fire("timeout:one~undo")
    assert story.told == [("retrying", "one~undo")]
    story.later(seconds=5).fire("retry:one~undo")
    assert story.running == ["one~undo"]
    story.done("one~undo")

    assert story.stands("one") == "compensated"


def test_what_nobody_knows_to_be_taken_back_waits_for_a_person() -> None:
    story = Story(*line(step("one", undo=undo(repeatable=False)), step("bad")))
    ran(story, "one").fail("bad")
    story.lose("one~undo")
    assert story.core.status == "unknown"
    story.resolve("one~undo", "done")

    assert story.stands("one") == "compensated"
    assert story.core.status == "failed"


def test_steps_at_any_depth_are_taken_back() -> None:
    inner = step("get", action(look("item")), undo=undo(look("item")))
    story = Story(*line(step("fan", ForEach(const(["a", "b"]), (inner,))), step("bad")))
    story.start()
    story.done("fan[1].get")
    story.done("fan[0].get")
    story.fail("bad")
    (run,) = story.of(RunAction)
    assert (run.path, run.params) == ("fan[0].get~undo", "a")
    (run,) = story.done("fan[0].get~undo")
    assert (run.path, run.params) == ("fan[1].get~undo", "b")


def test_a_loser_of_a_race_that_had_completed_a_step_is_taken_back_with_the_run() -> None:
    loser = line(step("a", undo=undo()), step("b"))
    race = Parallel((("slow", loser), ("fast", (step("a"),))), 1)
    story = Story(*line(step("race", race), step("bad")))
    story.start()
    story.done("race.slow.a")
    story.done("race.fast.a")
    story.fail("bad")

    assert story.running == ["race.slow.a~undo"]


def test_a_retry_after_the_taking_back_does_everything_anew() -> None:
    story = ran(saga("one", "two"), "one", "two")
    story.fail("bad")
    story.done("two~undo")
    story.done("one~undo")
    story.retry()

    (run,) = story.of(RunAction)
    assert (run.path, run.redo) == ("one", 1)
    story.done("one", "again")
    story.done("two", "again")
    story.fail("bad")
    (run,) = story.of(RunAction)
    assert (run.path, run.redo, run.params) == ("two~undo", 1, "again")


def lists(**more: Any) -> dict[str, Any]:
    names = {"on_failure": "tell", "on_cancel": "tell", "finally_": "tidy"}
    given = {
        key: (step(name, action(look("run.status"))),)
        for key, name in names.items()
        if key not in more
    }
    return {**given, **more}


def test_a_failed_run_tells_and_tidies_after_it_took_back() -> None:
    story = ran(saga("one", **lists()), "one")
    story.fail("bad")
    assert story.running == ["one~undo"]
    (run,) = story.done("one~undo")
    assert (run.path, run.params) == ("on_failure.tell", "failed")
    (run,) = story.done("on_failure.tell")
    assert (run.path, run.params) == ("finally.tidy", "failed")
    story.done("finally.tidy")

    assert story.of(FailRun)[0].path == "bad"
    assert "on_cancel.tell" not in story.core.steps


def test_a_completed_run_tidies_and_has_its_outputs_before() -> None:
    peek = (step("tidy", action(look("steps.one.output"))),)
    story = Story(step("one"), outputs=(("x", look("steps.one.output")),), finally_=peek)
    story.start()
    (run,) = story.done("one", 5)
    assert (run.path, run.params) == ("finally.tidy", 5)
    story.done("finally.tidy")

    assert story.of(CompleteRun) == [CompleteRun({"x": 5})]


def test_a_failed_finally_fails_a_run_that_completed() -> None:
    story = Story(step("one"), **lists())
    story.start()
    story.done("one")
    story.fail("finally.tidy", "bang")

    (failed,) = story.of(FailRun)
    assert (failed.error.type, failed.path) == ("bang", "finally.tidy")


def test_what_fails_at_the_end_of_a_failed_run_is_told_and_changes_nothing() -> None:
    story = Story(step("bad"), **lists())
    story.start()
    story.fail("bad")
    story.fail("on_failure.tell", "second")
    assert story.told == [("failed", "on_failure.tell")]
    assert story.running == ["finally.tidy"]
    story.fail("finally.tidy", "third")

    assert story.of(FailRun)[0].error.type == "boom"


def test_a_stop_takes_nothing_back_but_tidies() -> None:
    steps = line(step("one", undo=undo()), step("over", Stop(const("enough"))))
    story = Story(*steps, **lists())
    story.start()
    story.done("one")
    assert story.running == ["finally.tidy"]
    story.done("finally.tidy")

    assert story.of(CompleteRun) == [CompleteRun({}, "enough")]


@pytest.mark.parametrize("verb", [Fail(const("no")), Stop(const("no"))])
def test_an_end_inside_a_list_for_the_end_ends_that_list_only(verb: Any) -> None:
    both = (step("first"), step("over", verb), step("second", needs="over"))
    story = Story(step("bad"), **lists(on_failure=both))
    story.start()
    story.fail("bad")

    assert story.running == ["on_failure.first", "finally.tidy"]
    assert CancelAction("on_failure.first", 1) in story.commands
    assert story.stands("on_failure.second") == "not_taken"
    story.done("finally.tidy")
    assert story.core.status == "failed"


def test_outputs_that_cannot_be_had_fail_the_run_like_a_step() -> None:
    story = Story(step("one", undo=undo()), outputs=(("x", look("no")),), **lists())
    story.start()
    story.done("one")
    assert story.running == ["one~undo"]
    story.done("one~undo")
    assert story.running == ["on_failure.tell"]


def test_lists_for_the_end_may_ask_people_and_hold_any_verb() -> None:
    asks = line(step("gate", approval()), step("fan", ForEach(const([1]), (step("x"),))))
    story = Story(step("bad"), finally_=asks)
    story.start()
    story.fail("bad")
    assert story.asked.path == "finally.gate"
    story.decide("finally.gate")
    assert story.running == ["finally.fan[0].x"]
    story.done("finally.fan[0].x")

    assert story.core.status == "failed"


def test_what_never_began_is_settled_before_the_lists_look_at_it() -> None:
    peek = (step("tell", action(look("steps.late.status"))),)
    story = Story(step("bad"), step("late", needs=Edge("bad")), on_failure=peek)
    story.start()
    (*_, run) = story.fail("bad")

    assert run.params == "not_taken"


def test_cancel_now_takes_nothing_back_but_tells_and_tidies() -> None:
    story = ran(saga("one", **lists()), "one")
    story.cancel()
    assert story.running == ["on_cancel.tell"]
    story.done("on_cancel.tell")
    assert story.running == ["finally.tidy"]
    story.done("finally.tidy")

    assert story.of(CancelRun) == [CancelRun("@ada", "changed my mind")]
    assert story.stands("one") == "completed"


def test_cancel_with_compensation_takes_back_first() -> None:
    story = ran(saga("one", **lists()), "one")
    story.cancel("compensate")
    assert story.of(CancelAction) == [CancelAction("bad", 1)]
    assert story.running == ["one~undo"]
    assert story.core.status == "compensating"
    story.done("one~undo")
    assert story.running == ["on_cancel.tell"]
    story.done("on_cancel.tell")
    story.done("finally.tidy")

    assert story.core.status == "cancelled"
    assert story.stands("one") == "compensated"


def test_a_second_cancel_now_ends_the_lists_as_well() -> None:
    story = ran(saga("one", **lists()), "one")
    story.cancel()
    story.cancel()

    assert CancelAction("on_cancel.tell", 1) in story.commands
    assert story.running == []
    assert story.core.status == "cancelled"


def test_cancel_now_cuts_the_taking_back_off() -> None:
    story = ran(saga("one", "two", **lists()), "one", "two")
    story.cancel("compensate")
    assert story.cancel("compensate") == []
    story.cancel()

    assert CancelAction("two~undo", 1) in story.commands
    assert story.told == [("not_undone", "two~undo")]
    assert story.running == ["on_cancel.tell"]


def test_a_rollback_of_a_run_that_goes_on_ends_it_as_cancelled() -> None:
    story = ran(saga("one", **lists()), "one")
    story.rollback()
    assert story.of(CancelAction) == [CancelAction("bad", 1)]
    assert story.running == ["one~undo"]
    story.done("one~undo")
    story.done("on_cancel.tell")
    story.done("finally.tidy")

    assert story.of(CancelRun) == [CancelRun("@ada", "it was wrong")]


def test_a_rollback_of_a_run_that_completed_takes_back_and_nothing_else() -> None:
    story = ran(saga("one", "two", **lists()), "one", "two")
    story.done("bad")
    story.done("finally.tidy")
    assert story.core.status == "completed"
    story.rollback()
    assert story.core.status == "compensating"
    assert story.running == ["two~undo"]
    story.done("two~undo")
    story.done("one~undo")

    assert story.of(CancelRun) == [CancelRun("@ada", "it was wrong")]
    assert story.running == []
    assert story.rollback() == []


def test_a_rollback_of_a_failed_run_tries_what_could_not_be_taken_back() -> None:
    story = ran(saga("one"), "one")
    story.fail("bad")
    story.fail("one~undo")
    assert story.core.status == "failed"
    (run,) = story.rollback()
    assert (run.path, run.redo, run.params) == ("one~undo", 1, "one out")
    story.done("one~undo")

    assert story.core.status == "cancelled"
    assert story.stands("one") == "compensated"


def test_there_is_nothing_to_roll_back_where_nothing_says_how() -> None:
    story = Story(step("one"))
    story.start()
    story.done("one")

    assert story.rollback() == []
    assert story.core.warning == "nothing is left to take back"
    assert story.core.status == "completed"


def test_a_retry_that_comes_while_the_lists_are_at_work_changes_nothing() -> None:
    story = Story(step("one"), vars=(("x", look("inputs.x")),), finally_=(step("tidy"),))
    story.start()
    assert story.running == ["finally.tidy"]
    before = story.core.snapshot()

    assert story.retry() == []
    assert story.core.snapshot() == before
    story.done("finally.tidy")
    assert story.core.status == "failed"
