"""`/baton …`: read the line, do what its verb does, answer the one person. And the form of a start."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from baton.errors import BatonError
from coordination.errors import InvalidInputs, Unavailable
from coordination.ports import RunView
from handlers.slack import clicks, ids
from handlers.slack.answers import Answer, Misread, RunPage
from handlers.slack.clicks import Body, Place
from handlers.slack.grammar import Line, Unreadable, read
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, begin, ended, store_then_ack, within_limit
from handlers.slack.screens import Expired, StartForm
from handlers.slack.verbs import VERBS, Asked, Verb, check, chosen, typed_inputs

SEND_AGAIN = "My database does not answer. Send it again: it starts one run all the same."
STARTING = "Starting…"
BUTTONS = (
    (ids.SHOW_APPROVALS, "approvals"),
    (ids.SHOW_RUNS, "runs"),
    (ids.SHOW_WORKFLOWS, "list"),
)


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the command, to the buttons of its answers, and to the form of a start."""

    async def command(ack: Ack, body: Body) -> None:
        await obey(edge, ack, body, str(body.get("text") or ""))

    async def submit(ack: Ack, body: Body, view: Body) -> None:
        await submitted(edge, ack, body, view)

    bolt.command(ids.COMMAND)(command)
    bolt.view(ids.START)(submit)
    for action_id, line in BUTTONS:
        shortcut(bolt, edge, action_id, line)


def shortcut(bolt: AsyncApp, edge: Edge, action_id: str, line: str) -> None:
    """Listen to a button that does what typing *line* would."""

    async def show(ack: Ack, body: Body) -> None:
        await obey(edge, ack, body, line)

    bolt.action(action_id)(show)


async def obey(edge: Edge, ack: Ack, body: Body, typed: str) -> None:
    """Do what was typed and answer privately."""
    place = clicks.place(body)
    try:
        line = read(typed)
        verb = chosen(line.verb) if line.verb is not None else VERBS[0]
        check(verb, line)
    except Unreadable as error:
        await ack()
        await edge.screens.tell(place, misread(typed, error))
        return
    asked = Asked(line, clicks.principal(body), named(body), edge.coordinator, edge.world.clock)
    try:
        answer = await done(ack, verb, asked)
    except Unreadable as error:
        await ack()
        answer = misread(typed, error)
    except InvalidInputs as error:
        await ack()
        await ask_inputs(edge, place, body, line, error)
        return
    await edge.screens.tell(place, answer)


async def done(ack: Ack, verb: Verb, asked: Asked) -> Answer:
    """Store first where something is stored; what only looks is acknowledged at once."""
    if verb.stores:
        return await store_then_ack(ack, verb.do(asked))  # type: ignore[arg-type]  # a coroutine
    await ack()
    return await verb.do(asked)


async def ask_inputs(
    edge: Edge, place: Place, body: Body, line: Line, error: InvalidInputs
) -> None:
    """Ask in a form for the inputs that are missing or wrong.

    Only the refused start tells that a form is needed, so it opens after one look into the
    database; where that took too long, the problems are told instead.
    """
    name = line.words[0].text if line.words else ""
    try:
        view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), "Start")
    except Expired:
        await edge.screens.tell(place, await edge.refusal(error))
        return
    try:
        workflow = await edge.coordinator.workflow(name)
    except EXPECTED as refused:
        await edge.screens.show_answer(view_id, await edge.refusal(refused))
        return
    shown = [each for each in error.problems if each[0] in line.given]
    await edge.screens.show_start(view_id, StartForm(workflow, line.given, shown))


async def submitted(edge: Edge, ack: Ack, body: Body, view: Body) -> None:
    """Start what the form says. A view starts one run, however often it is sent."""
    name = str(view.get("private_metadata", ""))
    work = begin(start(edge, body, view, name))
    if await within_limit(work):
        try:
            run = await ended(work)
        except EXPECTED as error:
            await refuse(edge, ack, view, error)
        else:
            shown = edge.screens.said(RunPage(run, None, "is started"))
            await ack(response_action="update", view=shown)
        return
    await ack(response_action="update", view=edge.screens.loading(STARTING))
    try:
        answer: Answer = RunPage(await ended(work), None, "is started")
    except EXPECTED as error:
        answer = await edge.refusal(error, stored=True)
    await edge.screens.show_answer(str(view["id"]), answer)


async def refuse(edge: Edge, ack: Ack, view: Body, error: BatonError) -> None:
    """Say what is wrong under the input that it is about; what no input mends takes their place."""
    if isinstance(error, InvalidInputs) and first_field(view):
        await ack(response_action="errors", errors=in_fields(view, error))
    elif isinstance(error, Unavailable) and first_field(view):
        await ack(response_action="errors", errors={first_field(view): SEND_AGAIN})
    else:
        await ack(response_action="update", view=edge.screens.said(await edge.refusal(error)))


async def start(edge: Edge, body: Body, view: Body, name: str) -> RunView:
    workflow = await edge.coordinator.workflow(name)
    return await edge.coordinator.start(
        clicks.principal(body),
        name,
        typed_inputs(workflow.definition.body, filled(view)),
        request_id=f"slack.{view.get('id')}",
        via="slack",
    )


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


def misread(typed: str, error: Unreadable) -> Misread:
    """Show where a command goes wrong, and how it is written."""
    usage = next((verb.usage for verb in VERBS if verb.name == error.verb), "help")
    return Misread(typed, error.at, error.length, error.why, usage)


def named(body: Body) -> str:
    """Name one command for ever: Slack gives each a trigger id of its own."""
    return f"slack.{body.get('trigger_id', '')}"
