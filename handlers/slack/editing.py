"""Starting a run in the place of a failed one, with other inputs: the form shows those it had."""

import json
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp

from coordination.children import is_hidden
from coordination.handling import ACTION
from coordination.ports import RunStatus, RunView
from handlers.slack import clicks, ids
from handlers.slack.answers import Answer, RunPage, Sentence
from handlers.slack.clicks import Body
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, store_then_show
from handlers.slack.screens import StartForm
from handlers.slack.starting import STARTED, STARTING, filled, filled_in, refuse

TITLE = "Edit input"


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the button of a failed run, and to the form that it opens."""

    async def edit(ack: Ack, body: Body) -> None:
        run_id = clicks.run_id(body)
        await ack()
        await show(edge, body, run_id)

    async def submit(ack: Ack, body: Body, view: Body) -> None:
        refused = partial(refuse, edge, ack, view)
        call = from_form(edge, body, view)
        await store_then_show(edge, ack, view, call, waiting=STARTING, refuse=refused)

    bolt.action(ids.EDIT)(edit)
    bolt.view(ids.EDIT_FORM)(submit)


async def show(edge: Edge, body: Body, run_id: str) -> None:
    """Show the inputs of a failed run, or why nobody may start another one in its place."""
    view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), TITLE)
    try:
        no = await edge.coordinator.can_steer(clicks.principal(body), ACTION, run_id)
        run = await edge.coordinator.run(run_id)
        workflow = await edge.coordinator.workflow(run.workflow)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    if no is None and run.status is not RunStatus.FAILED:
        no = f"{run.label} is {run.status.value} now: only a failed run is started again."
    if no is not None:
        await edge.screens.show_answer(view_id, Sentence(no))
        return
    given = {name: as_typed(value) for name, value in run.inputs.items() if value is not None}
    if is_hidden(run.trigger):
        given = {}  # nobody is shown them, and what is left empty stays as it was
    await edge.screens.show_start(view_id, StartForm(workflow, given, instead_of=run.id))


def as_typed(value: Any) -> str:
    """Write a value as people type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def from_form(edge: Edge, body: Body, view: Body) -> Answer:
    """Start what a form says; what was emptied in it is left out, and what it has no room for stays."""
    await edge.admit(clicks.principal(body))
    run = await edge.coordinator.run(clicks.run_in_form(view))
    workflow = await edge.coordinator.workflow(run.workflow)
    shown = {
        str(block.get("block_id")).removeprefix(ids.START_BLOCK)
        for block in view.get("blocks", ())
        if block.get("type") == "input"
    }
    emptied = {} if is_hidden(run.trigger) else dict.fromkeys(shown - filled(view).keys())
    begun: RunView = await edge.coordinator.start_again(
        clicks.principal(body),
        run.id,
        {**emptied, **filled_in(workflow.definition.body, view)},
        request_id=f"slack.{view.get('id')}",
        via="slack",
    )
    return RunPage(begun, None, STARTED)
