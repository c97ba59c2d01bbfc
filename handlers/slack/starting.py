"""Starting a run: typed in full, or with a form for what is missing.

Slack lets a form open only within three seconds of what people did. So it opens empty first, and
before anything is looked up; only a start that was typed is tried before it, for a second at most,
since a form that is not needed would be in the way.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp

from baton.errors import BatonError
from coordination.errors import Conflict, InvalidInputs, Unavailable
from coordination.handles import secret_inputs
from coordination.policy import Principal
from coordination.ports import RunView
from handlers.slack import clicks, ids
from handlers.slack.answers import Answer, RunPage, Sentence
from handlers.slack.asked import Asked
from handlers.slack.clicks import Body
from handlers.slack.drafts import Drafts
from handlers.slack.listed import values_of
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, begin, ended, store_then_show, within_limit
from handlers.slack.screens import ChoiceForm, Expired, StartForm
from workflows.language.inputs import inputs_from_text
from workflows.language.model import Input

SEND_AGAIN = "My database does not answer. Send it again: it starts one run all the same."
STARTING = "Starting…"
TITLE = "Start a run"
STARTED = "is started"
PATIENCE = 1.0  # s, before the form opens though nobody knows yet whether it is needed


def register(bolt: AsyncApp, edge: Edge, drafts: Drafts) -> None:
    """Listen to the two forms of a start, and to the button that starts the demo."""

    async def choose(ack: Ack, body: Body, view: Body) -> None:
        await store_then_show(
            edge,
            ack,
            view,
            chosen(edge, drafts, body, view),
            waiting=TITLE,
            refuse=partial(refuse, edge, ack, view),
        )

    async def submit(ack: Ack, body: Body, view: Body) -> None:
        name = str(view.get("private_metadata", ""))
        await store_then_show(
            edge,
            ack,
            view,
            from_form(edge, body, view, name),
            waiting=STARTING,
            refuse=partial(refuse, edge, ack, view),
        )

    async def demo(ack: Ack, body: Body) -> None:
        name = clicks.matched(clicks.WORKFLOW, body)
        await ack()
        view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), TITLE)
        await fill_in(edge, clicks.principal(body), view_id, (name, {}))

    bolt.view(ids.WORKFLOW)(choose)
    bolt.view(ids.START)(submit)
    bolt.action(ids.START_DEMO)(demo)


async def start(asked: Asked) -> Answer:
    """Start what was typed. Raises: InvalidInputs, where a form has to ask."""
    name = asked.words[0].text
    await asked.edge.admit(asked.who)
    view = await asked.coordinator.workflow(name)
    refuse_secrets(view.definition.body, asked.line.given, name)
    inputs = typed_inputs(view.definition.body, asked.line.given)
    run = await asked.coordinator.start(
        asked.who, name, inputs, request_id=asked.request_id, via="slack"
    )
    return RunPage(run, None, STARTED)


async def obeyed(ack: Ack, asked: Asked, trigger: str) -> None:
    """Start what was typed, and ask in a form for what is missing."""
    edge = asked.edge
    if not asked.words:
        await ack()
        form = await edge.screens.open_loading(trigger, TITLE)
        await choose_workflow(edge, asked.who, form)
        return
    work = begin(start(asked))
    opened = None
    if not await within_limit(work, PATIENCE):
        await ack()
        opened = await edge.may_open(trigger, STARTING)
    try:
        answer: Answer = await ended(work)
    except InvalidInputs as error:
        await ack()
        await ask_inputs(asked, opened or await edge.may_open(trigger, TITLE), error)
        return
    except EXPECTED as error:
        if opened is None:
            raise
        answer = await edge.refusal(error, stored=True)
    await ack()
    if opened is not None:
        await edge.screens.show_answer(opened, answer)
    else:
        await edge.screens.tell(asked.place, answer)


async def ask_inputs(asked: Asked, view_id: str | None, error: InvalidInputs) -> None:
    """Ask for the inputs that are missing or wrong; without a form, say which those are."""
    edge, given = asked.edge, asked.line.given
    if view_id is None:
        await edge.screens.tell(asked.place, await edge.refusal(error))
        return
    shown = [each for each in error.problems if each[0] in given]
    await fill_in(edge, asked.who, view_id, (asked.words[0].text, given), shown)


async def choose_workflow(edge: Edge, who: Principal, view_id: str, draft: str = "") -> None:
    """Ask which workflow is to be started."""
    try:
        await edge.admit(who)
        known = await edge.coordinator.workflows()
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    active = [each for each in known if each.status == "active"]
    if active:
        await edge.screens.show_choice(view_id, ChoiceForm(active, draft))
        return
    text = "There is no workflow that can be started. `/baton list` shows those that are drafts."
    await edge.screens.show_answer(view_id, Sentence(text))


async def fill_in(
    edge: Edge,
    who: Principal,
    view_id: str,
    wanted: tuple[str, Mapping[str, str]],
    problems: list[tuple[str, str]] | None = None,
) -> None:
    """Show the form of one workflow, with what is known already in it."""
    name, given = wanted
    try:
        await edge.admit(who)
        workflow = await edge.coordinator.workflow(name)
    except EXPECTED as refused:
        await edge.screens.show_answer(view_id, await edge.refusal(refused))
        return
    await edge.screens.show_start(view_id, StartForm(workflow, given, problems or ()))


async def chosen(edge: Edge, drafts: Drafts, body: Body, view: Body) -> StartForm:
    """Go from the choice of a workflow to its inputs; what a message says fills those it names.

    Raises:
        Expired: the message is forgotten, or it was shown to somebody else.
    """
    name = clicks.typed(view, ids.WORKFLOW_BLOCK, ids.WORKFLOW_INPUT)
    draft = str(view.get("private_metadata", ""))
    facts = drafts.read(draft, clicks.principal(body).actor) if draft else {}
    if facts is None:
        raise Expired
    await edge.admit(clicks.principal(body))
    workflow = await edge.coordinator.workflow(name)
    declared = workflow.definition.body.get("inputs") or {}
    return StartForm(workflow, {each: text for each, text in facts.items() if each in declared})


def refuse_secrets(body: Mapping[str, object], given: Mapping[str, str], name: str) -> None:
    """Refuse a secret that was typed in Slack, which keeps it. Raises: Conflict."""
    typed = sorted(secret_inputs(body) & given.keys())
    if typed:
        raise Conflict(
            f"`{typed[0]}` is secret, and Slack keeps what is typed: nothing was started. Take another "
            f"value than the one that Slack knows now, and give it from a shell, as in "
            f"`baton start {name} NAME=@FILE`, or over HTTP."
        )


def typed_inputs(body: Mapping[str, object], given: Mapping[str, str]) -> dict[str, object]:
    """Turn what was typed into values, by the inputs that a workflow's *body* declares."""
    return inputs_from_text(declared_in(body), given)


