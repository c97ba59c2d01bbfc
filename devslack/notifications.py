"""Who gets pinged by a message, and why: what a noise budget is tested against."""

from collections.abc import Iterator
from typing import Any

from devslack.model import Channel, Message
from devslack.mrkdwn import BROADCASTS, GROUPS, MENTIONED
from devslack.present import plain_text
from devslack.shapes import Json
from devslack.state import Workspace

MOST_PLAIN = 300


def pings(workspace: Workspace, message: Message) -> dict[str, str]:
    """Return person to reason, one reason each, the strongest. Edits never ping, so ask on posting."""
    channel = workspace.channels[message.channel]
    everything = "\n".join([message.text, *_marked_up(message.blocks)])
    found: dict[str, str] = dict.fromkeys(_followers(workspace, message), _follow_reason(message))
    if BROADCASTS.search(everything):
        found |= dict.fromkeys(channel.members, "channel_mention")
    if channel.kind == "im":
        found |= dict.fromkeys(channel.members, "dm")
    for group in GROUPS.findall(everything):
        if group in workspace.groups:
            found |= dict.fromkeys(workspace.groups[group].users, "group_mention")
    found |= dict.fromkeys(MENTIONED.findall(everything), "mention")
    return {user: why for user, why in found.items() if _hears(workspace, channel, message, user)}


def _marked_up(value: Any) -> Iterator[str]:
    """Yield the texts in which a mention is one; in plain text it is only characters."""
    if isinstance(value, list):
        for each in value:
            yield from _marked_up(each)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield str(value.get("text", ""))
        yield from _marked_up(list(value.values()))


def _follow_reason(message: Message) -> str:
    return "broadcast" if message.subtype == "thread_broadcast" else "thread"


def _followers(workspace: Workspace, message: Message) -> list[str]:
    """Return who takes part in the thread: wrote in it, or was mentioned in it."""
    if not message.is_reply:
        return []
    root = workspace.message(message.channel, message.thread_ts)
    thread = [*([root] if root else []), *workspace.replies(message.channel, message.thread_ts)]
    earlier = [m for m in thread if m is not message]
    return [u for m in earlier for u in (m.user, *MENTIONED.findall(m.text))]


def _hears(workspace: Workspace, channel: Channel, message: Message, user: str) -> bool:
    person = workspace.users.get(user)
    known = person is not None and not person.is_bot
    return known and user in channel.members and user != message.user


class Notifications:
    """Every ping since the last reset."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.all: list[Json] = []

    def of(self, message: Message) -> list[Json]:
        """Work out, keep and return the pings of a new message."""
        made = [
            {
                "id": len(self.all) + number,
                "at": self._workspace.clock.now(),
                "user": user,
                "channel": message.channel,
                "ts": message.ts,
                "reason": reason,
                "plain": plain_text(self._workspace, message)[:MOST_PLAIN],
            }
            for number, (user, reason) in enumerate(
                sorted(pings(self._workspace, message).items()), 1
            )
        ]
        self.all += made
        return made
