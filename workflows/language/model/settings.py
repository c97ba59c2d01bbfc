"""The models of the rules that hold for all runs of a workflow."""

from typing import Literal

from pydantic import Field

from workflows.language.parts import Line, Part
from workflows.language.scalars import Duration

__all__ = ["Concurrency", "Notify", "Settings"]

Notify = Literal["all", "milestones", "attention", "none"]


class Concurrency(Part):
    """How many runs go on at once."""

    key: Line | None = Field(None, examples=["{{ inputs.target }}"])
    """A template over inputs and trigger. Runs for which it gives the same text count together;
    without it, all of the workflow."""
    limit: int = Field(1, ge=1, le=10_000)
    """How many of them go on at once."""
    policy: Literal["queue", "skip", "cancel_running"] = "queue"
    """What becomes of one run more: it waits for its turn, is left out with an event `run.skipped`,
    or cancels the oldest, which is taken back."""


class Settings(Part):
    """Rules for all runs of the workflow."""

    timeout: Duration | None = None
    """How long a run may take once it has begun, pauses not counted. Then it fails with
    `error.type: timeout`, and what it did is taken back."""
    concurrency: Concurrency | None = None
    """How many runs go on at once, for each key."""
    max_runs_per_hour: int | None = Field(None, ge=1, le=100_000)
    """A start beyond it is refused; the hour slides."""
    start_by: list[Line] | None = None
    """Who may start it: `<@U…>`, `@group` or `role:NAME`; everyone who may start runs, unless it is
    given."""
    approvers: list[Line] | None = None
    """Who decides where an approval names nobody."""
    programs: list[Line] | None = None
    """The programs that a template in `argv[0]` may become; without it, a program is written
    out."""
    channel: Line | None = None
    """Where the thread of a run stands: `#name`, an id or a template. Otherwise it is the thread of
    the event that started the run."""
    notify: Notify = "milestones"
    """What the thread of a run is told: everything, so that a step that is tried again is a reply;
    milestones; what needs somebody, and the end; or nothing. A step may say otherwise."""
    priority: Literal["low", "normal", "high"] = "normal"
    """Which ready steps of the server come first. It changes nothing else."""
    retention: Duration | None = None
    """How long finished runs are kept, at least 7 days; without it as long as the server says, which
    is 90 days by default. The revision in use decides. What the audit says of a run stays longer."""
