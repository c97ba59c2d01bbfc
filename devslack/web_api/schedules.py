"""chat.scheduleMessage and its kin."""

from devslack.errors import ApiError
from devslack.payloads import read_body
from devslack.shapes import Json
from devslack.web_api import arguments
from devslack.web_api.calls import Call, Method, page
from devslack.web_api.chat import destination, thread_of, writable

LATEST_SECONDS = 120 * 86_400
# At most so many within five minutes in one channel.
MOST_CLOSE, CLOSE_SECONDS = 30, 300


def schedule(call: Call) -> Json:
    """Post a message later."""
    channel = destination(call)
    writable(call, channel, public_too=True)
    body = read_body(call.args, call.emulator.ids.short)
    thread = thread_of(call, channel)
    post_at = _moment(call)
    waiting = call.emulator.schedules.waiting.values()
    close = [
        w for w in waiting if w.channel == channel.id and abs(w.post_at - post_at) < CLOSE_SECONDS
    ]
    if len(close) >= MOST_CLOSE:
        raise ApiError("restricted_too_many")
    workspace = call.workspace
    author, broadcast = workspace.app_author, call.flag("reply_broadcast")

    def post() -> object:
        if channel.archived or author.user not in channel.members:
            return None
        return workspace.post(channel.id, author, body, thread, broadcast=broadcast)

    kept = call.emulator.schedules.add(channel.id, post_at, body, post)
    message = {"type": "delayed_message", "text": body.text, "bot_id": author.bot_id}
    return {
        "channel": channel.id,
        "scheduled_message_id": kept.id,
        "post_at": post_at,
        "message": {**message, **({"blocks": body.blocks} if body.blocks else {})},
    }


def _moment(call: Call) -> int:
    given = call.args["post_at"]
    if isinstance(given, bool) or not str(given).isdecimal() or len(str(given)) > 12:
        raise ApiError("invalid_time")
    now, wanted = call.emulator.clock.now(), int(given)
    if wanted <= now:
        raise ApiError("time_in_past")
    if wanted > now + LATEST_SECONDS:
        raise ApiError("time_too_far")
    return wanted


def remove(call: Call) -> Json:
    """Let a scheduled message not be posted."""
    channel, name = call.channel(), call.text("scheduled_message_id")
    kept = call.emulator.schedules.waiting.get(name)
    if kept is None or kept.channel != channel.id:
        raise ApiError("invalid_scheduled_message_id")
    call.emulator.schedules.remove(name)
    return {}


def list_all(call: Call) -> Json:
    """List what waits, soonest first."""
    channel = call.channel().id if call.text("channel") else ""
    oldest = arguments.whole(call.args, "oldest", 0, 10**12)
    latest = arguments.whole(call.args, "latest", 10**12, 10**12)
    waiting = call.emulator.schedules.waiting.values()
    found = [w for w in waiting if channel in ("", w.channel) and oldest <= w.post_at <= latest]
    part, after = page(call, sorted(found, key=lambda w: (w.post_at, w.id)))
    return {"scheduled_messages": [w.slack() for w in part], "response_metadata": after}


METHODS = {
    "chat.scheduleMessage": Method(schedule, ("channel", "post_at"), ("chat:write",)),
    "chat.deleteScheduledMessage": Method(
        remove, ("channel", "scheduled_message_id"), ("chat:write",)
    ),
    "chat.scheduledMessages.list": Method(list_all),
}
