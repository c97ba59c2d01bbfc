"""The workspace: people, channels and messages, and the few ways in which they change.

Every change is told to the listeners after it is done. Nothing here asks who may do what; that is
the business of the Web API and of the control API, whose rules differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from devslack.changes import (
    Change,
    ChannelChanged,
    EphemeralGone,
    EphemeralShown,
    MemberMoved,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    MessageTouched,
    Pinned,
    Reacted,
    StatusSet,
    UserMade,
)
from devslack.clock import Clock
from devslack.fixture import Fixture
from devslack.ids import Ids
from devslack.model import Bot, Channel, Group, Kind, Message, User
from devslack.mrkdwn import Names
from devslack.payloads import Body
from devslack.shapes import Json

MOST_EPHEMERALS = 200


@dataclass(frozen=True, slots=True)
class Author:
    """Who a message is by: a person, or a bot with its app."""

    user: str
    bot_id: str = ""
    app_id: str = ""


def _subtype(body: Body, *, broadcast: bool) -> str:
    if broadcast:
        return "thread_broadcast"
    return "file_share" if body.files else ""


class Workspace:
    """One Slack workspace."""

    def __init__(self, fixture: Fixture, clock: Clock, ids: Ids) -> None:
        self.clock = clock
        self.ids = ids
        self.listeners: list[Callable[[Change], None]] = []
        self.last_ts = 0
        self.fill(fixture)

    def fill(self, fixture: Fixture) -> None:
        """Begin with the people and channels of *fixture*, and nothing said yet."""
        self.team_id, self.team_name, self.domain = (
            fixture.team_id,
            fixture.team_name,
            fixture.domain,
        )
        self.app, self.other = fixture.app, fixture.other
        self.bots: dict[str, Bot] = {b.id: b for b in (fixture.app, fixture.other)}
        self.users: dict[str, User] = {u.id: u for u in fixture.users}
        self.groups: dict[str, Group] = {g.id: g for g in fixture.groups}
        self.channels: dict[str, Channel] = {c.id: c for c in fixture.channels}
        self.messages: dict[str, dict[str, Message]] = {c: {} for c in self.channels}
        self.threads: dict[tuple[str, str], list[Message]] = {}
        self.ephemerals: list[Message] = []
        self.statuses: dict[tuple[str, str], StatusSet] = {}

    def tell(self, change: Change) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener(change)

    @property
    def names(self) -> Names:
        """The names references resolve to."""
        return Names(
            {u.id: u.name for u in self.users.values()},
            {c.id: c.name for c in self.channels.values() if c.kind != "im"},
            {g.id: g.handle for g in self.groups.values()},
        )

    @property
    def app_author(self) -> Author:
        """The app as an author."""
        return Author(self.app.user_id, self.app.id, self.app.app_id)

    def next_ts(self) -> str:
        """Return a ts that was never used, at or after the present moment."""
        self.last_ts = max(int(self.clock.now() * 1_000_000), self.last_ts + 100)
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    # -- finding ---------------------------------------------------------------------------------

    def bot(self, bot_id: str) -> Bot | None:
        """Find a bot by its B id."""
        return self.bots.get(bot_id)

    def channel_named(self, name: str) -> Channel | None:
        """Find a channel by id, by ``#name`` or by name."""
        if name in self.channels:
            return self.channels[name]
        bare = name.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == bare and c.kind != "im"), None)

    def dm_of(self, user: str) -> Channel | None:
        """Find the direct message between the app and *user*, if it was opened."""
        return next((c for c in self.channels.values() if c.kind == "im" and c.user == user), None)

    def message(self, channel: str, ts: str) -> Message | None:
        """Find a message that is in history."""
        return self.messages.get(channel, {}).get(ts)

    def ephemeral(self, user: str, channel: str, ts: str) -> Message | None:
        """Find an ephemeral message that *user* sees."""
        return next(
            (m for m in self.ephemerals if (m.visible_to, m.channel, m.ts) == (user, channel, ts)),
            None,
        )

    def in_channel(self, channel: str) -> list[Message]:
        """Return what stands in the channel itself: roots and broadcast replies, oldest first."""
        held = self.messages.get(channel, {}).values()
        return [m for m in held if not m.is_reply or m.subtype == "thread_broadcast"]

    def replies(self, channel: str, root: str) -> list[Message]:
        """Return the replies of a thread, oldest first, without the root."""
        return self.threads.get((channel, root), [])

    def keep(self, message: Message) -> None:
        """Hold a message in history, and in its thread."""
        self.messages.setdefault(message.channel, {})[message.ts] = message
        if message.is_reply:
            self.threads.setdefault((message.channel, message.thread_ts), []).append(message)

    def drop(self, message: Message) -> None:
        """Let go of a message."""
        del self.messages[message.channel][message.ts]
        if message.is_reply:
            self.threads[message.channel, message.thread_ts].remove(message)

    def shown(self, message: Message, *, metadata: bool = False) -> Json:
        """Return Slack's JSON of a message, with thread, profile and (on demand) metadata."""
        shown = {**message.slack(), "team": self.team_id}
        bot = self.bot(message.bot_id)
        if bot is not None:
            shown["bot_profile"] = bot.profile(self.team_id)
        root = self.message(message.channel, message.thread_ts)
        if message.is_reply and root is not None:
            shown["parent_user_id"] = root.user
        if message.thread_ts == message.ts:
            shown |= self.thread_facts(message)
        if metadata and message.metadata:
            shown["metadata"] = message.metadata
        return shown

    def thread_facts(self, root: Message) -> Json:
        """Return what a root tells of its replies."""
        replies = self.replies(root.channel, root.ts)
        users = list(dict.fromkeys(m.user for m in replies))
        facts: Json = {
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }
        return {**facts, "latest_reply": replies[-1].ts} if replies else facts

    # -- messages --------------------------------------------------------------------------------

    def post(
        self,
        channel: str,
        author: Author,
        body: Body,
        thread_ts: str = "",
        *,
        broadcast: bool = False,
    ) -> Message:
        """Add a message; *thread_ts* is that of a root that exists."""
        message = Message(
            channel,
            self.next_ts(),
            author.user,
            body.text,
            thread_ts=thread_ts,
            subtype=_subtype(body, broadcast=broadcast and bool(thread_ts)),
            bot_id=author.bot_id,
            app_id=author.app_id,
            blocks=body.blocks,
            attachments=body.attachments,
            metadata=body.metadata,
            files=body.files,
        )
        root = self.message(channel, thread_ts)
        self.keep(message)
        if root is not None:
            root.thread_ts = root.ts
        self.tell(MessagePosted(message))
        if root is not None:
            self.tell(MessageTouched(root))
        return message

    def edit(self, message: Message, by: str, body: Body) -> None:
        """Replace what a message says; metadata stays unless the new body has some."""
        before, metadata = self.shown(message), message.metadata
        message.text = body.text
        message.blocks = body.blocks
        message.attachments = body.attachments
        message.metadata = body.metadata or message.metadata
        message.edited = {"user": by, "ts": self.next_ts()}
        self.tell(MessageEdited(message, before, metadata))

    def write(self, message: Message, body: Body, *, last: bool) -> None:
        """Add to what a streamed message says; *last* ends the stream, which an event tells of."""
        before, metadata = self.shown(message), message.metadata
        message.text += body.text
        message.blocks = [*(message.blocks or []), *(body.blocks or [])] or None
        message.metadata = body.metadata or metadata
        message.streaming = not last
        self.tell(MessageEdited(message, before, metadata) if last else MessageTouched(message))

    def delete(self, message: Message) -> None:
        """Take a message away; a root with replies leaves a tombstone."""
        before = self.shown(message)
        root = self.message(message.channel, message.thread_ts) if message.is_reply else None
        tombstone = None
        if self.replies(message.channel, message.ts):
            tombstone = Message(
                message.channel, message.ts, "USLACKBOT", "This message was deleted."
            )
            tombstone.subtype, tombstone.thread_ts = "tombstone", message.ts
            self.keep(tombstone)
        else:
            self.drop(message)
        self.tell(MessageDeleted(message, before, tombstone))
        if root is not None:
            if not self.replies(root.channel, root.ts):
                root.thread_ts = ""
            self.tell(MessageTouched(root))

    def react(self, message: Message, user: str, name: str, op: Literal["add", "remove"]) -> bool:
        """Add or remove a reaction; False when there was nothing to do."""
        users = message.reactions.get(name, [])
        if (user in users) == (op == "add"):
            return False
        message.reactions[name] = [*users, user] if op == "add" else [u for u in users if u != user]
        if not message.reactions[name]:
            del message.reactions[name]
        self.tell(Reacted(message, user, name, op))
        return True

    def pin(self, message: Message, user: str, op: Literal["add", "remove"]) -> bool:
        """Pin a message to its channel, or take it off; False when there was nothing to do."""
        if bool(message.pinned_by) == (op == "add"):
            return False
        message.pinned_by = user if op == "add" else ""
        self.tell(Pinned(message, user, op))
        return True

    def whisper(
        self, user: str, channel: str, author: Author, body: Body, thread_ts: str = ""
    ) -> Message:
        """Show an ephemeral message to one person."""
        message = Message(
            channel,
            self.next_ts(),
            author.user,
            body.text,
            thread_ts=thread_ts,
            bot_id=author.bot_id,
            app_id=author.app_id,
            blocks=body.blocks,
            attachments=body.attachments,
            visible_to=user,
        )
        self.ephemerals.append(message)
        del self.ephemerals[:-MOST_EPHEMERALS]
        self.tell(EphemeralShown(message))
        return message

    def rewrite_whisper(self, message: Message, body: Body | None) -> None:
        """Replace an ephemeral message, or remove it when there is no body."""
        if body is None:
            self.ephemerals.remove(message)
            self.tell(EphemeralGone(message))
            return
        message.text, message.blocks, message.attachments = body.text, body.blocks, body.attachments
        self.tell(EphemeralShown(message))

    def set_status(self, status: StatusSet) -> None:
        """Say what the app is doing in a thread."""
        key = (status.channel, status.thread_ts)
        if status.status:
            self.statuses[key] = status
        else:
            self.statuses.pop(key, None)
        self.tell(status)

    # -- channels and people ---------------------------------------------------------------------

    def open_dm(self, user: str) -> Channel:
        """Return the direct message of the app with *user*, opened if need be."""
        known = self.dm_of(user)
        if known is not None:
            return known
        return self.make_channel(f"dm-{user.lower()}", "im", [user, self.app.user_id])

    def make_channel(self, name: str, kind: Kind, members: list[str]) -> Channel:
        """Make a channel, or with kind ``im`` the DM of the first member."""
        user = members[0] if kind == "im" else ""
        key = f"D0{user[1:].removeprefix('0')}" if kind == "im" else self.ids.make("C")
        channel = Channel(
            key, name, kind, members=members, user=user, created=int(self.clock.now())
        )
        self.channels[key] = channel
        self.messages[key] = {}
        self.tell(ChannelChanged(channel, "opened" if kind == "im" else "created"))
        return channel

    def move(self, channel: Channel, user: str, op: Literal["join", "leave"]) -> bool:
        """Let somebody join or leave; False when there was nothing to do."""
        if (user in channel.members) == (op == "join"):
            return False
        if op == "join":
            channel.members.append(user)
        else:
            channel.members.remove(user)
        self.tell(MemberMoved(channel, user, op))
        return True

    def change(
        self,
        channel: Channel,
        *,
        name: str | None = None,
        topic: str | None = None,
        archived: bool | None = None,
    ) -> None:
        """Rename, archive or describe a channel; what is None stays."""
        if name is not None:
            channel.name = name
            self.tell(ChannelChanged(channel, "renamed"))
        if topic is not None:
            channel.topic = topic
            self.tell(ChannelChanged(channel, "topic"))
        if archived is not None:
            channel.archived = archived
            self.tell(ChannelChanged(channel, "archived" if archived else "unarchived"))

    def make_user(self, user: User) -> User:
        """Add a user nobody knew."""
        self.users[user.id] = user
        self.tell(UserMade(user.id))
        return user

    def forget_thread_status(self, channel: str, thread_ts: str) -> None:
        """Clear the status of a thread, as a reply of the app does."""
        if (channel, thread_ts) in self.statuses:
            self.set_status(StatusSet(channel, thread_ts, ""))
