"""How the people of a workspace, their groups and the other apps change."""

from typing import Any

from devslack.changes import BotMade, GroupChanged, UserChanged
from devslack.model import Bot, Group, User
from devslack.state import Workspace


def add_user(workspace: Workspace, user: User) -> User:
    """Let somebody into the workspace, and into its general channel."""
    workspace.make_user(user)
    general = next((c for c in workspace.channels.values() if c.name == "general"), None)
    if general is not None and not general.archived:
        workspace.move(general, user.id, "join")
    return user


def change_user(workspace: Workspace, user: User, changes: dict[str, Any]) -> None:
    """Give a user another name or other rights.

    Who is deactivated is in no channel and no group any more, and no event tells of that but
    ``user_change``.
    """
    for name, value in changes.items():
        setattr(user, name, value)
    user.updated = int(workspace.clock.now())
    if changes.get("deleted"):
        for channel in workspace.channels.values():
            if user.id in channel.members and channel.kind != "im":
                channel.members.remove(user.id)
        for group in workspace.groups.values():
            if user.id in group.users:
                set_members(workspace, group, [u for u in group.users if u != user.id])
    workspace.tell(UserChanged(user.id))


def add_group(workspace: Workspace, handle: str, name: str, users: list[str]) -> Group:
    """Make a user group."""
    group = Group(workspace.ids.make("S"), handle, name, users)
    workspace.groups[group.id] = group
    workspace.tell(GroupChanged(group, "created"))
    return group


def change_group(workspace: Workspace, group: Group, changes: dict[str, Any]) -> None:
    """Give a group another handle or name, or switch it off and on."""
    for name, value in changes.items():
        setattr(group, name, value)
    workspace.tell(GroupChanged(group, "updated"))


def set_members(workspace: Workspace, group: Group, users: list[str]) -> None:
    """Say who is in a group."""
    before, group.users = group.users, users
    added = tuple(u for u in users if u not in before)
    removed = tuple(u for u in before if u not in users)
    workspace.tell(GroupChanged(group, "members", added, removed))


def app_named(workspace: Workspace, name: str) -> Bot:
    """Return another app of the workspace by app id or name; one that is not known comes in."""
    for bot in workspace.bots.values():
        if name in (bot.app_id, bot.id, bot.name):
            return bot
    tail = "".join(c for c in name.upper() if c.isascii() and c.isalnum()) or "APP"
    while f"B0{tail}" in workspace.bots:
        tail += "X"
    bot = Bot(f"B0{tail}", f"A0{tail}", f"U0{tail}BOT", name)
    workspace.bots[bot.id] = bot
    workspace.tell(BotMade(bot))
    user = User(bot.user_id, name.lower().replace(" ", "-"), name, is_bot=True, bot_id=bot.id)
    workspace.make_user(user)
    return bot
