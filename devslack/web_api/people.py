"""users.*, usergroups.* and reactions.*."""

import re
from typing import Literal

from devslack.errors import ApiError
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method, page


def _email(call: Call) -> bool:
    return "users:read.email" in call.emulator.scopes


def info(call: Call) -> Json:
    """Describe a user."""
    return {"user": call.user().slack(call.workspace.team_id, email=_email(call))}


def list_all(call: Call) -> Json:
    """List all users."""
    part, after = page(call, list(call.workspace.users.values()))
    shown = [user.slack(call.workspace.team_id, email=_email(call)) for user in part]
    return {
        "members": shown,
        "cache_ts": int(call.emulator.clock.now()),
        "response_metadata": after,
    }


def lookup_by_email(call: Call) -> Json:
    """Find a user by address."""
    wanted = call.text("email").lower()
    for user in call.workspace.users.values():
        if user.email.lower() == wanted:
            return {"user": user.slack(call.workspace.team_id, email=True)}
    raise ApiError("users_not_found")


def groups(call: Call) -> Json:
    """List the user groups."""
    shown = []
    for group in call.workspace.groups.values():
        one = group.slack(call.workspace.team_id)
        if call.flag("include_users"):
            one["users"] = list(group.users)
        shown.append(one)
    return {"usergroups": shown}


def group_users(call: Call) -> Json:
    """List who is in a user group."""
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


def react(call: Call, op: Literal["add", "remove"], refusal: str) -> Json:
    """Add or remove one of the app's reactions."""
    name = call.text("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'\-]{1,100}(::skin-tone-[2-6])?", name):
        raise ApiError("invalid_name")
    ts = call.text("timestamp")
    if not re.fullmatch(r"\d{1,12}\.\d{1,6}", ts):
        raise ApiError("bad_timestamp")
    channel = call.channel()
    if channel.archived:
        raise ApiError("is_archived")
    if not call.is_in(channel):
        raise ApiError("not_in_channel")
    message = call.message(channel, ts)
    if not call.workspace.react(message, call.workspace.app.user_id, name, op):
        raise ApiError(refusal)
    return {}


def add(call: Call) -> Json:
    """Add a reaction."""
    return react(call, "add", "already_reacted")


def remove(call: Call) -> Json:
    """Remove a reaction."""
    return react(call, "remove", "no_reaction")


WHERE = ("channel", "name", "timestamp")
METHODS = {
    "users.info": Method(info, ("user",), ("users:read",)),
    "users.list": Method(list_all, (), ("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, ("email",), ("users:read.email",)),
    "usergroups.list": Method(groups, (), ("usergroups:read",)),
    "usergroups.users.list": Method(group_users, ("usergroup",), ("usergroups:read",)),
    "reactions.add": Method(add, WHERE, ("reactions:write",)),
    "reactions.remove": Method(remove, WHERE, ("reactions:write",)),
}
