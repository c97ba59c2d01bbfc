"""The table of a run's statuses, and how each shows as a process."""

import pytest

from baton.status import Status
from coordination.ports import RunStatus
from coordination.run_status import ALLOWED, ImpossibleStatus, advance, flag_of, shown_as


def test_every_status_has_a_row() -> None:
    assert set(ALLOWED) == set(RunStatus)


def test_a_broken_run_stays_broken() -> None:
    assert advance(RunStatus.FAULTED, RunStatus.FAULTED) is RunStatus.FAULTED
    for other in set(RunStatus) - {RunStatus.FAULTED}:
        with pytest.raises(ImpossibleStatus, match=f"faulted cannot become {other}"):
            advance(RunStatus.FAULTED, other)


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.CANCELLED])
def test_a_run_that_ended_can_only_be_taken_back(status: RunStatus) -> None:
    assert advance(status, status) is status
    assert advance(status, RunStatus.COMPENSATING) is RunStatus.COMPENSATING
    for other in (RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED, RunStatus.FAILED):
        with pytest.raises(ImpossibleStatus, match=f"{status} cannot become {other}"):
            advance(status, other)


def test_a_failed_run_can_be_retried_and_nothing_goes_back_to_the_queue() -> None:
    assert advance(RunStatus.FAILED, RunStatus.RUNNING) is RunStatus.RUNNING
    for status in set(RunStatus) - {RunStatus.QUEUED}:
        with pytest.raises(ImpossibleStatus):
            advance(status, RunStatus.QUEUED)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (RunStatus.QUEUED, Status.QUEUED),
        (RunStatus.RUNNING, Status.IN_PROGRESS),
        (RunStatus.WAITING, Status.IN_PROGRESS),
        (RunStatus.PAUSED, Status.IN_PROGRESS),
        (RunStatus.COMPENSATING, Status.IN_PROGRESS),
        (RunStatus.UNKNOWN, Status.IN_PROGRESS),
        (RunStatus.FAULTED, Status.IN_PROGRESS),
        (RunStatus.COMPLETED, Status.COMPLETED),
        (RunStatus.FAILED, Status.FAILED),
        (RunStatus.CANCELLED, Status.CANCELLED),
    ],
)
def test_a_run_shows_as_a_process(status: RunStatus, shown: Status) -> None:
    assert shown_as(status, asking=False) is shown


def test_a_question_shows_and_a_rejection_shows_as_such() -> None:
    assert shown_as(RunStatus.WAITING, asking=True) is Status.PENDING_APPROVAL
    assert shown_as(RunStatus.RUNNING, asking=True) is Status.PENDING_APPROVAL
    assert shown_as(RunStatus.COMPLETED, asking=True) is Status.COMPLETED
    rejected = {"type": "rejected", "message": "no"}
    assert shown_as(RunStatus.FAILED, asking=False, error=rejected) is Status.REJECTED


def test_what_a_process_has_no_status_for_is_a_flag() -> None:
    flagged = {status for status in RunStatus if flag_of(status)}
    assert flagged == {
        RunStatus.PAUSED,
        RunStatus.COMPENSATING,
        RunStatus.UNKNOWN,
        RunStatus.FAULTED,
    }
