"""Channels that tools report into: what they say there is stored, and only then Slack has its ack.

Bolt acknowledges an event before its listener runs, so all of this happens in a middleware. What is
no report is dropped in memory; Baton's own messages are the first that are.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse

from coordination.bus_reports import Unreadable
from coordination.coordinator import Coordinator
from coordination.errors import Unavailable
from coordination.slack_bus import BusChannel
from coordination.world import World
from handlers.slack.clicks import Body
from handlers.slack.messages import METADATA, Ours, deleted_in, is_ours, posted_in, said_in
from handlers.slack.overhearing import REACTED, Overhearing

log = structlog.get_logger()

TAKEN = METADATA | {"message", REACTED}
REOPENED = ("channel_rename", "group_rename", "channel_unarchive", "group_unarchive")
KEPT = 2_000


class Marks(Protocol):
    """Shows beside a message that it was not understood; it never fails."""

    async def warn(self, channel: str, ts: str) -> None: ...


@dataclass(slots=True)
class Bus:
    """The channels that are read. *names* says which names those have that are given by one.

    *others* hears what starts workflows, in these channels and in all others that Baton is in.
    """

    coordinator: Coordinator
    world: World
    marks: Marks
    others: Overhearing
    names: Mapping[str, str] = field(default_factory=dict)  # "#name" by id
    _warned: OrderedDict[tuple[str, str, str], None] = field(default_factory=OrderedDict)

    def listed(self, channel: str) -> BusChannel | None:
        """Return what the configuration says of a channel, if it is read."""
        known = (channel, self.names.get(channel))
        return next((each for each in self.coordinator.rules.bus if each.channel in known), None)

    async def take(self, message: Body, channel: str, ours: Ours) -> bool:
        """Store what a message reports; False if it reports nothing that is new.

        Raises:
            Unavailable: nothing can be stored at the moment.
        """
        bus = self.listed(channel)
        posted = posted_in(message, channel, bus, ours) if bus is not None else None
        if posted is None:
            return False
        try:
            return await self.coordinator.take_posted(posted) is not None
        except Unreadable as error:
            self._warn(channel, posted.ts, posted.edited or "", str(error))
            return False

    async def gone(self, event: Body, ours: Ours) -> None:
        """Note that a message was deleted: a report, or a card that somebody still has to see."""
        deleted = deleted_in(event)
        if deleted is None:
            return
        if is_ours(deleted.before, ours):
            await self.coordinator.message_gone(deleted.channel, deleted.ts)
        elif self.listed(deleted.channel) is not None:
            await self.coordinator.note_deleted(deleted.channel, deleted.ts, deleted.at)

    def _warn(self, channel: str, ts: str, edited: str, why: str) -> None:
        """Say it once: in the log, and as a reaction, which nobody is notified of."""
        if (channel, ts, edited) in self._warned:
            return
        self._warned[(channel, ts, edited)] = None
        while len(self._warned) > KEPT:
            self._warned.popitem(last=False)
        log.warning("bus_message_refused", channel=channel, ts=ts, why=why[:500])
        self.world.tasks.start(f"warn {channel} {ts}", self.marks.warn(channel, ts))


def register(bolt: AsyncApp, bus: Bus) -> None:
    """Listen to messages before anybody else does, and to what opens a channel to Baton."""

    async def store_first(
        body: Body, context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        event = body.get("event") if body.get("type") == "event_callback" else None
        if not isinstance(event, Mapping) or not concerns_us(event):
            await next_()
            return None
        return await stored(bus, event, ours_of(body, context))

    async def joined(event: Body, context: AsyncBoltContext) -> None:
        if event.get("user") == context.bot_user_id:
            await bus.coordinator.channel_joined(str(event["channel"]))

    async def reopened(event: Body) -> None:
        bus.others.looks.forget(channel_of(event))
        await bus.coordinator.channel_joined(channel_of(event))

    bolt.use(store_first)
    bolt.event("member_joined_channel")(joined)
    for name in REOPENED:
        bolt.event(name)(reopened)


def concerns_us(event: Body) -> bool:
    """Say whether an event is about a message that nobody wrote to Baton itself, or that is gone."""
    if event.get("type") not in TAKEN:
        return False
    return event.get("channel_type") != "im" or event.get("subtype") == "message_deleted"


async def stored(bus: Bus, event: Body, ours: Ours) -> BoltResponse:
    """Take what an event says, and acknowledge it; without an ack Slack delivers it again."""
    try:
        message = said_in(event)
        if message is not None:
            await bus.take(message, channel_of(event), ours)
        else:
            await bus.gone(event, ours)
        await bus.others.hear(event, channel_of(event), ours)
    except Unavailable as error:
        log.warning("bus_message_not_stored", error=str(error))
        return BoltResponse(status=503, body="")
    return BoltResponse(status=200, body="")


def channel_of(event: Body) -> str:
    """Return the id of the channel that an event is about, wherever it stands in it."""
    channel: Any = event.get("channel") or event.get("channel_id") or ""
    return str(channel.get("id") if isinstance(channel, Mapping) else channel)


def ours_of(body: Body, context: AsyncBoltContext) -> Ours:
    """Return who we are, as Slack said when we asked."""
    known = context.authorize_result
    team = (known.team_id if known is not None else None) or body.get("team_id")
    return Ours(str(team), context.bot_id, context.bot_user_id, body.get("api_app_id"))
