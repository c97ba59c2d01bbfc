"""Reads what Slack says of a message: whether it can be a report, and by whom it is. Pure.

Who is not listed does not report, whatever their message says: to be in a channel proves nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coordination.bus_reading import Posted
from coordination.slack_bus import BusChannel
from handlers.slack.clicks import Body

NOTICE = "baton.notice"  # what Baton's own messages are marked with
METADATA = frozenset({"message_metadata_posted", "message_metadata_updated"})
SAID = frozenset({None, "bot_message", "thread_broadcast", "file_share", "me_message"})
DIRECT = frozenset({"im", "mpim"})


@dataclass(frozen=True, slots=True)
class Ours:
    """Who Baton is in the workspace; nothing of that is ever read."""

    team: str
    bot: str | None
    user: str | None
    app: str | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message that is gone; *at* is when, as a ``ts``."""

    channel: str
    ts: str
    at: str
    before: Body


def said_in(event: Body) -> Body | None:
    """Return the message of which an event tells, as it is now; None: it tells of none that counts."""
    if event.get("type") in METADATA:
        return _of_metadata(event)
    if event.get("type") != "message" or event.get("channel_type") in DIRECT:
        return None
    if event.get("subtype") == "message_changed":
        inside = event.get("message")
        return inside if isinstance(inside, Mapping) and _is_said(inside) else None
    return event if _is_said(event) else None


def deleted_in(event: Body) -> Deleted | None:
    """Return the message that an event says is gone."""
    if event.get("type") != "message" or event.get("subtype") != "message_deleted":
        return None
    before = event.get("previous_message")
    at = str(event.get("event_ts") or event.get("ts") or "")
    return Deleted(
        str(event.get("channel")),
        str(event.get("deleted_ts")),
        at,
        before if isinstance(before, Mapping) else {},
    )


def is_ours(message: Body, ours: Ours) -> bool:
    """Say whether Baton itself said it, so that it never hears itself."""
    profile = message.get("bot_profile")
    apps = {message.get("app_id"), profile.get("app_id") if isinstance(profile, Mapping) else None}
    return (
        (ours.bot is not None and message.get("bot_id") == ours.bot)
        or (ours.user is not None and message.get("user") == ours.user)
        or (ours.app is not None and ours.app in apps)
        or _metadata(message).get("event_type") == NOTICE
    )


def posted_in(message: Body, channel: str, bus: BusChannel, ours: Ours) -> Posted | None:
    """Return a message of somebody who is listed; None: it is Baton's own, or of anybody else."""
    if is_ours(message, ours):
        return None
    sender = _sender(message, bus, ours)
    ts = str(message.get("ts") or "")
    if sender is None or not ts:
        return None
    thread_ts, edited = message.get("thread_ts"), message.get("edited")
    return Posted(
        team=ours.team,
        channel=channel,
        ts=ts,
        sender=sender,
        source=bus.senders[sender],
        texts=tuple(text for text in _texts(message) if text),
        metadata=_metadata(message) or None,
        thread_ts=str(thread_ts) if thread_ts and thread_ts != ts else None,
        edited=str(edited["ts"]) if isinstance(edited, Mapping) and edited.get("ts") else None,
        person=sender if sender[0] in "UW" else None,
    )


def _is_said(message: Body) -> bool:
    return message.get("subtype") in SAID


def _sender(message: Body, bus: BusChannel, ours: Ours) -> str | None:
    """Return the id under which the sender is listed.

    An app has the same id in every workspace. Where a channel is shared with another one, that one's
    installation of the app is somebody else, and has to be listed by its bot.
    """
    teams = {message.get(name) for name in ("source_team", "user_team", "team")} - {None, ""}
    profile = message.get("bot_profile")
    app = message.get("app_id") or (profile.get("app_id") if isinstance(profile, Mapping) else None)
    known = [message.get("bot_id"), message.get("user")]
    if teams <= {ours.team}:
        known.insert(0, app)
    return next((str(each) for each in known if each and str(each) in bus.senders), None)


def _metadata(message: Body) -> Mapping[str, Any]:
    found = message.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _of_metadata(event: Body) -> Body:
    """Return what an event about metadata alone tells of its message."""
    message = {
        "ts": event.get("message_ts"),
        "app_id": event.get("app_id"),
        "bot_id": event.get("bot_id"),
        "user": event.get("user_id"),
        "team": event.get("team_id"),
        "metadata": event.get("metadata"),
    }
    if event.get("type") == "message_metadata_updated":
        message["edited"] = {"ts": event.get("event_ts")}
    return message


def _texts(message: Body) -> Iterator[str]:
    """Return the text, then that of the blocks, which may say what the text only hints at."""
    yield str(message.get("text") or "")
    blocks = message.get("blocks")
    if isinstance(blocks, list):
        yield "\n".join(text for block in blocks if (text := _block(block)))


def _block(block: Any) -> str:
    """Return what a block says, as markup."""
    if not isinstance(block, Mapping):
        return ""
    if block.get("type") == "rich_text":
        return _rich(block)
    parts = [block.get("text"), *_list(block.get("fields"))]
    return "\n".join(str(part.get("text") or "") for part in parts if isinstance(part, Mapping))


def _rich(element: Mapping[str, Any], depth: int = 0) -> str:
    """Write rich text as the markup that it would have been."""
    kind = element.get("type")
    if kind in ("text", "emoji", "link"):
        return _leaf(element)
    inside = _list(element.get("elements")) if depth < 5 else []
    texts = [_rich(each, depth + 1) for each in inside if isinstance(each, Mapping)]
    if kind == "rich_text_preformatted":
        return f"```\n{''.join(texts)}\n```"
    if kind == "rich_text_list":
        return "\n".join(f"• {text}" for text in texts)
    return ("\n" if kind == "rich_text" else "").join(texts)


def _leaf(element: Mapping[str, Any]) -> str:
    if element.get("type") == "emoji":
        return f":{element.get('name')}:"
    if element.get("type") == "link":
        return f"<{element.get('url')}>"
    text = str(element.get("text") or "")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
