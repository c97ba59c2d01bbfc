"""The part of the control API that changes who there is: people, groups, other apps."""

from typing import Any

from devslack import people
from devslack.acted import by_events
from devslack.asked import Asked
from devslack.errors import ControlError
from devslack.model import Group, User
from devslack.shapes import Json
from devslack.state import Author

TEXTS = ("name", "real_name", "title", "email")
FLAGS = ("is_guest", "is_admin", "deleted")


def _changes(asked: Asked) -> dict[str, Any]:
    given = {n: asked.maybe(n, str) for n in TEXTS} | {n: asked.maybe(n, bool) for n in FLAGS}
    return {name: value for name, value in given.items() if value is not None}


async def make_user(asked: Asked) -> Json:
    """Let somebody into the workspace."""
    asked.allow("id", *TEXTS, *FLAGS)
    name = asked.text("name")
    key = asked.text("id", "") or f"U0{name.upper()}"
    if key in asked.workspace.users or any(u.name == name for u in asked.workspace.users.values()):
        raise ControlError(409, "name_taken", f"There is a {name!r} or {key} already.")
    if not key.isalnum() or key[:1] not in ("U", "W"):
        raise ControlError(
            422, "invalid_name", "An id begins with U or W, then letters and digits."
        )
    changes = _changes(asked)
    email = changes.pop("email", f"{name}@devslack.example")
    known = {"real_name": name.title(), **changes, "email": email}
    user = User(id=key, **known)
    _, done = await by_events(asked.emulator, lambda: people.add_user(asked.workspace, user))
    return {**done, "user": user.public()}


async def change_user(asked: Asked) -> Json:
    """Rename or deactivate somebody, or give other rights."""
    asked.allow(*TEXTS, *FLAGS)
    user = asked.workspace.users.get(asked.path["id"])
    if user is None or user.is_bot:
        raise ControlError(404, "user_not_found", f"There is no person {asked.path['id']!r}.")
    changes = _changes(asked)
    _, done = await by_events(
        asked.emulator, lambda: people.change_user(asked.workspace, user, changes)
    )
    return {**done, "user": user.public()}


def _members(asked: Asked) -> list[str] | None:
    users: list[str] | None = asked.maybe("users", list)
    known = asked.workspace.users
    if users is not None and not all(isinstance(u, str) and u in known for u in users):
        raise ControlError(404, "user_not_found", "users must be a list of ids of people.")
    return users


def _public(group: Group) -> Json:
    return {
        "id": group.id,
        "handle": group.handle,
        "name": group.name,
        "users": list(group.users),
        "disabled": bool(group.disabled),
    }


async def make_group(asked: Asked) -> Json:
    """Make a user group."""
    asked.allow("handle", "name", "users")
    handle = asked.text("handle").removeprefix("@")
    if any(g.handle == handle for g in asked.workspace.groups.values()):
        raise ControlError(409, "name_taken", f"There is a group @{handle} already.")
    name, users = asked.text("name", handle), _members(asked) or []
    group, done = await by_events(
        asked.emulator, lambda: people.add_group(asked.workspace, handle, name, users)
    )
    return {**done, "group": _public(group)}


async def change_group(asked: Asked) -> Json:
    """Rename a group, switch it off or on, or say who is in it."""
    asked.allow("handle", "name", "users", "disabled")
    group = asked.workspace.groups.get(asked.path["id"])
    if group is None:
        known = ", ".join(asked.workspace.groups) or "none"
        raise ControlError(404, "group_not_found", f"There is no such group. There are: {known}.")
    users = _members(asked)
    changes: dict[str, Any] = {
        name: value for name in ("handle", "name") if (value := asked.maybe(name, str)) is not None
    }
    if (disabled := asked.maybe("disabled", bool)) is not None:
        changes["disabled"] = int(asked.emulator.clock.now()) if disabled else 0

    def act() -> None:
        if changes:
            people.change_group(asked.workspace, group, changes)
        if users is not None:
            people.set_members(asked.workspace, group, users)

    _, done = await by_events(asked.emulator, act)
    return {**done, "group": _public(group)}


async def make_webhook(asked: Asked) -> Json:
    """Make an incoming webhook of another app for one channel."""
    asked.allow("channel", "as_app")
    channel = asked.channel()
    other = asked.workspace.other
    name = asked.text("as_app", other.app_id)
    bot = people.app_named(asked.workspace, name)
    author = Author(bot.user_id, bot.id, bot.app_id)
    hook = asked.emulator.webhooks.make(channel.id, author)
    app = {"id": bot.app_id, "bot_id": bot.id, "user_id": bot.user_id, "name": bot.name}
    return {"ok": True, "url": asked.emulator.base_url + hook.path, "app": app}
