"""What happened in a workspace, in the past tense: journal, stream and events each listen."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from devslack.model import Channel, Message
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


@dataclass(frozen=True, slots=True)
class MessageTouched:
    """Only what stands around the message is different: its reply count."""

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
    """A user that nobody knew was made on first use (``--lenient``)."""

    user: str


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
)
