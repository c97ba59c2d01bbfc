"""Tells Slack one message: posts it, edits it, or finds the one that an earlier try left behind."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeAlias

import structlog

from bot.slack.blocks import Shown
from bot.slack.client import Meaning, SlackCalls, SlackTrouble, Trouble
from bot.slack.limits import EDIT, POST, Limits
from coordination.outbox import ROOT, Leased, Slot

log = structlog.get_logger()

Redraw: TypeAlias = Callable[[int], Awaitable[Shown | None]]

BEFORE = timedelta(
    seconds=60
)  # clocks differ: look for a message from so long before it was queued
PAGE = 200
RUNGS = 2


@dataclass(frozen=True, slots=True)
class Message:
    """A message on its way: whose notice, which slot, what it shows, and how to draw it simpler."""

    leased: Leased
    slot: str
    shown: Shown
    redraw: Redraw


@dataclass(frozen=True, slots=True)
class Where:
    """Where a message goes: a channel, as name or id; the root of its thread; the thread's id."""

    channel: str
    root: Slot | None
    thread_id: str


class Telling:
    """Every method raises SlackTrouble where Slack does not take it."""

    def __init__(self, slack: SlackCalls, limits: Limits) -> None:
        self._slack = slack
        self._limits = limits
        self._locked: set[str] = set()
        self._ids: dict[str, str] = {}

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
        thread = {"thread_ts": where.root.ts} if where.root else {}
        answer, shown = await self._call(
            POST,
            message,
            channel=where.channel,
            metadata=tagged(mark),
            unfurl_links=False,
            unfurl_media=False,
            **thread,
        )
        slot = Slot(
            message.leased.notice.thread_key,
            message.slot,
            str(answer["channel"]),
            str(answer["ts"]),
            fingerprint(shown),
        )
        return await self._with_link(slot)

    async def edit(self, message: Message, slot: Slot) -> Slot:
        """Edit the message of *slot*.

        One that was deleted is posted anew where it still asks something; otherwise whoever deleted
        it has the last word.
        """
        try:
            _, shown = await self._call(EDIT, message, channel=slot.channel_id, ts=slot.ts)
        except SlackTrouble as error:
            asks = message.shown.asks and message.slot != ROOT
            if error.trouble.meaning is Meaning.GONE and not asks:
                raise SlackTrouble(replace(error.trouble, meaning=Meaning.NEVER)) from error
            if error.trouble.meaning is Meaning.LOCKED:
                self._locked.add(slot.ts)
            raise
        return replace(slot, hash=fingerprint(shown))

    async def _call(
        self, method: str, message: Message, **arguments: Any
    ) -> tuple[Mapping[str, Any], Shown]:
        """Call Slack; what it refuses to draw is drawn more simply, at once."""
        shown, channel = message.shown, str(arguments["channel"])
        for rung in range(RUNGS + 1):
            self._limits.enter(method, channel, message.leased.notice.lane)
            try:
                return await self._slack.call(method, **arguments, **said(shown)), shown
            except SlackTrouble as error:
                trouble = error.trouble
                if trouble.meaning is Meaning.LATER and trouble.retry_after is not None:
                    self._limits.hold(method, channel, trouble.retry_after)
                if trouble.meaning is not Meaning.SIMPLER or rung == RUNGS:
                    raise
                log.warning("render_fallback", slot=message.slot, rung=rung, error=trouble.word)
                shown = await message.redraw(rung + 1) or shown
        raise SlackTrouble(Trouble(Meaning.NEVER, "no rung was taken"))

    async def _find(self, message: Message, where: Where, mark: Mapping[str, str]) -> Slot | None:
        """Find the newest message that bears *mark*; without the right to look there is none."""
        try:
            place = await self._id_of(where.channel)
            if place is None:
                return None
            found = await self._read(message, where, place)
        except SlackTrouble as error:
            if error.trouble.word != "missing_scope":
                raise
            log.warning("cannot_look_back", slot=message.slot)
            return None
        mine = [each for each in found if bears(each, mark) and each["ts"] not in self._locked]
        if not mine:
            return None
        ts = max(str(each["ts"]) for each in mine)
        key = message.leased.notice.thread_key
        return await self._with_link(Slot(key, message.slot, place, ts, ""))

    async def _read(self, message: Message, where: Where, place: str) -> list[Mapping[str, Any]]:
        """Return what was said in the place since the notice was queued."""
        oldest = (message.leased.created_at - BEFORE).timestamp()
        asked: dict[str, Any] = {
            "channel": place,
            "oldest": f"{oldest:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        method = "conversations.history"
        if where.root is not None:
            method, asked["ts"] = "conversations.replies", where.root.ts
        answer = await self._slack.call(method, **asked)
        return list(answer.get("messages", ()))

    async def _id_of(self, place: str) -> str | None:
        """Return the id of a channel that may be given by its name."""
        if not place.startswith("#"):
            return place
        if place not in self._ids:
            answer = await self._slack.call(
                "conversations.list", limit=1000, types="public_channel,private_channel"
            )
            for channel in answer.get("channels", ()):
                self._ids[f"#{channel.get('name')}"] = str(channel["id"])
        return self._ids.get(place)

    async def _with_link(self, slot: Slot) -> Slot:
        """Add the address of a root, for links to the thread; it is no harm to have none."""
        if slot.slot != ROOT:
            return slot
        try:
            answer = await self._slack.call(
                "chat.getPermalink", channel=slot.channel_id, message_ts=slot.ts
            )
        except SlackTrouble as error:
            log.info("no_permalink", channel=slot.channel_id, error=error.trouble.word)
            return slot
        return replace(slot, permalink=str(answer["permalink"]))


def said(shown: Shown) -> dict[str, Any]:
    """Return what a message shows, as Slack takes it."""
    return {"text": shown.text, "blocks": list(shown.blocks)}


def tagged(mark: Mapping[str, str]) -> dict[str, Any]:
    """Return the metadata by which a message is found again; ids only, since all apps can read it."""
    return {"event_type": "baton.notice", "event_payload": dict(mark)}


def bears(message: Mapping[str, Any], mark: Mapping[str, str]) -> bool:
    """Say whether *message* is the one of a slot: the notice that posted it may be another by now."""
    says = (message.get("metadata") or {}).get("event_payload") or {}
    return says.get("s") == mark["s"] and says.get("t") == mark["t"]


def fingerprint(shown: Shown) -> str:
    """Return a hash of what people would see."""
    written = json.dumps(said(shown), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:32]
