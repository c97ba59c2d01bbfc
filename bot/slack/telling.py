"""Tells Slack one message: posts it, edits it, or finds the one that an earlier try left behind."""

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import structlog

from bot.slack.blocks import WORDS, Shown
from bot.slack.checks import problems_of
from bot.slack.client import Meaning, SlackCalls, SlackTrouble, Trouble
from bot.slack.limits import EDIT, POST, Limits
from bot.slack.places import Places
from bot.slack.reconcile import CannotLook, Finder, tagged
from bot.slack.rungs import Refusals
from coordination.outbox import ROOT, Lane, Leased, Slot
from coordination.reconciling import AGAIN
from coordination.store.whereabouts import LINKED

log = structlog.get_logger()

Redraw: TypeAlias = Callable[[int], Awaitable[Shown | None]]
Dress: TypeAlias = Callable[[Shown], Shown]

LOCKED = (
    "locked"  # the hash of a card that cannot be edited any more, and has a newer one beside it
)


def as_drawn(shown: Shown) -> Shown:
    return shown


@dataclass(frozen=True, slots=True)
class Message:
    """A message on its way.

    Args:
        leased: whose notice it is.
        slot: for which slot it stands.
        shown: what it shows at its best.
        redraw: draws it simpler.
        dress: what is done to it for this one post, as leaving out mentions.
    """

    leased: Leased
    slot: str
    shown: Shown
    redraw: Redraw
    dress: Dress = as_drawn


@dataclass(frozen=True, slots=True)
class Where:
    """Where a message goes: a channel, as name or id; the root of its thread; the thread's id."""

    channel: str
    root: Slot | None
    thread_id: str
    broadcast: bool = False


