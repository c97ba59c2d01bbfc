"""The conversations.* methods that make and change channels."""

import re

from devslack.errors import ApiError
from devslack.model import Channel
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method, known_user

LONGEST_NAME = 80
LONGEST_TOPIC = 250
MANAGE = ("channels:manage", "groups:write")


def _name(call: Call) -> str:
    name = call.text("name").removeprefix("#")
    if len(name) > LONGEST_NAME:
        raise ApiError("invalid_name_maxlength")
    if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
        raise ApiError("invalid_name_specials")
    if call.workspace.channel_named(name) is not None:
        raise ApiError("name_taken")
    return name


def _changeable(call: Call) -> Channel:
    channel = call.channel()
    call.need("groups:write" if channel.kind == "private" else "channels:manage")
    if channel.kind == "im":
        raise ApiError("method_not_supported_for_channel_type")
    if not call.is_in(channel):
        raise ApiError("not_in_channel")
    return channel


def _open(call: Call) -> Channel:
    channel = _changeable(call)
    if channel.archived:
        raise ApiError("is_archived")
    return channel


def _answer(call: Call, channel: Channel) -> Json:
    return {"channel": channel.slack(call.workspace.app.user_id)}


def create(call: Call) -> Json:
    """Make a channel; the app is in it."""
    private = call.flag("is_private")
    call.need("groups:write" if private else "channels:manage")
    members = [call.workspace.app.user_id]
    kind = "private" if private else "public"
    channel = call.workspace.make_channel(
        _name(call), "private" if kind == "private" else "public", members
    )
    return _answer(call, channel)


def invite(call: Call) -> Json:
    """Bring people into a channel."""
    channel = _open(call)
    names = [name.strip() for name in call.text("users").split(",") if name.strip()]
    if call.workspace.app.user_id in names:
        raise ApiError("cant_invite_self")
    users = [known_user(call.emulator, name) for name in names]
    if any(user.deleted for user in users):
        raise ApiError("cant_invite")
    if all(user.id in channel.members for user in users):
        raise ApiError("already_in_channel")
    for user in users:
        call.workspace.move(channel, user.id, "join")
    return _answer(call, channel)


def leave(call: Call) -> Json:
    """Let the app leave."""
    channel = call.channel()
    call.need("groups:write" if channel.kind == "private" else "channels:manage")
    if channel.name == "general":
        raise ApiError("cant_leave_general")
    moved = call.workspace.move(channel, call.workspace.app.user_id, "leave")
    return {} if moved else {"not_in_channel": True}


def set_topic(call: Call) -> Json:
    """Say what a channel is about."""
    channel = _open(call)
    if len(call.text("topic")) > LONGEST_TOPIC:
        raise ApiError("too_long")
    call.workspace.change(channel, topic=call.text("topic"))
    return {**_answer(call, channel), "topic": channel.topic}


def rename(call: Call) -> Json:
    """Give a channel another name."""
    channel = _open(call)
    call.workspace.change(channel, name=_name(call))
    return _answer(call, channel)


def archive(call: Call) -> Json:
    """Close a channel."""
    channel = _changeable(call)
    if channel.archived:
        raise ApiError("already_archived")
    if channel.name == "general":
        raise ApiError("cant_archive_general")
    call.workspace.change(channel, archived=True)
    return {}


METHODS = {
    "conversations.create": Method(create, ("name",), MANAGE),
    "conversations.invite": Method(invite, ("channel", "users"), MANAGE),
    "conversations.leave": Method(leave, ("channel",), MANAGE),
    "conversations.setTopic": Method(set_topic, ("channel", "topic"), MANAGE),
    "conversations.rename": Method(rename, ("channel", "name"), MANAGE),
    "conversations.archive": Method(archive, ("channel",), MANAGE),
}
