"""The ten statuses of a process, and the words that other tools use for them."""

from enum import StrEnum
from typing import Self

__all__ = ["ALIASES", "TIMEOUT_WORDS", "Status", "fold", "read_status"]


class Status(StrEnum):
    """Where a process stands. ``started`` and ``approved`` are moments, shown as in progress.

    *rank* says how far along a process is, from 0 (queued) to 3 (ended); it never goes back.
    *terminal* says whether nothing comes after a status. Each event asks for both many times.
    """

    _value_: str
    rank: int
    terminal: bool

    QUEUED = "queued", 0
    STARTED = "started", 1
    IN_PROGRESS = "in_progress", 2
    PENDING_APPROVAL = "pending_approval", 2
    APPROVED = "approved", 2
    COMPLETED = "completed", 3
    FAILED = "failed", 3
    REJECTED = "rejected", 3
    CANCELLED = "cancelled", 3
    SKIPPED = "skipped", 3

    def __new__(cls, word: str, rank: int = 0) -> Self:  # a word alone finds the one there is
        status = str.__new__(cls, word)
        status._value_ = word
        status.rank = rank
        status.terminal = rank == 3
        return status


_WORDS = {
    Status.COMPLETED: "success succeeded passed pass ok done finished complete resolved",
    Status.FAILED: "failure fail error errored timed_out timeout startup_failure",
    Status.IN_PROGRESS: "running working executing active progress processing",
    Status.QUEUED: "pending submitted created requested scheduled waiting_for_resource preparing",
    Status.PENDING_APPROVAL: (
        "waiting waiting_approval waiting_for_approval input_required action_required manual blocked"
    ),
    Status.CANCELLED: "canceled cancel aborted abort interrupted stale killed",
    Status.STARTED: "begin start starting",
    Status.REJECTED: "denied",
    Status.SKIPPED: "skip",
}

ALIASES = {word: status for status, words in _WORDS.items() for word in words.split()}
_BY_WORD = {**ALIASES, **{status.value: status for status in Status}}
TIMEOUT_WORDS = frozenset({"timeout", "timed_out"})


def fold(word: str) -> str:
    """Bring a status word into the form of the tables: ``Timed-Out`` becomes ``timed_out``."""
    return word.strip().lower().replace("-", "_").replace(" ", "_")


def read_status(word: str) -> Status:
    """Return the status that *word* stands for.

    Raises:
        ValueError: no status has this name; the sentence lists the ten that exist.
    """
    known = _BY_WORD.get(word) or _BY_WORD.get(fold(word))
    if known is not None:
        return known
    raise ValueError(f"{word[:100]!r} is not a status; use one of {', '.join(Status)}")
