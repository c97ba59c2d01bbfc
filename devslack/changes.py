"""What happened in a workspace, in the past tense: journal, stream and events each listen."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from devslack.model import Bot, Channel, Group, Message
from devslack.shapes import Json


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message is new in a channel or thread."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """Text or blocks are different. *before* is Slack's JSON of the message as it was."""

    message: Message
    before: Json
    metadata_before: Json | None = None


@dataclass(frozen=True, slots=True)
class MessageTouched:
    """Only what no event tells of is different: the reply count, or what a stream wrote so far."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone; *tombstone* stands in its place when it had replies."""

    message: Message
    before: Json
    tombstone: Message | None


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction was added or removed."""

    message: Message
    user: str
    name: str
    op: Literal["add", "remove"]


@dataclass(frozen=True, slots=True)
class Pinned:
    """A message was pinned to its channel, or is so no longer."""

    message: Message
    user: str
    op: Literal["add", "remove"]


@dataclass(frozen=True, slots=True)
class FileShared:
    """A file is in a channel."""

    file: str
    channel: str
    user: str


@dataclass(frozen=True, slots=True)
class EphemeralShown:
    """One person sees a message, new or edited."""

    message: Message


@dataclass(frozen=True, slots=True)
class EphemeralGone:
    """An ephemeral message was removed."""

    message: Message


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """A channel was made, renamed, archived or unarchived, or has another topic."""

    channel: Channel
    what: Literal["created", "renamed", "archived", "unarchived", "topic", "opened"]
    by: str = ""


@dataclass(frozen=True, slots=True)
class MemberMoved:
    """Somebody joined or left a channel."""

    channel: Channel
    user: str
    op: Literal["join", "leave"]


@dataclass(frozen=True, slots=True)
class StatusSet:
    """The app says what it is doing in a thread; an empty status clears it."""

    channel: str
    thread_ts: str
    status: str
    loading_messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserMade:
    """A user joined, or was made on first use (``--lenient``, and the app behind a webhook)."""

    user: str


@dataclass(frozen=True, slots=True)
class UserChanged:
    """A user has another name or other rights, or was deactivated."""

    user: str


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """A user group was made or changed. *added* and *removed* are people."""

    group: Group
    what: Literal["created", "updated", "members"]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BotMade:
    """Another app has come into the workspace."""

    bot: Bot


Change: TypeAlias = (
    MessagePosted
    | MessageEdited
    | MessageTouched
    | MessageDeleted
    | Reacted
    | EphemeralShown
    | EphemeralGone
    | ChannelChanged
    | MemberMoved
    | StatusSet
    | UserMade
    | UserChanged
    | GroupChanged
    | BotMade
    | Pinned
    | FileShared
)
