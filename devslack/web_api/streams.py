"""chat.startStream, appendStream and stopStream: a message that is written piece by piece."""

from dataclasses import replace
from typing import Any

from devslack.errors import ApiError
from devslack.model import Message
from devslack.payloads import MOST_MARKDOWN, MOST_POST, Body, read_blocks, read_metadata
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method
from devslack.web_api.chat import thread_of, writable

MOST_BLOCKS = 50
TASK_STATES = ("pending", "in_progress", "complete", "error")


def _chunks(call: Call) -> list[Json]:
    chunks = call.args.get("chunks")
    if chunks in (None, ""):
        return []
    if not isinstance(chunks, list) or not all(isinstance(one, dict) for one in chunks):
        raise ApiError("invalid_chunks")
    return chunks


def _piece(call: Call) -> Body:
    """Return what one call adds; plans and tasks are shown as lines of text."""
    text = call.text("markdown_text")
    blocks: list[Json] = []
    for chunk in _chunks(call):
        if chunk.get("type") == "blocks":
            blocks += read_blocks(chunk.get("blocks"), call.emulator.ids.short) or []
        else:
            text += _line(chunk)
    if len(text) > MOST_MARKDOWN:
        raise ApiError("msg_too_long")
    return Body(text, blocks or None, None, None)


def _line(chunk: Json) -> str:
    match chunk:
        case {"type": "markdown_text", "text": str(text)}:
            return text
        case {"type": "plan_update", "title": str(title)}:
            return f"\n*{title}*"
        case {"type": "task_update", "id": str(), "title": str(title)}:
            state: Any = chunk.get("status", "pending")
            if state in TASK_STATES:
                return f"\n• {title} ({state})"
    raise ApiError("invalid_chunks")


def start(call: Call) -> Json:
    """Begin a message that more is added to."""
    channel = call.channel()
    writable(call, channel)
    thread = thread_of(call, channel)
    if channel.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.text(name):
                raise ApiError(f"missing_{name}")
    workspace = call.workspace
    message = workspace.post(channel.id, workspace.app_author, _piece(call), thread)
    call.emulator.streams.begin(message)
    workspace.forget_thread_status(channel.id, thread)
    return {"channel": channel.id, "ts": message.ts}


def _streaming(call: Call) -> Message:
    message = call.message(call.channel(), call.text("ts"))
    if message.bot_id != call.workspace.app.id:
        raise ApiError("message_not_owned_by_app")
    if not message.streaming:
        raise ApiError("message_not_in_streaming_state")
    return message


def _fitting(message: Message, body: Body) -> Body:
    if len(message.text) + len(body.text) > MOST_POST:
        raise ApiError("msg_too_long")
    if len(message.blocks or []) + len(body.blocks or []) > MOST_BLOCKS:
        raise ApiError("msg_blocks_too_many")
    return body


def append(call: Call) -> Json:
    """Add to it."""
    message = _streaming(call)
    body = _fitting(message, _piece(call))
    if body.empty:
        raise ApiError("no_text")
    call.workspace.write(message, body, last=False)
    return {"channel": message.channel, "ts": message.ts}


def stop(call: Call) -> Json:
    """End it, with blocks and metadata that stand from then on."""
    message = _streaming(call)
    piece = _piece(call)
    more = read_blocks(call.args.get("blocks"), call.emulator.ids.short) or []
    metadata = read_metadata(call.args.get("metadata"))
    whole = replace(piece, blocks=[*(piece.blocks or []), *more] or None, metadata=metadata)
    call.workspace.write(message, _fitting(message, whole), last=True)
    shown = call.workspace.shown(message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": shown}


METHODS = {
    "chat.startStream": Method(start, ("channel", "thread_ts"), ("chat:write",)),
    "chat.appendStream": Method(append, ("channel", "ts"), ("chat:write",)),
    "chat.stopStream": Method(stop, ("channel", "ts"), ("chat:write",)),
}