class Telling:
    """Every method raises SlackTrouble where Slack does not take it."""

    def __init__(
        self, slack: SlackCalls, limits: Limits, refusals: Refusals, places: Places, finder: Finder
    ) -> None:
        self._slack = slack
        self._limits = limits
        self._refusals = refusals
        self._places = places
        self._finder = finder
        self._locked: set[str] = set()
        self._workspace: str | None = None  # how addresses of messages begin

    async def post(self, message: Message, where: Where) -> Slot:
        """Post a message; where an earlier try may have posted it, look for that first.

        A slot without a hash is one that was found: what it shows is not known.
        """
        mark = {"o": message.leased.id, "s": message.slot, "t": where.thread_id}
        if message.leased.attempt > 1:
            found = await self._find(message, where, mark)
            if found is not None:
                log.info("message_found", slot=message.slot, ts=found.ts)
                return found
        thread: dict[str, Any] = {"thread_ts": where.root.ts} if where.root else {}
        if where.root and where.broadcast:
            thread["reply_broadcast"] = True
        answer, shown = await self._call(
            POST,
            message,
            channel=where.channel,
            metadata=tagged(mark),
            unfurl_links=False,
            unfurl_media=False,
            **thread,
        )
        self._places.note(where.channel, str(answer["channel"]))
        self._finder.hear(str(answer["ts"]))
        slot = Slot(
            message.leased.notice.thread_key,
            message.slot,
            str(answer["channel"]),
            str(answer["ts"]),
            fingerprint(shown),
        )
        return await self._linked(message, slot, where.root)

    async def edit(self, message: Message, slot: Slot) -> Slot:
        """Edit the message of *slot*.

        One that was deleted is posted anew where it still asks something, or where somebody wants
        it back; otherwise whoever deleted it has the last word.
        """
        try:
            _, shown = await self._call(EDIT, message, channel=slot.channel_id, ts=slot.ts)
        except SlackTrouble as error:
            wanted = message.shown.asks and message.slot != ROOT
            wanted = wanted or bool(message.leased.notice.body.get(AGAIN))
            if error.trouble.meaning is Meaning.GONE and not wanted:
                raise SlackTrouble(replace(error.trouble, meaning=Meaning.NEVER)) from error
            if error.trouble.meaning is Meaning.LOCKED:
                self._locked.add(slot.ts)
            if error.trouble.meaning is Meaning.STREAMING:
                with contextlib.suppress(SlackTrouble):  # it may have ended by itself
                    await self._slack.call("chat.stopStream", channel=slot.channel_id, ts=slot.ts)
            raise
        return replace(slot, hash=fingerprint(shown))

    async def _call(
        self, method: str, message: Message, **arguments: Any
    ) -> tuple[Mapping[str, Any], Shown]:
        """Call Slack; what it refuses to draw is drawn more simply, at once."""
        shown, channel = message.shown, str(arguments["channel"])
        rung, refused = self._refusals.first(shown), False
        if rung:
            shown = await message.redraw(rung) or shown
        while True:
            self._limits.enter(method, channel, message.leased.urgency, simpler=refused)
            dressed = message.dress(shown)
            try:
                refuse_misfit(dressed)
                return await self._heard(method, arguments, dressed), shown
            except SlackTrouble as error:
                if error.trouble.meaning is not Meaning.SIMPLER or rung >= WORDS:
                    raise
                self._note_refusal(message, dressed, error.trouble, rung)
                shown, rung = await simpler(message, shown, rung)
                refused = True

    async def _heard(
        self, method: str, arguments: Mapping[str, Any], shown: Shown
    ) -> Mapping[str, Any]:
        """Call Slack once, and note whether it can be reached and wants us to slow down."""
        try:
            return await self._slack.call(method, **arguments, **said(shown))
        except SlackTrouble as error:
            trouble = error.trouble
            if trouble.meaning is Meaning.LATER and trouble.retry_after is not None:
                self._limits.hold(method, str(arguments["channel"]), trouble.retry_after)
            if trouble.meaning is Meaning.NOT_SENT:
                pause = self._limits.unreachable()
                raise SlackTrouble(replace(trouble, retry_after=pause)) from error
            if trouble.meaning is Meaning.AMBIGUOUS:
                self._limits.doubtful()
            raise

    def _note_refusal(self, message: Message, shown: Shown, trouble: Trouble, rung: int) -> None:
        kind = self._refusals.note(shown, trouble)
        log.warning(
            "render_fallback",
            slot=message.slot,
            rung=rung,
            block=kind,
            error=trouble.word,
            details=trouble.details[:3],
        )

    async def _find(self, message: Message, where: Where, mark: Mapping[str, str]) -> Slot | None:
        """Find the newest message that bears *mark*.

        Without the right to look there is none: progress is then given up, all else is posted, and
        a second card does no harm.
        """
        place = await self._places.id_of(where.channel)
        if place is None:
            return None
        try:
            ts = await self._finder.find(
                mark,
                channel=place,
                thread_ts=where.root.ts if where.root else None,
                since=message.leased.created_at,
                passed_over=frozenset(self._locked),
            )
        except CannotLook:
            if message.leased.notice.lane == Lane.PROGRESS and message.slot != ROOT:
                raise SlackTrouble(Trouble(Meaning.NEVER, "cannot_look_back")) from None
            return None
        if ts is None:
            return None
        found = Slot(message.leased.notice.thread_key, message.slot, place, ts, "")
        return await self._linked(message, found, where.root)

    async def _linked(self, message: Message, slot: Slot, root: Slot | None) -> Slot:
        """Add the address of a root, for links to the thread, and of what somebody waits for."""
        if slot.slot == ROOT:
            return await self._with_link(slot)
        if not message.leased.notice.body.get(LINKED):
            return slot
        slot = await self._with_link(slot)
        if root is None or slot.permalink is None or "?" in slot.permalink:
            return slot
        inside = f"?thread_ts={root.ts}&cid={slot.channel_id}"
        return replace(slot, permalink=slot.permalink + inside)

    async def _with_link(self, slot: Slot) -> Slot:
        """Add the address of a message; it is no harm to have none.

        Slack is asked for the first one; the others differ in channel and time alone.
        """
        end = f"archives/{slot.channel_id}/p{slot.ts.replace('.', '')}"
        if self._workspace is not None:
            return replace(slot, permalink=self._workspace + end)
        try:
            answer = await self._slack.call(
                "chat.getPermalink", channel=slot.channel_id, message_ts=slot.ts
            )
        except SlackTrouble as error:
            log.info("no_permalink", channel=slot.channel_id, error=error.trouble.word)
            return slot
        link = str(answer["permalink"])
        if link.endswith(f"/{end}"):
            self._workspace = link.removesuffix(end)
        return replace(slot, permalink=link)


async def simpler(message: Message, refused: Shown, rung: int) -> tuple[Shown, int]:
    """Return the next drawing that is another one than what was refused, and its rung."""
    shown = refused
    while shown == refused and rung < WORDS:
        rung += 1
        shown = await message.redraw(rung) or refused
    return shown, rung


def refuse_misfit(shown: Shown) -> None:
    """Return if Slack would take it, as far as we know. Raises: SlackTrouble."""
    if problems := problems_of(shown):
        details = tuple(str(problem) for problem in problems)
        raise SlackTrouble(Trouble(Meaning.SIMPLER, "our own check", details=details))


def said(shown: Shown) -> dict[str, Any]:
    """Return what a message shows, as Slack takes it."""
    return {"text": shown.text, "blocks": list(shown.blocks)}


def fingerprint(shown: Shown) -> str:
    """Return a hash of what people would see."""
    written = json.dumps(said(shown), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:32]
