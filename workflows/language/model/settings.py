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
    """Runs with the same key count together; without it, all of the workflow."""
    limit: int = Field(1, ge=1, le=10_000)
    policy: Literal["queue", "skip", "cancel_running"] = "queue"
    """What becomes of one run more: it waits, is left out, or takes the place of the oldest."""


class Settings(Part):
    """Rules for all runs of the workflow."""

    timeout: Duration | None = None
    """How long a run may take, pauses not counted."""
    concurrency: Concurrency | None = None
    """How many runs go on at once, for each key."""
    max_runs_per_hour: int | None = Field(None, ge=1, le=100_000)
    """A start beyond it is refused; the hour slides."""
    start_by: list[Line] | None = None
    """Who may start it: `<@U…>`, `@group` or `role:NAME`."""
    approvers: list[Line] | None = None
    """Who decides where an approval names nobody."""
    programs: list[Line] | None = None
    """The programs that a template in `argv[0]` may become."""
    channel: Line | None = None
    """`#name` or an id; otherwise the thread of the event that started the run."""
    notify: Notify = "milestones"
    priority: Literal["low", "normal", "high"] = "normal"
    """Which ready steps of the server come first."""
    retention: Duration | None = None
    """How long finished runs are kept."""
