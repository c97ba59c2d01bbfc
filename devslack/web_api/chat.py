"""chat.*: posting, editing and deleting messages, and ephemerals."""

from devslack.errors import ApiError
from devslack.model import Channel, Message
from devslack.payloads import MOST_EDIT, Body, read_blocks, read_body, read_metadata
from devslack.present import permalink
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method, known_user, some


def destination(call: Call) -> Channel:
    """Return the channel a message goes to; a user id means the direct message with them."""
    name = call.text("channel")
    if call.workspace.channel_named(name) is None and name[:1] in ("U", "W"):
        user = call.workspace.users.get(name)
        if user is None or user.is_bot:
            raise ApiError("channel_not_found")
        return call.workspace.open_dm(user.id)
    if call.emulator.options.lenient and call.workspace.channel_named(name) is None:
        people = [u.id for u in call.workspace.users.values() if not u.is_bot]
        bare = name.removeprefix("#")
        return call.workspace.make_channel(bare, "public", [*people, call.workspace.app.user_id])
    return call.channel()


def writable(call: Call, channel: Channel, *, public_too: bool = False) -> None:
    """Refuse to write where the app may not."""
    if channel.archived:
        raise ApiError("is_archived")
    if channel.kind == "im" and not call.emulator.manifest.messages_tab:
        raise ApiError("messages_tab_disabled")
    anywhere = public_too and "chat:write.public" in call.emulator.scopes
    if not call.is_in(channel) and not (anywhere and channel.kind == "public"):
        raise ApiError("not_in_channel")


def thread_of(call: Call, channel: Channel) -> str:
    """Return the root a message replies to, checked."""
    ts = call.text("thread_ts")
    if not ts:
        return ""
    root = call.workspace.message(channel.id, ts)
    if root is None or root.is_reply:
        # Slack says only that it cannot be done: the message is gone, or is itself a reply.
        raise ApiError("cannot_reply_to_message")
    return root.ts


def post_message(call: Call) -> Json:
    """Post a message."""
    channel = destination(call)
    writable(call, channel, public_too=True)
    body = read_body(call.args, call.emulator.ids.short)
    thread = thread_of(call, channel)
    workspace = call.workspace
    broadcast = call.flag("reply_broadcast")
    message = workspace.post(channel.id, workspace.app_author, body, thread, broadcast=broadcast)
    if thread:
        workspace.forget_thread_status(channel.id, thread)
    shown = workspace.shown(message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown, **_cut(body)}


def _cut(body: Body) -> Json:
    if not body.truncated:
        return {}
    return {
        "warning": "message_truncated",
        "response_metadata": {"warnings": ["message_truncated"]},
    }


def _own(call: Call, channel: Channel, error: str) -> Message:
    message = call.message(channel, call.text("ts"))
    if message.bot_id != call.workspace.app.id:
        raise ApiError(error)
    return message


def update(call: Call) -> Json:
    """Replace what one of the app's own messages says."""
    channel = call.channel()
    message = _own(call, channel, "cant_update_message")
    if message.streaming:
        raise ApiError("streaming_state_conflict")
    call.workspace.edit(message, call.workspace.app.user_id, _new_body(call, message))
    shown = call.workspace.shown(message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def _new_body(call: Call, message: Message) -> Body:
    """Return what an update leaves: content that was not sent stays, but text replaces blocks."""
    args = call.args
    sent = [
        name
        for name in ("text", "blocks", "attachments", "markdown_text")
        if args.get(name) is not None
    ]
    if not sent:
        if not some(args.get("metadata")):
            raise ApiError("no_text")
        return Body(
            message.text, message.blocks, message.attachments, read_metadata(args["metadata"])
        )
    if sent == ["blocks"] and args["blocks"]:
        blocks = read_blocks(args["blocks"], call.emulator.ids.short)
        return Body(message.text, blocks, None, read_metadata(args.get("metadata")))
    return read_body(args, call.emulator.ids.short, most=MOST_EDIT)


def delete(call: Call) -> Json:
    """Delete one of the app's own messages."""
    channel = call.channel()
    message = _own(call, channel, "cant_delete_message")
    call.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> Json:
    """Show a message to one person only."""
    channel = call.channel()
    writable(call, channel)
    if not call.emulator.options.lenient and call.text("user") not in channel.members:
        raise ApiError("user_not_in_channel")
    user = known_user(call.emulator, call.text("user"))
    body = read_body(call.args, call.emulator.ids.short)
    thread = thread_of(call, channel)
    workspace = call.workspace
    message = workspace.whisper(user.id, channel.id, workspace.app_author, body, thread)
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> Json:
    """Return the address of a message."""
    channel = call.channel()
    message = call.message(channel, call.text("message_ts"))
    return {"channel": channel.id, "permalink": permalink(call.workspace, message)}


METHODS = {
    "chat.postMessage": Method(post_message, ("channel",), ("chat:write",)),
    "chat.update": Method(update, ("channel", "ts"), ("chat:write",)),
    "chat.delete": Method(delete, ("channel", "ts"), ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("channel", "user"), ("chat:write",)),
    "chat.getPermalink": Method(get_permalink, ("channel", "message_ts")),
}
