"""Tells the stream what happened in the workspace, in the shapes of the control API."""

from devslack.changes import (
    Change,
    ChannelChanged,
    EphemeralGone,
    EphemeralShown,
    GroupChanged,
    MemberMoved,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    MessageTouched,
    Pinned,
    Reacted,
    StatusSet,
    UserChanged,
    UserMade,
)
from devslack.model import Message
from devslack.notifications import Notifications
from devslack.present import channel_json, may_open, message_json
from devslack.state import Workspace
from devslack.stream import Item, Stream


class Feed:
    """A listener of the workspace that writes to the stream."""

    def __init__(self, workspace: Workspace, stream: Stream, notifications: Notifications) -> None:
        self._workspace = workspace
        self._stream = stream
        self._notifications = notifications

    def listen(self, change: Change) -> None:
        """Tell the stream of one change."""
        match change:
            case MessagePosted(message):
                self._message("message", message)
                for ping in self._notifications.of(message):
                    self._stream.tell("notification", ping, only_for=ping["user"])
            case (
                MessageEdited(message)
                | MessageTouched(message)
                | Reacted(message)
                | Pinned(message)
            ):
                self._message("changed", message)
            case MessageDeleted(message, _, tombstone):
                self._deleted(message, tombstone)
            case EphemeralShown(message) | EphemeralGone(message):
                self._ephemeral(message, shown=isinstance(change, EphemeralShown))
            case ChannelChanged(channel) | MemberMoved(channel):
                data = {"channel": channel_json(self._workspace, channel)}
                self._stream.tell("channel", data, channel=channel.id)
            case StatusSet():
                self._status(change)
            case _:
                self._people(change)

    def _people(self, change: Change) -> None:
        if isinstance(change, (UserMade, UserChanged, GroupChanged)):
            self._stream.tell("people", {})

    def _message(self, name: str, message: Message) -> None:
        data = {"message": message_json(self._workspace, message)}
        self._stream.tell(name, data, channel=message.channel)

    def _deleted(self, message: Message, tombstone: Message | None) -> None:
        if tombstone is not None:
            self._message("changed", tombstone)
            return
        data = {"channel": message.channel, "ts": message.ts}
        if message.thread_ts:
            data["thread_ts"] = message.thread_ts
        self._stream.tell("deleted", data, channel=message.channel)

    def _ephemeral(self, message: Message, *, shown: bool) -> None:
        user = message.visible_to
        if shown:
            data = {"user": user, "message": message_json(self._workspace, message)}
            self._stream.tell("ephemeral", data, channel=message.channel, only_for=user)
        else:
            gone = {"user": user, "channel": message.channel, "ts": message.ts}
            self._stream.tell("ephemeral_gone", gone, channel=message.channel, only_for=user)

    def _status(self, status: StatusSet) -> None:
        data = {
            "channel": status.channel,
            "thread_ts": status.thread_ts,
            "status": status.status,
            "loading_messages": list(status.loading_messages),
        }
        self._stream.tell("status", data, channel=status.channel)

    def may_see(self, item: Item, user: str) -> bool:
        """True when *user* may see an item of the stream; an empty user sees everything."""
        if not user:
            return True
        channel = self._workspace.channels.get(item.channel)
        return item.only_for in ("", user) and (channel is None or may_open(channel, user))