def declared_in(body: Mapping[str, object]) -> dict[str, Input]:
    """Return the inputs that a workflow's *body* declares."""
    declared = body.get("inputs")
    known = declared if isinstance(declared, Mapping) else {}
    return {name: Input.model_validate(each) for name, each in known.items()}


def filled_in(body: Mapping[str, object], view: Body) -> dict[str, object]:
    """Return what a form says as values. Raises: InvalidInputs, for lines that do not fit."""
    return values_of(declared_in(body), filled(view))


async def from_form(edge: Edge, body: Body, view: Body, name: str) -> Answer:
    """Start what a form says; a form starts one run, however often it is sent."""
    await edge.admit(clicks.principal(body))
    workflow = await edge.coordinator.workflow(name)
    run: RunView = await edge.coordinator.start(
        clicks.principal(body),
        name,
        filled_in(workflow.definition.body, view),
        request_id=f"slack.{view.get('id')}",
        via="slack",
    )
    return RunPage(run, None, STARTED)


async def refuse(edge: Edge, ack: Ack, view: Body, error: BatonError) -> None:
    """Say what is wrong under the input that it is about; what no input mends takes their place."""
    if isinstance(error, InvalidInputs) and first_field(view):
        await ack(response_action="errors", errors=in_fields(view, error))
    elif isinstance(error, Unavailable) and first_field(view):
        await ack(response_action="errors", errors={first_field(view): SEND_AGAIN})
    else:
        await ack(response_action="update", view=edge.screens.said(await edge.refusal(error)))


def filled(view: Body) -> dict[str, str]:
    """Return what was filled in, by the name of the input; what was left empty is left out."""
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    names = [block for block in values if block.startswith(ids.START_BLOCK)]
    typed = {
        block.removeprefix(ids.START_BLOCK): clicks.typed(view, block, ids.START_INPUT)
        for block in names
    }
    return {name: text for name, text in typed.items() if text}


def in_fields(view: Body, error: InvalidInputs) -> dict[str, str]:
    """Put each problem under its input; one without an input in the form goes under the first."""
    there = {block.get("block_id") for block in view.get("blocks", ())}
    found: dict[str, str] = {}
    for name, text in error.problems:
        block = f"{ids.START_BLOCK}{name}"
        place = block if block in there else first_field(view)
        found[place] = f"{found[place]} {text}" if place in found else text
    return found


def first_field(view: Body) -> str:
    inputs = [each for each in view.get("blocks", ()) if each.get("type") == "input"]
    return str(inputs[0].get("block_id", "")) if inputs else ""
