"""`baton.log`, `baton.notify` and `baton.signal`: what a run says to Baton itself, and to other runs."""

from typing import Any, Literal

from pydantic import Field

from baton.connector import ActionContext, Connector, Params, Result, action
from workflows.actions.notices import Report
from workflows.actions.signals import NoSignals, Signals, signal_action

__all__ = ["connector"]


class LogLine(Params):
    message: str = Field(
        min_length=1, max_length=3000, description="What to write into Baton's own log."
    )
    fields: dict[str, Any] = Field(
        default_factory=dict, description="Values that belong to it, by name."
    )


@action("baton.log", repeatable=True)
async def log(params: LogLine, ctx: ActionContext) -> None:
    """Write a line into the log of the server. Nobody in Slack sees it."""
    ctx.log.info("workflow_log", text=params.message, values=params.fields)


class NewReport(Params):
    process_id: str = Field(
        min_length=1,
        max_length=200,
        description="Which piece of work of this run it is about; a new id opens a new one.",
        examples=["release-notes"],
    )
    status: Literal[
        "queued", "started", "in_progress", "completed", "failed", "cancelled", "skipped"
    ] = Field(description="Where that work stands now.", examples=["completed"])
    name: str | None = Field(None, max_length=200, description="What people call it.")
    message: str | None = Field(None, max_length=3000, description="One line about it.")
    result: dict[str, Any] | None = Field(None, description="Values that later steps may need.")


@action("baton.notify", repeatable=True, pure=True)
async def notify(params: NewReport, ctx: ActionContext) -> Result[None]:
    """Report on a piece of work, as a tool would: a line in the card, and an event for triggers.

    The output is null.
    """
    said = params.model_dump(mode="json", exclude_none=True)
    return Result(None, (Report({**said, "id": ctx.idempotency_key}),))


def connector(signals: Signals | None = None) -> Connector:
    """Make the actions; without *signals* no other run can be reached."""
    return Connector("baton", actions=(log, notify, signal_action(signals or NoSignals())))
