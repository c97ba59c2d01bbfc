"""What a failure means: handled, or the end of the run; and how a run ends."""

from datetime import timedelta

import pytest

from tests.workflows.core.story import T0, Story, action, approval, const, line, look, step
from workflows.core.commands import (
    CancelAction,
    CancelRun,
    ClearTimer,
    CloseApproval,
    CompleteRun,
    FailRun,
    SetTimer,
    Tell,
)
from workflows.core.facts import StepError
from workflows.core.plan import Edge, Retry, Stop, Wait


def test_an_unhandled_failure_fails_the_run_and_cancels_what_is_open() -> None:
    story = Story(
        step("bad"),
        step("long", timeout=timedelta(hours=1)),
        step("cool", Wait(timedelta(hours=1))),
        step("ask", approval()),
        step("after", needs="bad"),
    )
    story.start()
    story.fail("bad")

    assert story.commands == [
        Tell("failed", "bad", "bad broke"),
        CancelAction("long", 1),
        ClearTimer("timeout:long"),
        ClearTimer("wait:cool"),
        CloseApproval("ask", "the run failed"),
        FailRun(StepError("boom", "bad broke"), "bad"),
    ]
    assert story.statuses == {
        "bad": "failed",
        "long": "cancelled",
        "cool": "cancelled",
        "ask": "cancelled",
        "after": "not_taken",
    }
    assert story.open == []


def test_a_step_between_two_attempts_is_cancelled_too() -> None:
    story = Story(step("bad"), step("again", retry=Retry(attempts=2)))
    story.start()
    story.fail("again")
    story.fail("bad")

    assert ClearTimer("retry:again") in story.commands
    assert story.stands("again") == "cancelled"
    assert story.later(hours=1).fire("retry:again") == []


def test_continue_lets_the_run_go_on_and_the_step_stay_failed() -> None:
    story = Story(*line(step("bad", on_error="continue"), step("after", action(look("steps.bad")))))
    story.start()
    _, run = story.fail("bad")

    assert run.params["status"] == "failed"
    assert run.params["error"] == {"type": "boom", "message": "bad broke", "class": "failed"}
    story.done("after")
    assert story.core.status == "completed"


def test_steps_that_handle_a_failure_run_before_those_that_follow() -> None:
    handlers = line(step("cache", action(look("error.message"))), step("log"))
    story = Story(*line(step("fetch", on_error=handlers), step("after")))
    story.start()

    _, run = story.fail("fetch")
    assert (run.path, run.params) == ("fetch~error.cache", "fetch broke")
    assert story.stands("after") == "pending"
    story.done("fetch~error.cache")
    story.done("fetch~error.log")
    assert story.running == ["after"]
    story.done("after")
    assert story.core.status == "completed"
    assert story.stands("fetch") == "failed"


def test_handlers_see_their_neighbours_and_what_is_around_them() -> None:
    seen = action(lambda c: [sorted(c["steps"]), look("steps.cache.output")(c)])
    handlers = line(step("cache"), step("log", seen))
    story = Story(*line(step("first"), step("fetch", on_error=handlers)))
    story.start()
    story.done("first")
    story.fail("fetch")
    (run,) = story.done("fetch~error.cache", 3)

    assert run.params == [["cache", "fetch", "first", "log"], 3]


def test_steps_of_a_handler_do_not_exist_before_the_failure() -> None:
    story = Story(step("fetch", on_error=(step("cache"),)))
    story.start()
    story.done("fetch")

    assert story.statuses == {"fetch": "completed"}


def test_a_handler_that_fails_fails_the_run() -> None:
    story = Story(*line(step("fetch", on_error=line(step("cache"), step("log"))), step("after")))
    story.start()
    story.fail("fetch")
    story.fail("fetch~error.cache", "worse")

    (failed,) = story.of(FailRun)
    assert (failed.error.type, failed.path) == ("worse", "fetch~error.cache")
    assert story.stands("fetch~error.log") == "not_taken"
    assert story.stands("after") == "not_taken"


def test_a_failure_in_a_handler_may_be_handled_in_turn() -> None:
    inner = (step("log", action(look("error.type"))),)
    story = Story(step("fetch", on_error=(step("cache", on_error=inner),)))
    story.start()
    story.fail("fetch")
    _, run = story.fail("fetch~error.cache", "worse")
    assert (run.path, run.params) == ("fetch~error.cache~error.log", "worse")
    story.done("fetch~error.cache~error.log")

    assert story.core.status == "completed"


def test_a_failure_edge_handles_the_failure() -> None:
    story = Story(step("a"), step("sorry", needs="a:failure"), step("next", needs="a"))
    story.start()
    story.fail("a")

    assert story.running == ["sorry", "next"]


def test_an_always_edge_is_taken_but_handles_nothing() -> None:
    story = Story(
        step("a"),
        step("tidy", action(look("run.error.type")), needs="a:always"),
        step("next", needs="tidy"),
    )
    story.start()
    story.fail("a")

    assert story.commands[1].params == "boom"
    assert (story.core.status, story.running) == ("running", ["tidy"])
    story.done("tidy")
    (failed,) = story.commands
    assert (failed.error.type, failed.path) == ("boom", "a")
    assert story.stands("next") == "not_taken"


