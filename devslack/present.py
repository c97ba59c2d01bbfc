"""The JSON of the control API and the page for what is in a workspace."""

from devslack.model import Channel, Message, reactions
from devslack.mrkdwn import blocks_plain, plain
from devslack.shapes import Json
from devslack.state import Workspace

# What is shown of a message only when there is some.
PARTS = (
    *("thread_ts", "subtype", "bot_id", "app_id", "blocks", "attachments", "files", "edited"),
    *("pinned_by", "streaming"),
)


def plain_text(workspace: Workspace, message: Message) -> str:
    """Return what a person reads in a message: its blocks, or its text when it has none."""
    names = workspace.names
    lines = [blocks_plain(message.blocks, names) if message.blocks else plain(message.text, names)]
    for attachment in message.attachments or []:
        if "blocks" in attachment:
            lines.append(blocks_plain(attachment["blocks"], names))
        parts = (attachment.get(k) for k in ("pretext", "title", "text"))
        lines += [plain(str(part), names) for part in parts if part]
    lines += [f"[file: {one.get('title') or one.get('name')}]" for one in message.files or []]
    return "\n".join(line for line in lines if line)


def message_json(workspace: Workspace, message: Message, *, metadata: bool = False) -> Json:
    """Return a ``Message`` of the control API."""
    author = workspace.users.get(message.user)
    shown: Json = {
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "username": message.username or (author.name if author else message.user),
        "text": message.text,
        "plain": plain_text(workspace, message),
        "reply_count": 0,
        "reply_users": [],
        "reactions": reactions(message.reactions),
        "permalink": permalink(workspace, message),
    }
    for name in PARTS:
        if getattr(message, name):
            shown[name] = getattr(message, name)
    if message.thread_ts == message.ts:
        facts = workspace.thread_facts(message)
        shown |= {k: facts[k] for k in ("reply_count", "reply_users", "latest_reply") if k in facts}
    if message.visible_to:
        shown |= {"ephemeral": True, "visible_to": message.visible_to}
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    return shown


def permalink(workspace: Workspace, message: Message) -> str:
    """Return the address that ``chat.getPermalink`` gives."""
    link = f"https://{workspace.domain}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={message.channel}"
    return link


def channel_json(workspace: Workspace, channel: Channel) -> Json:
    """Return a ``Channel`` of the control API."""
    held = workspace.messages[channel.id]
    shown: Json = {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "archived": channel.archived,
        "topic": channel.topic,
        "members": list(channel.members),
        "bot_member": workspace.app.user_id in channel.members,
        "last_ts": next(reversed(held), None),
    }
    return {**shown, "user": channel.user} if channel.user else shown


def may_open(channel: Channel, user: str) -> bool:
    """True when a person may look into a channel."""
    return channel.kind == "public" or user in channel.members
