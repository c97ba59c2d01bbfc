"""reactions.* and pins.*: what is put on messages."""

import re
from typing import Literal

from devslack.errors import ApiError
from devslack.model import Channel, Message
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method

Op = Literal["add", "remove"]


def _ts(call: Call) -> str:
    ts = call.text("timestamp")
    if not re.fullmatch(r"\d{1,12}\.\d{1,6}", ts):
        raise ApiError("bad_timestamp")
    return ts


def _marked(call: Call) -> tuple[Channel, Message]:
    """Return the message that an app is about to put something on."""
    ts = _ts(call)
    channel = call.channel()
    if channel.archived:
        raise ApiError("is_archived")
    if not call.is_in(channel):
        raise ApiError("not_in_channel")
    return channel, call.message(channel, ts)


def react(call: Call, op: Op, refusal: str) -> Json:
    """Add or remove one of the app's reactions."""
    name = call.text("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'\-]{1,100}(::skin-tone-[2-6])?", name):
        raise ApiError("invalid_name")
    _, message = _marked(call)
    if not call.workspace.react(message, call.workspace.app.user_id, name, op):
        raise ApiError(refusal)
    return {}


def add_reaction(call: Call) -> Json:
    """Add a reaction."""
    return react(call, "add", "already_reacted")


def remove_reaction(call: Call) -> Json:
    """Remove a reaction."""
    return react(call, "remove", "no_reaction")


def get_reactions(call: Call) -> Json:
    """Return a message with its reactions."""
    ts = _ts(call)
    channel = call.channel()
    if not call.is_in(channel):
        raise ApiError("not_in_channel")
    shown = call.workspace.shown(call.message(channel, ts))
    return {"type": "message", "channel": channel.id, "message": shown}


def add_pin(call: Call) -> Json:
    """Pin a message to its channel."""
    _, message = _marked(call)
    if not call.workspace.pin(message, call.workspace.app.user_id, "add"):
        raise ApiError("already_pinned")
    return {}


def remove_pin(call: Call) -> Json:
    """Take a pinned message off."""
    _, message = _marked(call)
    if not call.workspace.pin(message, call.workspace.app.user_id, "remove"):
        raise ApiError("no_pin")
    return {}


def list_pins(call: Call) -> Json:
    """List what is pinned to a channel."""
    channel, workspace = call.channel(), call.workspace
    if not call.is_in(channel):
        raise ApiError("not_in_channel")
    items = [
        {
            "type": "message",
            "channel": channel.id,
            "created": int(float(m.ts)),
            "created_by": m.pinned_by,
            "message": workspace.shown(m),
        }
        for m in workspace.messages[channel.id].values()
        if m.pinned_by
    ]
    return {"items": items}


WHERE = ("channel", "name", "timestamp")
METHODS = {
    "reactions.add": Method(add_reaction, WHERE, ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, WHERE, ("reactions:write",)),
    "reactions.get": Method(get_reactions, ("channel", "timestamp"), ("reactions:read",)),
    "pins.add": Method(add_pin, ("channel", "timestamp"), ("pins:write",)),
    "pins.remove": Method(remove_pin, ("channel", "timestamp"), ("pins:write",)),
    "pins.list": Method(list_pins, ("channel",), ("pins:read",)),
}
