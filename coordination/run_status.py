"""Where a run may go from where it stands, and how it shows as a process. Pure."""

from collections.abc import Mapping
from typing import Any

from baton.errors import BatonError
from baton.status import Status
from coordination.ports import RunStatus

_Q, _R, _W, _U = RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING, RunStatus.UNKNOWN
_P, _C = RunStatus.PAUSED, RunStatus.COMPENSATING
_OVER = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.FAULTED})

ALLOWED: Mapping[RunStatus, frozenset[RunStatus]] = {
    _Q: _OVER | {_R, _W, _U, _P},
    _R: _OVER | {_W, _U, _P, _C},
    _W: _OVER | {_R, _U, _P, _C},
    _U: _OVER | {_R, _W, _P, _C},
    _P: _OVER | {_R, _W, _U, _C},
    _C: _OVER | {_R, _W, _U, _P},
    RunStatus.FAILED: _OVER | {_R, _W, _U, _C},  # a person retried it, or took it back
    RunStatus.COMPLETED: frozenset({_C, _U, RunStatus.CANCELLED, RunStatus.FAULTED}),  # taken back
    RunStatus.CANCELLED: frozenset({_C, _U, RunStatus.FAULTED}),  # and what was left of that
    RunStatus.FAULTED: frozenset(),
}

_FLAGGED = frozenset({_P, _C, _U, RunStatus.FAULTED})
_PLAIN: Mapping[RunStatus, Status] = {
    _Q: Status.QUEUED,
    RunStatus.COMPLETED: Status.COMPLETED,
    RunStatus.CANCELLED: Status.CANCELLED,
}


class ImpossibleStatus(BatonError):
    """A run cannot get from one status to the other: a bug, so the run has to halt."""

    def __init__(self, old: RunStatus, new: RunStatus) -> None:
        self.old, self.new = old, new
        super().__init__(f"a run that is {old} cannot become {new}")


def advance(old: RunStatus, new: RunStatus) -> RunStatus:
    """Return *new* if a run that is *old* may become that, or is it already.

    Raises:
        ImpossibleStatus: it may not.
    """
    if new != old and new not in ALLOWED[old]:
        raise ImpossibleStatus(old, new)
    return new


def shown_as(status: RunStatus, *, asking: bool, error: Any = None) -> Status:
    """Return the status under which a run shows as a process.

    Args:
        status: of the run.
        asking: whether an approval of it is open.
        error: what ended it; one of type ``rejected`` shows as rejected.
    """
    if status is RunStatus.FAILED:
        rejected = isinstance(error, Mapping) and error.get("type") == "rejected"
        return Status.REJECTED if rejected else Status.FAILED
    if status in _PLAIN:
        return _PLAIN[status]
    if asking and status in (_R, _W):
        return Status.PENDING_APPROVAL
    return Status.IN_PROGRESS


def flag_of(status: RunStatus) -> str | None:
    """Return the word that stands beside ``in_progress`` for what a process has no status for."""
    return status.value if status in _FLAGGED else None
