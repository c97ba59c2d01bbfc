"""conversations.* and users.conversations."""

from devslack.errors import ApiError
from devslack.model import Channel, Kind, Message
from devslack.shapes import Json
from devslack.web_api.calls import HISTORY_SCOPES, READ_SCOPES, Call, Method, known_user, page

TYPES: dict[str, Kind | None] = {
    "public_channel": "public",
    "private_channel": "private",
    "im": "im",
    "mpim": None,
}


def _ts(call: Call, name: str) -> str:
    """Return a bound as a comparable ts."""
    value = call.text(name)
    if not value:
        return ""
    seconds, _, rest = value.partition(".")
    if not seconds.isdecimal() or (rest and not rest.isdecimal()) or len(value) > 30:
        raise ApiError(f"invalid_ts_{name}")
    return f"{int(seconds):010d}.{rest[:6]:0<6}"


def _readable(call: Call) -> Channel:
    """Return a channel whose history the app may read."""
    channel = call.channel()
    call.need(HISTORY_SCOPES[channel.kind])
    if not call.is_in(channel):
        raise ApiError("not_in_channel")
    return channel


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = _ts(call, "oldest"), _ts(call, "latest")
    inclusive = call.flag("inclusive")

    def fits(message: Message) -> bool:
        ts = f"{message.ts:0>17}"
        if inclusive and ts in (oldest, latest):
            return True
        return (not oldest or ts > oldest) and (not latest or ts < latest)

    return [message for message in messages if fits(message)]


def _answer(call: Call, messages: list[Message], *, turned: bool = False) -> Json:
    part, after = page(call, messages, otherwise=100, most=999)
    part = part[::-1] if turned else part
    metadata = call.flag("include_all_metadata")
    shown = [call.workspace.shown(message, metadata=metadata) for message in part]
    answer: Json = {"messages": shown, "has_more": bool(after["next_cursor"])}
    return {**answer, "response_metadata": after} if answer["has_more"] else answer


def history(call: Call) -> Json:
    """Return what stands in a channel, newest first; pages go forward from an ``oldest`` alone."""
    channel = _readable(call)
    held = _between(call, call.workspace.in_channel(channel.id))
    forward = bool(call.text("oldest")) and not call.text("latest")
    found = _answer(call, held, turned=True) if forward else _answer(call, held[::-1])
    return {**found, "pin_count": 0}


def replies(call: Call) -> Json:
    """Return a thread: its root, then replies, oldest first."""
    channel = _readable(call)
    root = call.workspace.message(channel.id, call.text("ts"))
    if root is None:
        raise ApiError("thread_not_found")
    if root.is_reply:
        return _answer(call, [root])
    below = _between(call, call.workspace.replies(channel.id, root.ts))
    return _answer(call, [root, *below])


def info(call: Call) -> Json:
    """Describe a conversation."""
    channel = call.channel()
    call.need(READ_SCOPES[channel.kind])
    shown = channel.slack(call.workspace.app.user_id)
    if not call.flag("include_num_members"):
        shown.pop("num_members", None)
    return {"channel": shown}


def members(call: Call) -> Json:
    """List who is in a conversation."""
    channel = call.channel()
    call.need(READ_SCOPES[channel.kind])
    part, after = page(call, channel.members)
    return {"members": part, "response_metadata": after}


def _kinds(call: Call) -> set[Kind]:
    names = [name.strip() for name in call.text("types", "public_channel").split(",")]
    if not set(names) <= set(TYPES):
        raise ApiError("invalid_types")
    kinds = {kind for name in names if (kind := TYPES[name]) is not None}
    for kind in sorted(kinds):
        call.need(READ_SCOPES[kind])
    return kinds


def _listed(call: Call, channels: list[Channel]) -> Json:
    hide = call.flag("exclude_archived")
    kept = [c for c in channels if not (hide and c.archived)]
    part, after = page(call, kept)
    bot = call.workspace.app.user_id
    return {"channels": [c.slack(bot) for c in part], "response_metadata": after}


def list_all(call: Call) -> Json:
    """List the conversations the app can see."""
    kinds = _kinds(call)
    found = [c for c in call.workspace.channels.values() if c.kind in kinds and call.knows(c)]
    return _listed(call, found)


def of_user(call: Call) -> Json:
    """List the conversations somebody is in, the app itself by default."""
    kinds = _kinds(call)
    user = known_user(call.emulator, call.text("user") or call.workspace.app.user_id)
    channels = call.workspace.channels.values()
    return _listed(
        call, [c for c in channels if c.kind in kinds and user.id in c.members and call.knows(c)]
    )


def open_dm(call: Call) -> Json:
    """Open the direct message with somebody."""
    if call.text("channel"):
        channel = call.channel()
        if channel.kind != "im":
            raise ApiError("method_not_supported_for_channel_type")
        return {"no_op": True, "already_open": True, "channel": _opened(call, channel)}
    names = [name.strip() for name in call.text("users").split(",") if name.strip()]
    if not names:
        raise ApiError("users_list_not_supplied")
    if len(names) > 1:
        # Group conversations are not part of this emulator.
        raise ApiError("too_many_users")
    user = known_user(call.emulator, names[0])
    if user.is_bot:
        raise ApiError("cannot_dm_bot")
    if user.deleted:
        raise ApiError("user_disabled")
    known = call.workspace.dm_of(user.id)
    channel = call.workspace.open_dm(user.id)
    already: Json = {"no_op": True, "already_open": True} if known else {}
    return {**already, "channel": _opened(call, channel)}


def _opened(call: Call, channel: Channel) -> Json:
    if call.flag("return_im"):
        return channel.slack(call.workspace.app.user_id)
    return {"id": channel.id}


def join(call: Call) -> Json:
    """Let the app join a public channel."""
    channel = call.channel()
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.archived:
        raise ApiError("is_archived")
    moved = call.workspace.move(channel, call.workspace.app.user_id, "join")
    shown = channel.slack(call.workspace.app.user_id)
    return {"channel": shown} if moved else {"channel": shown, "warning": "already_in_channel"}


READ = tuple(READ_SCOPES.values())
HISTORY = tuple(HISTORY_SCOPES.values())
METHODS = {
    "conversations.info": Method(info, ("channel",), READ),
    "conversations.list": Method(list_all, (), READ),
    "conversations.members": Method(members, ("channel",), READ),
    "conversations.history": Method(history, ("channel",), HISTORY),
    "conversations.replies": Method(replies, ("channel", "ts"), HISTORY),
    "conversations.open": Method(open_dm, (), ("im:write",)),
    "conversations.join": Method(join, ("channel",), ("channels:join",)),
    "users.conversations": Method(of_user, (), READ),
}
