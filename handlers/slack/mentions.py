"""`@Baton <word>` in a thread acts on that thread: slash commands do not work there.

A mention comes as an event, which Bolt acknowledges before anything here runs, and Slack sends an
event again that it holds for lost. What is asked for changes nothing, so it is enough to answer
each mention once in this life of the program.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from difflib import get_close_matches

from slack_bolt.async_app import AsyncApp

from coordination.errors import NotAllowed
from coordination.policy import Principal
from coordination.threads_view import ThreadView
from handlers.slack import clicks, private
from handlers.slack.answers import (
    ROWS,
    WHY,
    Answer,
    Lines,
    MentionHelp,
    Sentence,
    ThreadApprovals,
    ThreadPage,
)
from handlers.slack.clicks import Body
from handlers.slack.listening import Edge
from handlers.slack.verbs import VERBS

WORDS: Mapping[str, str] = {
    "status": "where the work of this thread stands, and what it waits for",
    "why": "why what is here belongs together",
    "approvals": "what people are asked here",
    "help": "these words",
}
MENTIONED = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
WORD = re.compile(r"[^\s.,;:!?]+")
KEPT = 2_000
UNKNOWN = "I know of no work that belongs to this thread. `/baton runs` lists the newest runs."


class Heard:
    """Remembers the newest events and messages that were answered."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, None] = OrderedDict()

    def first(self, *names: object) -> bool:
        """Say whether none of *names* was heard before, and remember all of them."""
        new = not any(name in self._kept for name in names)
        self._kept.update(dict.fromkeys(names))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return new


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to mentions in channels, and to direct messages."""
    heard = Heard()

    async def mentioned(body: Body, event: Body) -> None:
        if of_a_person(event) and heard.first(*names_of(body, event)):
            await answer(edge, event)

    async def direct(body: Body, event: Body) -> None:
        if of_a_person(event) and heard.first(*names_of(body, event)):
            said = await private.answer(edge, event)
            await edge.screens.reply(private.place_of(event), said)

    bolt.event("app_mention")(mentioned)
    bolt.event("message", matchers=[is_direct])(direct)


async def is_direct(event: Body) -> bool:
    return event.get("channel_type") == "im"


def of_a_person(event: Body) -> bool:
    """Say whether somebody typed it: bots are not answered, or two of them might never end."""
    return bool(event.get("user")) and not event.get("bot_id") and not event.get("subtype")


def names_of(body: Body, event: Body) -> tuple[object, object]:
    """Return what an event is known by: its id, and the message that it is about."""
    return body.get("event_id"), (event.get("channel"), event.get("ts"))


async def answer(edge: Edge, event: Body) -> None:
    """Answer what was asked in a thread for everybody, and anything else only to who asked."""
    place, word = clicks.place_of_event(event), asked_word(str(event.get("text") or ""))
    if word not in WORDS or word == "help" or place.thread_ts is None:
        await edge.screens.tell(place, MentionHelp(WORDS, misunderstood(word)))
        return
    try:
        await edge.admit(Principal("person", place.user, place.user, "slack"))
    except NotAllowed as error:
        await edge.screens.tell(place, await edge.refusal(error))
        return
    thread = await edge.coordinator.thread_at(str(place.channel), place.thread_ts)
    if thread is None:
        await edge.screens.tell(place, Sentence(UNKNOWN))
        return
    await edge.screens.reply(place, await look(edge, word, thread))


async def look(edge: Edge, word: str, thread: ThreadView) -> Answer:
    if word == "status":
        return ThreadPage(thread)
    if word == "approvals":
        return await asked_here(edge, thread)
    found = await edge.coordinator.why(thread.id)
    return Lines(WHY, found)


async def asked_here(edge: Edge, thread: ThreadView) -> ThreadApprovals:
    """Return what is open in a thread, and where its cards are."""
    asked = tuple(each for each in thread.approvals if not each.ended)[:ROWS]
    cards = {slot.slot: slot for slot in thread.slots}
    urls = {}
    for approval in asked:
        card = cards.get(f"approval:{approval.id}")
        url = await edge.screens.permalink(card.channel_id, card.ts) if card else None
        if url:
            urls[approval.id] = url
    return ThreadApprovals(asked, urls)


def asked_word(text: str) -> str:
    """Return the first word after the mention, in small letters; nothing is `help`."""
    after = MENTIONED.split(text, maxsplit=1)[-1]
    found = WORD.search(after)
    return found[0].lower() if found else "help"


def misunderstood(word: str) -> str:
    """Say why somebody gets help instead of an answer; nothing where they asked for it."""
    if word == "help":
        return ""
    if word in WORDS:
        return f"`{word}` works in a thread of mine: there I know what you mean."
    if word in {verb.name for verb in VERBS}:
        return f"`{word}` is typed as `/baton {word}`, outside of threads."
    near = get_close_matches(word, [*WORDS], n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"I do not know `{word[:40]}`.{hint}"
