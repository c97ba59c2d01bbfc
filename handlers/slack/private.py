"""Direct messages: what looks can be asked in the words of `/baton`, and is offered as prompts.

A sentence is not understood, and nothing is ever changed from here: what does something is typed as
a command, pressed, or filled in.
"""

from collections.abc import Mapping, Sequence

from coordination.desk import Desk
from coordination.policy import Principal
from handlers.slack import clicks
from handlers.slack.answers import Answer, Sentence
from handlers.slack.asked import Asked
from handlers.slack.clicks import Body, Place
from handlers.slack.commands import admitted, misread
from handlers.slack.grammar import Unreadable, read
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.verb import check
from handlers.slack.verbs import VERBS

NOT_UNDERSTOOD = (
    "I do not understand sentences here. Type `/baton help` to see what I can do, "
    "`/baton approvals` for what waits for you, or look at my Home tab."
)
ELSEWHERE = "`{name}` is typed as `/baton {name}`: here I only look things up."
LOOKING = tuple(verb for verb in VERBS if not (verb.stores or verb.forms))
MOST = 4  # prompts, Slack shows no more
ALWAYS: Sequence[Mapping[str, str]] = (
    {"title": "What waits for me?", "message": "approvals"},
    {"title": "How do the newest runs go?", "message": "runs"},
    {"title": "What failed today?", "message": "runs state:failed since:1d"},
    {"title": "What can I type?", "message": "help"},
)


async def answer(edge: Edge, event: Body) -> Answer:
    """Return what a direct message asks for, if it is typed as a command that only looks."""
    typed, who = str(event.get("text") or "").strip(), str(event.get("user", ""))
    word = typed.split(maxsplit=1)[0].lower() if typed else ""
    looks = {verb.name: verb for verb in LOOKING}
    if word not in looks:
        known = word in {verb.name for verb in VERBS}
        return Sentence(ELSEWHERE.format(name=word) if known else NOT_UNDERSTOOD)
    try:
        line = read(typed)
        check(looks[word], line)
        principal = Principal("person", who, who, "slack")
        asked = Asked(line, principal, place_of(event), f"slack.{event.get('ts')}", edge)
        return await admitted(looks[word], asked)
    except Unreadable as error:
        return misread(typed, error)
    except EXPECTED as error:
        return await edge.refusal(error)


def place_of(event: Body) -> Place:
    """Return where a direct message is answered: in its thread, which each of them begins."""
    where = clicks.place_of_event(event)
    return Place(where.user, where.channel, where.thread_ts or str(event.get("ts")))


async def offer(edge: Edge, event: Body) -> None:
    """Offer somebody who opens the conversation what they may want to ask, by what there is."""
    person = str(event.get("user", ""))
    try:
        desk = await edge.coordinator.desk(Principal("person", person, person, "slack"), most=10)
    except EXPECTED:
        desk = None
    await edge.screens.suggest(str(event.get("channel", "")), prompts(desk))


def prompts(desk: Desk | None) -> list[Mapping[str, str]]:
    """Return what to offer: what waits and what goes on is counted."""
    found = [dict(each) for each in ALWAYS]
    if desk is not None and desk.waiting:
        many = len(desk.waiting)
        waits = "1 approval waits" if many == 1 else f"{many} approvals wait"
        found[0]["title"] = f"{waits} for you"
    if desk is not None and desk.running:
        first = desk.running[0].label
        newest = {"title": f"Where does {first} stand?", "message": f"status {first}"}
        found.insert(1, newest)
    return [*found[: MOST - 1], found[-1]]
