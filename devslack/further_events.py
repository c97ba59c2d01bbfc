"""The events that tell of metadata, pins, files, people and groups."""

from collections.abc import Iterator
from typing import NamedTuple

from devslack.changes import (
    Change,
    FileShared,
    GroupChanged,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Pinned,
    UserChanged,
    UserMade,
)
from devslack.model import Channel, Message
from devslack.shapes import Json
from devslack.state import Workspace


class Due(NamedTuple):
    """An event that is due; an app hears of it only in channels it is in.

    Its ``event_ts`` is given when it goes out, unless it is that of a message.
    """

    event: Json
    channel: Channel | None = None


def due(change: Change, workspace: Workspace, *, email: bool) -> Iterator[Due]:
    """Yield the events that a change causes beside those of messages and channels."""
    match change:
        case MessagePosted() | MessageEdited() | MessageDeleted():
            yield from _metadata(change, workspace)
        case Pinned():
            yield _pinned(change, workspace)
        case FileShared():
            yield _file(change, workspace)
        case UserMade(user) | UserChanged(user):
            shown = workspace.users[user].slack(workspace.team_id, email=email)
            kind = "team_join" if isinstance(change, UserMade) else "user_change"
            yield Due({"type": kind, "user": shown})
        case GroupChanged():
            yield _group(change, workspace)
        case _:
            return


def _metadata(
    change: MessagePosted | MessageEdited | MessageDeleted, workspace: Workspace
) -> Iterator[Due]:
    message = change.message
    channel = workspace.channels[message.channel]
    match change:
        case MessagePosted():
            if message.metadata:
                yield Due({**_about(message, workspace, "posted"), "event_ts": message.ts}, channel)
        case MessageEdited(_, _, before):
            if message.metadata and message.metadata != before:
                event = _about(message, workspace, "updated")
                yield Due({**event, "previous_metadata": before}, channel)
        case MessageDeleted():
            if message.metadata:
                event = _about(message, workspace, "deleted")
                event["previous_metadata"] = event.pop("metadata")
                yield Due({**event, "deleted_ts": ""}, channel)


def _about(message: Message, workspace: Workspace, what: str) -> Json:
    return {
        "type": f"message_metadata_{what}",
        "app_id": message.app_id,
        "bot_id": message.bot_id,
        "user_id": message.user,
        "team_id": workspace.team_id,
        "channel_id": message.channel,
        "metadata": message.metadata,
        "message_ts": message.ts,
    }


def _pinned(change: Pinned, workspace: Workspace) -> Due:
    message = change.message
    event = {
        "type": "pin_added" if change.op == "add" else "pin_removed",
        "user": change.user,
        "channel_id": message.channel,
        "item": {
            "type": "message",
            "channel": message.channel,
            "message": workspace.shown(message),
        },
    }
    return Due(event, workspace.channels[message.channel])


def _file(change: FileShared, workspace: Workspace) -> Due:
    event = {
        "type": "file_shared",
        "channel_id": change.channel,
        "file_id": change.file,
        "user_id": change.user,
        "file": {"id": change.file},
    }
    return Due(event, workspace.channels[change.channel])


def _group(change: GroupChanged, workspace: Workspace) -> Due:
    group = change.group
    if change.what != "members":
        shown = {**group.slack(workspace.team_id), "users": list(group.users)}
        return Due({"type": f"subteam_{change.what}", "subteam": shown})
    event = {
        "type": "subteam_members_changed",
        "subteam_id": group.id,
        "team_id": workspace.team_id,
        "added_users": list(change.added),
        "added_users_count": len(change.added),
        "removed_users": list(change.removed),
        "removed_users_count": len(change.removed),
    }
    return Due(event)
