"""The sentence and the word that every surface shows of a run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baton.status import Status
from coordination.ports import OpenQuestion, Pause, RunStatus, RunView, StepStatus, StepView
from coordination.waiting_for import card_word, process_word, waiting_for

T0 = datetime(2026, 3, 1, 13, 50, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def step(path: str, status: StepStatus, **more: Any) -> StepView:
    more = {"kind": "action", "attempts": 1, "started_at": T0 + MINUTE} | more
    return StepView(path=path, name=path, status=status, **more)


def run(status: RunStatus, *steps: StepView, **more: Any) -> RunView:
    facts: dict[str, Any] = {
        "id": "run_1",
        "number": 3,
        "workflow": "pipeline",
        "title": "Pipeline",
        "revision": "abc",
        "started_by": "UADA",
        "trigger": {},
        "inputs": {},
        "outputs": None,
        "error": None,
        "created_at": T0,
        "started_at": T0,
        "ended_at": None,
        "updated_at": T0 + 2 * MINUTE,
        "thread_id": "th_1",
        "questions": (),
    }
    return RunView(status=status, steps=steps, **(facts | more))


def question(number: int = 3, **more: Any) -> OpenQuestion:
    facts: dict[str, Any] = {
        "title": "Deploy to production?",
        "approvers": ("@grace", "@linus"),
        "quorum": 1,
        "approved": 0,
        "expires_at": None,
        "path": "gate",
    }
    return OpenQuestion(
        approval_id=f"ap_{number}", number=number, since=T0 + MINUTE, **(facts | more)
    )


def sentence(view: RunView) -> str | None:
    found = waiting_for(view)
    return found and found.text


def test_a_question_names_who_is_asked_and_what() -> None:
    found = waiting_for(run(RunStatus.WAITING, questions=(question(),)))
    assert found is not None
    assert found.text == 'Waiting for 1 of @grace, @linus to approve "Deploy to production?" (A-3)'
    assert (found.kind, found.since) == ("approval", T0 + MINUTE)
    assert found.who == ("@grace", "@linus")


def test_after_the_first_of_two_votes_one_more_is_missing() -> None:
    view = run(RunStatus.WAITING, questions=(question(quorum=2, approved=1),))
    assert "Waiting for 1 more of @grace, @linus" in (sentence(view) or "")


def test_a_question_with_answers_of_its_own_is_answered_not_approved() -> None:
    view = run(RunStatus.WAITING, questions=(question(decisive=False),))
    assert 'to answer "Deploy' in (sentence(view) or "")


def test_two_questions_are_counted_and_the_older_is_said() -> None:
    text = sentence(run(RunStatus.WAITING, questions=(question(8), question(3))))
    assert text is not None
    assert text.endswith("(A-3), and 1 more question")


def test_an_unknown_step_comes_before_everything_else() -> None:
    view = run(
        RunStatus.UNKNOWN,
        step("deploy", StepStatus.UNKNOWN),
        step("notify", StepStatus.RUNNING),
        questions=(question(),),
    )
    assert sentence(view) == "A person must say what happened to `deploy`: retry, done or fail"
    assert card_word(view) == "Needs you"


def test_what_runs_is_named_with_its_attempt_from_the_second_on() -> None:
    assert sentence(run(RunStatus.RUNNING, step("deploy", StepStatus.RUNNING))) == "Running deploy"
    view = run(
        RunStatus.RUNNING,
        step("unit", StepStatus.RUNNING, attempts=2),
        step("lint", StepStatus.RUNNING),
    )
    assert sentence(view) == "Running unit (attempt 2), lint"


def test_a_pause_says_until_when() -> None:
    pause = step("pause", StepStatus.WAITING, kind="wait", due_at=T0 + 12 * MINUTE)
    assert sentence(run(RunStatus.WAITING, pause)) == "Waiting until 14:02 UTC (pause)"
    longer = replace(pause, due_at=T0 + timedelta(days=1))
    assert sentence(run(RunStatus.WAITING, longer)) == "Waiting until 2026-03-02 13:50 UTC (pause)"


def test_a_retry_says_when_it_comes() -> None:
    retry = step("unit", StepStatus.WAITING, due_at=T0 + 12 * MINUTE)
    assert (
        sentence(run(RunStatus.WAITING, retry)) == "Retrying unit at 14:02 UTC (attempt 1 failed)"
    )


def test_a_failed_run_says_where_why_and_what_can_be_done() -> None:
    error = {"type": "exit", "message": "exit code 1\nmany\nlines", "class": "failed"}
    view = run(RunStatus.FAILED, step("unit", StepStatus.FAILED), error=error, ended_at=T0)
    assert sentence(view) == "Failed at `unit`: exit code 1. Retry it, or leave it."
    assert card_word(view) == "Failed"


def test_a_rejected_run_waits_for_nobody() -> None:
    error = {"type": "rejected", "message": "Rejected by <@UMAYA>"}
    view = run(RunStatus.FAILED, step("gate", StepStatus.FAILED), error=error, ended_at=T0)
    assert sentence(view) is None
    assert card_word(view) == "Rejected"


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.CANCELLED])
def test_an_ended_run_waits_for_nothing_whatever_its_steps_look_like(status: RunStatus) -> None:
    view = run(status, step("a", StepStatus.RUNNING), questions=(question(),), ended_at=T0)
    assert waiting_for(view) is None
    assert card_word(view) in ("Succeeded", "Cancelled")


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_has_a_sentence_or_is_an_end_and_has_a_word(status: RunStatus) -> None:
    view = run(status)
    assert (waiting_for(view) is None) == (status in (RunStatus.COMPLETED, RunStatus.CANCELLED))
    assert card_word(view)


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.WAITING])
def test_an_open_question_makes_the_card_say_needs_you(status: RunStatus) -> None:
    assert card_word(run(status, questions=(question(),))) == "Needs you"
    assert card_word(run(status)) != "Needs you"


def test_a_faulted_run_is_broken_even_with_a_question_open() -> None:
    view = run(RunStatus.FAULTED, questions=(question(),), error={"message": "row 7 is damaged"})
    assert card_word(view) == "Broken"
    assert sentence(view) == "Halted: row 7 is damaged. An operator must look."


@pytest.mark.parametrize("status", Status)
def test_every_status_of_a_process_has_a_word_and_only_open_ones_stall(status: Status) -> None:
    assert (process_word(status, stalled=True) == "Stalled") is not status.terminal
    assert process_word(status) != "Stalled"


def awaits(correlate: Any, **more: Any) -> StepView:
    asked = {"event": "test.completed", "correlate": correlate}
    return step("tests", StepStatus.WAITING, kind="wait_for", **({"input": asked} | more))


@pytest.mark.parametrize(
    ("correlate", "said"),
    [
        ([], "`test.completed`"),
        ([[["subject", "sha"], "3f1c2d4e5f"]], "`test.completed` with sha 3f1c2d4…"),
        (
            [[["labels", "team"], "web"], [["subject", "pr"], "7"]],
            "`test.completed` with labels.team web and pr 7",
        ),
        ([[["run"], "run_1"]], "`test.completed` in its thread"),
        ([[["run"], "run_2"]], "`test.completed` in the thread run_2"),
        (
            [[["key"], "corr:ci:7"], [["run"], "th_1"]],
            "`test.completed` with key corr:ci:7 in its thread",
        ),
        ([[["name"], "a\nb" * 40]], f"`test.completed` with name {('a b' * 40)[:40]}…"),
    ],
)
def test_a_step_that_waits_for_an_event_says_which(correlate: Any, said: str) -> None:
    found = waiting_for(run(RunStatus.WAITING, awaits(correlate)))

    assert found is not None
    assert found.text == f"Waiting for {said}, since 13:51 UTC"
    assert (found.kind, found.since) == ("event", T0 + MINUTE)


def test_the_end_of_a_wait_and_others_beside_it_are_said_too() -> None:
    first = awaits([], due_at=T0 + 61 * MINUTE)
    second = awaits([], started_at=T0 + 2 * MINUTE)
    timer = step("pause", StepStatus.WAITING, kind="wait", due_at=T0 + MINUTE)

    assert sentence(run(RunStatus.WAITING, timer, second, first)) == (
        "Waiting for `test.completed`, and 1 more event, since 13:51 UTC, until 14:51 UTC"
    )


@pytest.mark.parametrize("broken", [None, {"cut": True}, {"event": None, "correlate": None}])
def test_a_record_that_was_cut_is_no_error(broken: Any) -> None:
    assert (sentence(run(RunStatus.WAITING, awaits([], input=broken))) or "").startswith(
        "Waiting for `"
    )


def loop(path: str, status: StepStatus = StepStatus.RUNNING, **detail: Any) -> StepView:
    kind = "repeat" if "turn" in detail else "for_each"
    return step(path, status, kind=kind, detail=detail)


def test_a_loop_says_how_far_it_is() -> None:
    steps = [step(f"fan[{n}].post", StepStatus.RUNNING) for n in range(3, 8)]
    view = run(RunStatus.RUNNING, loop("fan", items=12, done=3, failed=0), *steps)

    assert sentence(view) == (
        "Running fan[3].post, fan[4].post, fan[5].post and 2 more (fan: 3 of 12)"
    )


def test_loops_inside_loops_are_said_from_the_outside_and_others_are_not() -> None:
    around = loop("fan", items=12, done=3, failed=0)
    inside = loop("fan[3].poll", turn=2, max=9)
    done = loop("old", StepStatus.COMPLETED, items=1, done=1)
    branches = step("both", StepStatus.RUNNING, kind="parallel", detail={"branches": 2})
    event = awaits([])
    view = run(RunStatus.WAITING, done, branches, around, inside, event)

    assert sentence(view) == (
        "Waiting for `test.completed`, since 13:51 UTC (fan: 3 of 12; fan[3].poll: turn 2 of 9)"
    )


def test_a_loop_between_two_turns_says_when_the_next_begins() -> None:
    poll = replace(loop("poll", StepStatus.WAITING, turn=2, max=9), due_at=T0 + 12 * MINUTE)

    assert sentence(run(RunStatus.WAITING, poll)) == ("Waiting until 14:02 UTC (poll: turn 2 of 9)")


def test_a_signal_is_named() -> None:
    wait = step("wait", StepStatus.WAITING, kind="wait_for", input={"signal": "go"})
    found = waiting_for(run(RunStatus.WAITING, wait))

    assert found is not None
    assert (found.kind, found.text) == ("signal", "Waiting for the signal `go`, since 13:51 UTC")
    both = run(RunStatus.WAITING, wait, awaits([]))
    assert sentence(both) == "Waiting for the signal `go`, and 1 more thing, since 13:51 UTC"


@pytest.mark.parametrize(
    ("child", "said"),
    [
        (None, "the run of call"),
        ({"run_id": "run_2"}, "the run of call"),
        ({"number": 12, "workflow": "build", "status": "running"}, "R-12 (build)"),
        ({"number": 12, "workflow": "build", "status": "paused"}, "R-12 (build), which is paused"),
    ],
)
def test_a_child_is_named_and_what_keeps_it(child: Any, said: str) -> None:
    call = step("call", StepStatus.RUNNING, kind="workflow", detail=child and {"child": child})
    found = waiting_for(run(RunStatus.WAITING, call))

    assert found is not None
    assert (found.kind, found.text) == ("child", f"Waiting for {said}, since 13:51 UTC")


def test_what_runs_beside_a_child_comes_first() -> None:
    call = step("call", StepStatus.RUNNING, kind="workflow")
    assert sentence(run(RunStatus.RUNNING, call, step("unit", StepStatus.RUNNING))) == (
        "Running unit"
    )


def test_a_pause_says_who_and_since_when_and_what_still_runs() -> None:
    pause = Pause("@grace", T0 + MINUTE)
    found = waiting_for(run(RunStatus.PAUSED, step("unit", StepStatus.RUNNING), pause=pause))

    assert found is not None
    assert found.since == T0 + MINUTE
    assert found.text == (
        "Paused by @grace at 13:51 UTC, until somebody resumes it; still running unit"
    )
    assert sentence(run(RunStatus.PAUSED)) == "Paused, until somebody resumes it"


def test_a_run_that_takes_back_says_what() -> None:
    undo = step("deploy~undo", StepStatus.RUNNING)
    assert sentence(run(RunStatus.COMPENSATING, undo)) == "Undoing deploy"
    again = replace(undo, status=StepStatus.WAITING, due_at=T0 + 12 * MINUTE)
    assert sentence(run(RunStatus.COMPENSATING, again)) == (
        "Undoing deploy: trying again at 14:02 UTC (attempt 1 failed)"
    )


def test_a_run_without_a_place_says_behind_whom_it_stands() -> None:
    found = waiting_for(run(RunStatus.QUEUED, queue="Queued behind R-12, place 2"))

    assert found is not None
    assert (found.kind, found.since) == ("queue", T0)
    assert found.text == "Queued behind R-12, place 2, since 13:50 UTC"
