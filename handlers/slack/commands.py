"""`/baton …`: read the line, do what its verb does, answer the one person."""

from slack_bolt.async_app import AsyncApp

from handlers.slack import clicks, ids, starting
from handlers.slack.answers import Answer, Misread
from handlers.slack.asked import Asked
from handlers.slack.clicks import Body
from handlers.slack.grammar import Unreadable, read
from handlers.slack.listening import Edge
from handlers.slack.recording import Ack, store_then_ack
from handlers.slack.verb import Verb, check
from handlers.slack.verbs import VERBS, chosen

BUTTONS = (
    (ids.SHOW_APPROVALS, "approvals"),
    (ids.SHOW_RUNS, "runs"),
    (ids.SHOW_WORKFLOWS, "list"),
)

FOR_EVERYBODY = ("help", "whoami")  # they tell nothing of anybody else


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the command, and to the buttons of its answers."""

    async def command(ack: Ack, body: Body) -> None:
        await obey(edge, ack, body, str(body.get("text") or ""))

    bolt.command(ids.COMMAND)(command)
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
        asked = Asked(line, clicks.principal(body), place, named(body), edge)
        if verb.forms:
            await starting.obeyed(ack, asked, str(body.get("trigger_id", "")))
            return
        answer = await done(ack, verb, asked)
    except Unreadable as error:
        await ack()
        answer = misread(typed, error)
    await edge.screens.tell(place, answer)


async def done(ack: Ack, verb: Verb, asked: Asked) -> Answer:
    """Store first where something is stored; what only looks is acknowledged at once."""
    if verb.stores:
        return await store_then_ack(ack, admitted(verb, asked))
    await ack()
    return await admitted(verb, asked)


async def admitted(verb: Verb, asked: Asked) -> Answer:
    """Do what a verb does, for who takes part here. Raises: NotAllowed."""
    if verb.name not in FOR_EVERYBODY:
        await asked.edge.admit(asked.who)
    return await verb.do(asked)


def misread(typed: str, error: Unreadable) -> Misread:
    """Show where a command goes wrong, and how it is written."""
    usage = next((verb.usage for verb in VERBS if verb.name == error.verb), "help")
    return Misread(typed, error.at, error.length, error.why, usage)


def named(body: Body) -> str:
    """Name one command for ever: Slack gives each a trigger id of its own."""
    return f"slack.{body.get('trigger_id', '')}"