def test_an_if_edge_handles_nothing_either() -> None:
    story = Story(step("a"), step("b", needs=Edge("a", condition=const(1))))
    story.start()
    story.fail("a")

    assert story.core.status == "failed"
    assert story.stands("b") == "not_taken"


def test_a_tidying_step_may_handle_its_own_failure_after_the_run_failed() -> None:
    tidy = step("tidy", needs="a:always", on_error=(step("log"),))
    story = Story(step("a"), tidy, step("last", needs="tidy:always"))
    story.start()
    story.fail("a")
    story.fail("tidy")
    assert story.running == ["tidy~error.log"]
    story.done("tidy~error.log")
    assert story.running == ["last"]
    story.done("last")

    assert story.core.state.error_path == "a"


def test_a_failure_elsewhere_leaves_handlers_where_they_stand() -> None:
    fetch = step("fetch", on_error=line(step("cache"), step("log")))
    story = Story(fetch, step("bad"), step("tidy", needs="fetch:always"))
    story.start()
    story.fail("fetch")
    story.fail("bad")

    assert story.running == ["tidy"]
    assert story.stands("fetch~error.cache") == "cancelled"
    assert story.stands("fetch~error.log") == "not_taken"
    story.done("tidy")
    assert story.core.state.error_path == "bad"


def test_the_run_has_a_timeout_of_its_own() -> None:
    story = Story(step("one"), timeout=timedelta(hours=2))
    assert SetTimer("run", T0 + timedelta(hours=2)) in story.start()
    story.later(hours=2).fire("run")

    (failed,) = story.of(FailRun)
    assert (failed.error.type, failed.path) == ("timeout", None)
    assert story.stands("one") == "cancelled"


def test_the_timer_of_the_run_is_cleared_when_it_ends() -> None:
    story = Story(step("one"), timeout=timedelta(hours=2))
    story.start()

    assert story.done("one") == [CompleteRun({}), ClearTimer("run")]
    assert story.later(hours=2).fire("run") == []


def test_cancel_ends_everything_at_once() -> None:
    story = Story(*line(step("one"), step("two")), step("tidy", needs="one:always"))
    story.start()

    assert story.cancel() == [
        CancelAction("one", 1),
        CancelRun("@ada", "changed my mind"),
    ]
    assert story.statuses == {"one": "cancelled", "two": "not_taken", "tidy": "not_taken"}
    assert story.cancel() == []
    assert story.done("one") == []


def test_cancel_ends_an_unknown_step_and_remembers_that_it_may_have_happened() -> None:
    story = Story(step("one", action(repeatable=False)))
    story.start()
    story.lose("one")
    story.cancel()

    assert story.core.status == "cancelled"
    assert story.core.steps["one"].error.class_ == "unknown"
    assert story.resolve("one", "done") == []


def test_a_failure_elsewhere_does_not_end_an_unknown_step() -> None:
    story = Story(step("lost", action(repeatable=False)), step("bad"))
    story.start()
    story.lose("lost")
    story.fail("bad")
    assert (story.core.status, story.of(FailRun)) == ("unknown", [])

    story.resolve("lost", "done", 1)
    assert story.statuses == {"lost": "completed", "bad": "failed"}
    assert story.of(FailRun) != []


def test_an_unknown_step_is_not_done_again_in_a_run_that_failed_meanwhile() -> None:
    story = Story(step("lost", action(repeatable=False)), step("bad"))
    story.start()
    story.lose("lost")
    story.fail("bad")
    story.resolve("lost", "retry")

    assert story.running == []
    assert story.statuses == {"lost": "cancelled", "bad": "failed"}


def test_stop_waits_for_a_person_if_a_step_is_unknown() -> None:
    stop = step("stop", Stop(const("enough")), needs="other")
    story = Story(step("lost", action(repeatable=False)), step("other"), stop)
    story.start()
    story.lose("lost")
    story.done("other")
    assert story.core.status == "unknown"
    story.resolve("lost", "done")

    assert story.commands == [CompleteRun({}, "enough")]


@pytest.mark.parametrize("end", ["done", "fail", "cancel"])
def test_a_run_that_ended_takes_no_more_facts(end: str) -> None:
    story = Story(step("one"))
    story.start()
    story.cancel() if end == "cancel" else getattr(story, end)("one")
    before = story.core.snapshot()

    for late in (story.start, story.cancel, lambda: story.done("one"), lambda: story.fire("run")):
        assert late() == []
        assert "ended" in story.core.warning
    assert story.core.snapshot() == before


def test_something_that_is_no_fact_changes_nothing() -> None:
    story = Story(step("one"))
    story.start()

    assert story.core.apply("hello") == []
    assert story.core.warning == "str is no fact that this core knows"
