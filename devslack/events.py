"""The Events API: what the app hears of, once it subscribed, has the scope and is in the channel."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from devslack.changes import (
    Change,
    ChannelChanged,
    MemberMoved,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Reacted,
)
from devslack.clock import Clock
from devslack.deliveries import Deliveries, Outcome
from devslack.faults import Faults
from devslack.further_events import due
from devslack.holding import Holding
from devslack.ids import Ids
from devslack.manifest import Manifest
from devslack.model import Channel, Message
from devslack.mrkdwn import MENTIONED
from devslack.shapes import Json
from devslack.state import Workspace

# Seconds of the clock between a delivery that failed and the next one.
RETRIES = (0, 60, 300)
# What follows them when the app has Delayed Events on: once an hour for a day.
DELAYED = (3600,) * 24

# Any one of these scopes lets an event through; an event that is not here needs none.
SCOPES: dict[str, tuple[str, ...]] = {
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "app_mention": ("app_mentions:read",),
    "message_metadata_posted": ("metadata.message:read",),
    "message_metadata_updated": ("metadata.message:read",),
    "message_metadata_deleted": ("metadata.message:read",),
    "pin_added": ("pins:read",),
    "pin_removed": ("pins:read",),
    "file_shared": ("files:read",),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
    "subteam_created": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "channel_created": ("channels:read",),
    "channel_archive": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "channel_rename": ("channels:read",),
    "group_archive": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "group_rename": ("groups:read",),
}


@dataclass(frozen=True, slots=True)
class Rights:
    """What the app may hear now."""

    manifest: Manifest
    scopes: frozenset[str]


class Events:
    """Turns changes into events and sees to their delivery."""

    def __init__(
        self,
        workspace: Workspace,
        deliveries: Deliveries,
        faults: Faults,
        ids: Ids,
        rights: Callable[[], Rights],
        token: str,
    ) -> None:
        self._workspace = workspace
        self._deliveries = deliveries
        self._faults = faults
        self._ids = ids
        self._rights = rights
        self._token = token
        self._collected: deque[asyncio.Task[Outcome]] = deque(maxlen=1)
        self.holding = Holding(faults, workspace.clock)
        self.retries: tuple[int, ...] = RETRIES

    def clear(self) -> None:
        """Forget what is kept back, and settings."""
        self.holding.clear()
        self.retries = RETRIES

    @property
    def _clock(self) -> Clock:
        return self._workspace.clock

    # -- from changes to events ------------------------------------------------------------------

    def listen(self, change: Change) -> None:
        """Send the events that a change causes."""
        self._messages_and_channels(change)
        # Of the rest the app hears only if it asked; the record need not say each time that it did not.
        rights = self._rights()
        email = "users:read.email" in rights.scopes
        for event, channel in due(change, self._workspace, email=email):
            if event["type"] in rights.manifest.events:
                ts = event.get("event_ts") or self._workspace.next_ts()
                deleted = {"deleted_ts": ts} if "deleted_ts" in event else {}
                self.emit(event["type"], {**event, **deleted, "event_ts": ts}, channel)

    def _messages_and_channels(self, change: Change) -> None:
        match change:
            case MessagePosted(message):
                self._posted(message)
            case MessageEdited(message, before):
                event = {
                    "subtype": "message_changed",
                    "message": self._inner(message),
                    "previous_message": before,
                }
                self._message(self._channel(message), {**event, "hidden": True})
            case MessageDeleted(message, before, _):
                event = {
                    "subtype": "message_deleted",
                    "deleted_ts": message.ts,
                    "previous_message": before,
                }
                self._message(self._channel(message), {**event, "hidden": True})
            case Reacted():
                self._reacted(change)
            case MemberMoved():
                self._moved(change)
            case ChannelChanged():
                self._channel_changed(change)
            case _:
                return

    def _channel(self, message: Message) -> Channel:
        return self._workspace.channels[message.channel]

    def _inner(self, message: Message) -> Json:
        return self._workspace.shown(message, metadata=True)

    def _message(self, channel: Channel, event: Json) -> None:
        ts = event.get("ts") or self._workspace.next_ts()
        whole = {
            "type": "message",
            **event,
            "channel": channel.id,
            "ts": ts,
            "event_ts": ts,
            "channel_type": channel.channel_type,
        }
        self.emit(channel.event_type, whole, channel)

    def _posted(self, message: Message) -> None:
        channel = self._channel(message)
        event = self._inner(message)
        if message.subtype == "thread_broadcast":
            root = self._workspace.message(channel.id, message.thread_ts)
            event["root"] = self._workspace.shown(root) if root else None
        self._message(channel, event)
        app = self._workspace.app.user_id
        if channel.kind != "im" and message.user != app and app in MENTIONED.findall(message.text):
            kept = {k: v for k, v in event.items() if k not in ("type", "subtype", "root")}
            mention = {"type": "app_mention", **kept, "channel": channel.id, "event_ts": message.ts}
            self.emit("app_mention", mention, channel)

    def _reacted(self, change: Reacted) -> None:
        message = change.message
        kind = "reaction_added" if change.op == "add" else "reaction_removed"
        event = {
            "type": kind,
            "user": change.user,
            "reaction": change.name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
            "event_ts": self._workspace.next_ts(),
        }
        self.emit(kind, event, self._channel(message))

    def _moved(self, change: MemberMoved) -> None:
        kind = "member_joined_channel" if change.op == "join" else "member_left_channel"
        event = {
            "type": kind,
            "user": change.user,
            "channel": change.channel.id,
            "channel_type": "G" if change.channel.kind == "private" else "C",
            "team": self._workspace.team_id,
            "event_ts": self._workspace.next_ts(),
        }
        self.emit(kind, event, change.channel)

    def _channel_changed(self, change: ChannelChanged) -> None:
        channel, what = change.channel, change.what
        words = {
            "archived": "archive",
            "unarchived": "unarchive",
            "renamed": "rename",
            "created": "created",
        }
        if what not in words or (what == "created" and channel.kind != "public"):
            return
        kind = f"{'group' if channel.kind == 'private' else 'channel'}_{words[what]}"
        named = {"id": channel.id, "name": channel.name, "created": channel.created}
        where: Any = named if what in ("renamed", "created") else channel.id
        event = {"type": kind, "channel": where, "event_ts": self._workspace.next_ts()}
        if what.endswith("archived"):
            event["user"] = change.by
        self.emit(kind, event, None if what == "created" else channel)

    # -- delivery --------------------------------------------------------------------------------

    def emit(self, name: str, event: Json, channel: Channel | None = None) -> None:
        """Deliver an event if the app may hear it; otherwise keep why not in the record."""
        payload = self._wrap(event)
        why = self._why_not(name, channel) or self._not_its_metadata(event)
        if why:
            envelope = self._deliveries.envelope("events_api", event["type"], payload)
            self._deliveries.note(envelope, "not_subscribed", why)
            return
        why = self.holding.keep(event["type"], lambda: self._begin(payload))
        if why:
            held = self._deliveries.envelope("events_api", event["type"], payload)
            held.event_id = payload["event_id"]
            self._deliveries.note(held, "held", why)
            return
        self._begin(payload)
        self.holding.passed()

    def _begin(self, payload: Json) -> None:
        self._collected.append(self._deliveries.spawn(self._deliver(payload, 0, "")))

    def _why_not(self, name: str, channel: Channel | None) -> str:
        rights = self._rights()
        if name not in rights.manifest.events:
            return f"the manifest does not subscribe to {name}"
        needed = SCOPES.get(name, ())
        if needed and not rights.scopes & set(needed):
            return f"the scope {' or '.join(needed)} is not granted"
        if channel is not None and self._workspace.app.user_id not in channel.members:
            return f"the app is not in #{channel.name}"
        return ""

    def _not_its_metadata(self, event: Json) -> str:
        if not event["type"].startswith("message_metadata_"):
            return ""
        metadata = event.get("metadata") or event["previous_metadata"]
        wanted = (event["app_id"], metadata["event_type"])
        if wanted in self._rights().manifest.metadata:
            return ""
        return (
            f"metadata_subscriptions of the manifest lack {wanted[1]} of {wanted[0] or 'a person'}"
        )

    def _wrap(self, event: Json) -> Json:
        workspace = self._workspace
        who = {
            "enterprise_id": None,
            "team_id": workspace.team_id,
            "user_id": workspace.app.user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": self._token,
            "team_id": workspace.team_id,
            "api_app_id": workspace.app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self._ids.make("Ev"),
            "event_time": int(self._clock.now()),
            "authorizations": [who],
            "is_ext_shared_channel": False,
            "event_context": f"4-{self._ids.secret(40)}",
        }

    async def _deliver(self, payload: Json, retry: int, reason: str) -> Outcome:
        event = payload["event"]
        envelope = self._deliveries.envelope("events_api", event["type"], payload)
        envelope.event_id, envelope.retry, envelope.reason = payload["event_id"], retry, reason
        if self._faults.take("drop_event", type=event["type"]):
            self._deliveries.note(envelope, "dropped", "the fault drop_event struck")
            return Outcome("not_sent", problem="the fault drop_event struck")
        outcome = await self._deliveries.send(envelope)
        if outcome.state != "acked" and not outcome.final and retry < len(self.retries):
            self._again(payload, retry, outcome.reason)
        return outcome

    def _again(self, payload: Json, retry: int, reason: str) -> None:
        def act() -> None:
            self._deliveries.spawn(self._deliver(payload, retry + 1, reason))

        if self.retries[retry]:
            self._clock.call_in(self.retries[retry], act)
        else:
            act()

    async def redeliver(self, payload: Json, retry: int) -> Outcome:
        """Send an event once more, whatever became of it before."""
        return await self._deliver(payload, retry, "timeout")

    @contextmanager
    def collecting(self) -> Iterator[deque[asyncio.Task[Outcome]]]:
        """Yield a queue into which the first delivery of each event goes that is emitted meanwhile."""
        tasks: deque[asyncio.Task[Outcome]] = deque()
        self._collected = tasks
        try:
            yield tasks
        finally:
            self._collected = deque(maxlen=1)
