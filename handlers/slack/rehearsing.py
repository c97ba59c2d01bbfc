"""`/baton dry-run`: what a run would do, with nothing of it done."""

from handlers.slack.answers import Answer, Rehearsed
from handlers.slack.asked import Asked
from handlers.slack.starting import refuse_secrets, typed_inputs
from workflows.rehearsal.reading import short_lines_of

__all__ = ["dry_run"]


async def dry_run(asked: Asked) -> Answer:
    """Rehearse a workflow with the inputs that were typed."""
    view = await asked.coordinator.workflow(asked.words[0].text)
    refuse_secrets(view.definition.body, asked.line.given, view.name)
    inputs = typed_inputs(view.definition.body, asked.line.given)
    report = await asked.edge.program.rehearse(view.name, {"inputs": inputs})
    return Rehearsed(view.name, report.status, tuple(short_lines_of(report)), report.waiting_for)
