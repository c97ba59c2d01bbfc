"""Steps that wait for an event: what is asked for, what answers it, and what ends it otherwise."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.core.story import Story, action, const, line, look, step
from workflows.core.commands import ClearTimer, CloseWait, OpenWait, SetTimer
from workflows.core.facts import EventDelivered, StepError, StepFailed
from workflows.core.plan import EvaluationFailed, WaitFor

MINUTE = timedelta(minutes=1)


def waits(**how: Any) -> WaitFor:
    given = {"event": "test.completed", "correlate": const([[["subject", "sha"], "3f1c"]])}
    return WaitFor(**{**given, **how})


def story(verb: WaitFor, **keys: Any) -> Story:
    told = Story(*line(step("wait", verb, **keys), step("then")))
    told.start({"sha": "3f1c"})
    return told


def deliver(told: Story, attempt: int = 1, path: str = "wait") -> None:
    told.tell(EventDelivered(told.now, path, attempt, {"id": "e-1"}))


def test_a_wait_says_all_that_its_host_has_to_know() -> None:
    told = story(
        waits(
            correlate=lambda names: [[["subject", "sha"], names["inputs"]["sha"]]],
            where="event.name == inputs.name",
            names=const({"inputs": {"name": "Unit"}}),
            since="now",
            timeout=MINUTE,
        )
    )

    (asked,) = told.of(OpenWait)
    assert asked == OpenWait(
        path="wait",
        attempt=1,
        event="test.completed",
        correlate=((("subject", "sha"), "3f1c"),),
        where="event.name == inputs.name",
        names={"inputs": {"name": "Unit"}},
        since="now",
        expires_at=told.now + MINUTE,
    )
    assert told.of(SetTimer) == [SetTimer("event:wait", told.now + MINUTE)]
    assert told.open == [("wait", "event")]
    assert (told.core.status, told.stands("then")) == ("waiting", "pending")
    assert told.core.steps["wait"].input == {
        "event": "test.completed",
        "correlate": [[["subject", "sha"], "3f1c"]],
        "where": "event.name == inputs.name",
    }


def test_the_event_is_the_output_and_the_clock_is_stopped() -> None:
    told = Story(
        *line(step("wait", waits(timeout=MINUTE)), step("then", action(look("steps.wait.output"))))
    )
    told.start()
    deliver(told)

    assert told.of(ClearTimer) == [ClearTimer("event:wait")]
    assert told.of(CloseWait) == []
    assert told.running == ["then"]
    assert told.core.steps["then"].input == {"id": "e-1"}


@pytest.mark.parametrize(("path", "attempt"), [("wait", 2), ("wait", 0), ("then", 1), ("x", 1)])
def test_an_event_for_another_wait_changes_nothing(path: str, attempt: int) -> None:
    told = story(waits())
    deliver(told, attempt, path)

    assert told.commands == []
    assert told.core.warning is not None
    assert told.open == [("wait", "event")]


def test_a_second_event_comes_too_late() -> None:
    told = story(waits())
    deliver(told)
    deliver(told)

    assert told.commands == []
    assert told.open == [("then", "action")]


def test_time_that_is_up_fails_the_step_and_takes_the_wait_back() -> None:
    told = story(waits(timeout=MINUTE))
    told.later(minutes=1).fire("event:wait")

    assert told.of(CloseWait) == [CloseWait("wait", 1)]
    assert told.core.status == "failed"
    assert told.core.state.error == StepError(
        "timeout", "no `test.completed` came within 1m", "failed"
    )


def test_time_that_is_up_may_mean_to_go_on_without_it() -> None:
    told = story(waits(timeout=MINUTE, on_timeout="continue"))
    told.later(minutes=1).fire("event:wait")

    assert told.of(CloseWait) == [CloseWait("wait", 1)]
    assert told.running == ["then"]
    assert told.core.steps["wait"].output is None
    deliver(told)
    assert told.core.warning is not None


def test_a_timeout_is_handled_as_any_failure_is() -> None:
    told = story(waits(timeout=MINUTE), on_error=(step("mend"),))
    told.later(minutes=1).fire("event:wait")

    assert told.running == ["wait~error.mend"]


def test_a_wait_that_the_host_refuses_fails() -> None:
    told = story(waits(timeout=MINUTE))
    error = StepError("limit", "too many", "not_started")
    told.tell(StepFailed(told.now, "wait", 2, error))
    assert told.commands == []
    told.tell(StepFailed(told.now, "wait", 1, error))

    assert told.of(CloseWait) == [CloseWait("wait", 1)]
    assert told.of(ClearTimer)[0] == ClearTimer("event:wait")
    assert told.core.state.error == error


@pytest.mark.parametrize("part", ["correlate", "names"])
def test_a_value_that_is_not_there_fails_the_step_before_it_waits(part: str) -> None:
    def missing(_: Any) -> Any:
        raise EvaluationFailed("inputs has no sha")

    told = story(waits(**{"where": "true", part: missing}))

    assert told.of(OpenWait) == []
    assert told.core.status == "failed"
    assert told.core.state.error == StepError("expression", "inputs has no sha")


def test_cancelling_takes_the_wait_back() -> None:
    told = story(waits(timeout=MINUTE))
    told.cancel()

    assert told.of(CloseWait) == [CloseWait("wait", 1)]
    assert told.of(ClearTimer) == [ClearTimer("event:wait")]
    assert told.stands("wait") == "cancelled"


def test_a_retry_opens_another_wait() -> None:
    told = story(waits(timeout=MINUTE))
    told.later(minutes=1).fire("event:wait")
    told.retry()

    (again,) = told.of(OpenWait)
    assert (again.attempt, again.expires_at) == (2, told.now + MINUTE)
    deliver(told, attempt=1)
    assert told.core.warning is not None
    deliver(told, attempt=2)
    assert told.running == ["then"]


def test_what_the_end_of_the_run_cancels_is_waited_for_again_after_a_retry() -> None:
    told = Story(step("wait", waits()), step("other"), step("then", needs=("wait", "other")))
    told.start()
    told.fail("other")
    assert told.of(CloseWait) == [CloseWait("wait", 1)]
    told.retry()

    assert [wait.attempt for wait in told.of(OpenWait)] == [2]
    assert told.running == ["other"]
