"""What came of one event."""

from typing import NamedTuple

from baton.events import Event, Status
from coordination.correlation import Step
from coordination.processes import Effect
from coordination.reasons import Reason
from coordination.threads import Tied

__all__ = ["Taken"]


class Taken(NamedTuple):
    """What an event led to. *attempt* is the one of its process to which it was counted.

    *applied* says that the fold took its status: triggers may fire.

    *steps*, *tied*, *because* and *was* say how and why, for `explain`; *note* is for the tool.
    """

    event: Event
    effect: Effect
    attempt: int | None = None
    applied: bool = False
    status: Status | None = None
    thread_key: int | None = None
    thread_id: str | None = None
    thread_url: str | None = None
    process_key: int | None = None
    run_key: int | None = None  # the run that caused it
    run_id: str | None = None
    approval_id: str | None = None
    steps: tuple[Step, ...] = ()
    tied: tuple[Tied, ...] = ()
    because: Reason | None = None
    was: str | None = None  # the status before
    note: str | None = None
