"""Reads back the channels that are read as a bus: what was said while nobody listened counts as well.

Both ways lead through the same door, where a message is known by its place, so it counts once.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from bot.slack.app import Identity
from bot.slack.budgets import Bucket
from bot.slack.client import Meaning, SlackCalls, SlackTrouble
from bot.slack.places import Places
from bot.slack.socket import Health
from coordination.bus_reading import moment_of, written
from coordination.coordinator import Coordinator
from coordination.errors import Unavailable
from coordination.slack_bus import BusChannel
from coordination.world import World
from handlers.slack.bus import Bus
from handlers.slack.messages import Ours

log = structlog.get_logger()

EVERY = timedelta(minutes=10)
SOON = timedelta(minutes=1)  # after a round that Slack or the store cut short
LOOK = timedelta(seconds=5)
MOST = 1_000  # messages of one channel at once
PAGE = 200
BACK = timedelta(days=7)  # as long as it is known what was read before
ROOTS = timedelta(days=1)  # threads that began so long ago are looked at for replies and edits
PATIENCE = 5  # pauses that Slack asks for, of one call
CALLS = 20  # at once, after a rest; then one every two seconds
KEPT = 2_000
EMPTY = "0000000000.000000"

LASTING = (Meaning.NO_PLACE, Meaning.NO_SCOPE, Meaning.NO_TOKEN, Meaning.NEVER)
Json = Mapping[str, Any]


class Marks:
    """Reacts to messages that were not understood."""

    def __init__(self, slack: SlackCalls) -> None:
        self._slack = slack

    async def warn(self, channel: str, ts: str) -> None:
        """Leave one reaction; without it the log has it all the same."""
        try:
            await self._slack.call("reactions.add", channel=channel, timestamp=ts, name="warning")
        except SlackTrouble as error:
            log.info("not_warned", channel=channel, ts=ts, error=error.trouble.word)


@dataclass(slots=True)
class Sweep:
    """Runs until it is cancelled: at the start, after each reconnect, and every ten minutes."""

    slack: SlackCalls
    bus: Bus
    coordinator: Coordinator
    identity: Identity
    world: World
    health: Callable[[], Health]
    _troubles: dict[str, str] = field(default_factory=dict)
    _shaky: bool = False
    _replies: dict[tuple[str, str], str] = field(default_factory=dict)  # newest that was read
    _budget: Bucket = field(default_factory=lambda: Bucket(CALLS, 0.5))

    @property
    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each channel that cannot be read."""
        return tuple(
            f"{channel} is to be read as a bus, and cannot be: {why}"
            for channel, why in self._troubles.items()
        )

    async def run(self) -> None:
        while True:
            begun, seen = self.world.clock.monotonic(), self._seen()
            if self.health().state == "connected":
                await self.round()
            until = begun + (SOON if self._shaky else EVERY).total_seconds()
            while self.world.clock.monotonic() < until and self._seen() == seen:
                await self.world.clock.sleep(LOOK)

    async def round(self) -> None:
        """Read each channel from where it was left."""
        self._troubles.clear()
        self._shaky = False
        channels = self.coordinator.rules.bus
        if not channels:
            return
        try:
            places = await self._places(channels)
            known = await self.identity.known()
        except SlackTrouble as error:
            self._trouble("Slack", error)
            return
        ours = Ours(str(known.team_id), known.bot_id, known.bot_user_id)
        for channel in channels:
            place = places.get(channel.channel)
            if place is None:
                self._troubles[channel.channel] = "there is no channel of that name that I can see"
                continue
            try:
                while await self._sweep(place, ours, channel.channel):
                    log.info("bus_sweep_goes_on", channel=place)
            except (SlackTrouble, Unavailable) as error:
                self._trouble(channel.channel, error)

    def _seen(self) -> tuple[object, ...]:
        """Return what, if it changes, is a reason to read at once."""
        health = self.health()
        return self.coordinator.rules.bus, health.state == "connected", health.since

    async def _places(self, channels: tuple[BusChannel, ...]) -> dict[str, str]:
        """Return the ids of the channels; those given by a name are asked for anew each time."""
        asked = Places(self.slack)
        found = {each.channel: await asked.id_of(each.channel) for each in channels}
        self.bus.names = {
            place: name for name, place in found.items() if place and name.startswith("#")
        }
        return {name: place for name, place in found.items() if place}

    async def _sweep(self, channel: str, ours: Ours, name: str) -> bool:
        """Read what is new in a channel, oldest first; True if there is more than fits at once."""
        mark = await self.coordinator.bus_mark(channel)
        if mark is None:
            mark = await self._beginning(channel, name)
            await self.coordinator.note_bus_mark(channel, mark)
        mark = max(mark, written(self.world.clock.now() - BACK))
        new: list[Json] = []
        async for message in self._said("conversations.history", channel, oldest=mark):
            new.append(message)
            if len(new) >= MOST:
                break
        for message in sorted((*new, *await self._older(channel, mark)), key=when):
            await self._take(message, channel, ours, mark)
            await self._thread(message, channel, mark, ours)
        if new:
            await self.coordinator.note_bus_mark(channel, max(when(each) for each in new))
        return len(new) >= MOST

    async def _older(self, channel: str, mark: str) -> list[Json]:
        """Return messages that were read before and may have been edited, or answered, since."""
        oldest = max(written(moment_of(mark) - ROOTS), EMPTY)
        asked = {"oldest": oldest, "latest": mark, "inclusive": True, "limit": PAGE}
        answer = await self._call("conversations.history", channel=channel, **asked)
        return [
            each
            for each in answer.get("messages", ())
            if edited(each) > mark
            or str(each.get("latest_reply", "")) > mark
            or each.get("reactions")
        ]

    async def _thread(self, root: Json, channel: str, mark: str, ours: Ours) -> None:
        """Read the replies to a message that are new."""
        latest, place = str(root.get("latest_reply") or ""), (channel, when(root))
        read = max(mark, self._replies.get(place, ""))
        if latest <= read:
            return
        replies = [
            each
            async for each in self._said(
                "conversations.replies", channel, oldest=read, ts=when(root)
            )
            if when(each) > read and when(each) != when(root)
        ]
        for reply in sorted(replies[:MOST], key=when):
            await self._take(reply, channel, ours, mark)
        while len(self._replies) >= KEPT:
            self._replies.pop(next(iter(self._replies)))
        self._replies[place] = latest

    async def _take(self, message: Json, channel: str, ours: Ours, mark: str) -> None:
        new = when(message) > mark
        try:
            if (
                new or edited(message) > mark
            ):  # a reaction alone makes no report of what came before
                await self.bus.take(message, channel, ours)
            await self.bus.others.read_back(message, channel, ours, new=new)
        except Unavailable:
            raise
        except Exception:  # the edge of a loop: recorded, and the others are read all the same
            log.exception("bus_message_failed", channel=channel, ts=when(message))

    async def _beginning(self, channel: str, name: str) -> str:
        """Return where a channel begins for us: what was said before it was named is not read.

        Where nothing was said since, that is its newest message: Slack's clock is not ours.
        """
        answer = await self._call("conversations.history", channel=channel, limit=1)
        newest = max((when(each) for each in answer.get("messages", ())), default=EMPTY)
        named = await self.coordinator.bus_mark(name)
        return newest if named is None else min(newest, named)

    async def _said(self, method: str, channel: str, **asked: Any) -> AsyncIterator[Json]:
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = await self._call(method, channel=channel, limit=PAGE, **asked, **more)
            for message in answer.get("messages", ()):
                yield message
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    async def _call(self, method: str, **asked: Any) -> Json:
        """Ask Slack, slowly, and as slowly as it wants. Raises: SlackTrouble."""
        for pauses in range(PATIENCE + 1):
            now = self.world.clock.monotonic()
            if (wait := self._budget.wait(now, urgent=False)) > 0:
                await self.world.clock.sleep(timedelta(seconds=wait))
            self._budget.take(self.world.clock.monotonic())
            try:
                return await self.slack.call(method, **asked, include_all_metadata=True)
            except SlackTrouble as error:
                pause = error.trouble.retry_after
                if error.trouble.meaning is not Meaning.LATER or pauses == PATIENCE:
                    raise
                await self.world.clock.sleep(pause or timedelta(seconds=30))
        raise AssertionError("the last try returns or raises")

    def _trouble(self, channel: str, error: Exception) -> None:
        trouble = error.trouble if isinstance(error, SlackTrouble) else None
        why = trouble.word if trouble is not None else str(error)
        if trouble is None or trouble.meaning not in LASTING:
            self._shaky = True
        log.warning("bus_not_swept", channel=channel, error=why)
        self._troubles[channel] = WHY.get(why, why)


WHY: Mapping[str, str] = {
    "not_in_channel": "I am not in it. Type `/invite @Baton` there.",
    "channel_not_found": "there is none that I can see. Invite me, or correct the id.",
    "missing_scope": "the app lacks the scope channels:history or groups:history. Add it to the app.",
}


def when(message: Json) -> str:
    """Return the ``ts`` of a message; as text they sort by time."""
    return str(message.get("ts") or EMPTY)


def edited(message: Json) -> str:
    """Return when a message was last edited, as a ``ts``; nothing if it never was."""
    return str((message.get("edited") or {}).get("ts", ""))
