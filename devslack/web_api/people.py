"""users.* and usergroups.*."""

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
        if group.disabled and not call.flag("include_disabled"):
            continue
        one = group.slack(call.workspace.team_id)
        if not call.flag("include_count"):
            del one["user_count"]
        if call.flag("include_users"):
            one["users"] = list(group.users)
        shown.append(one)
    return {"usergroups": shown}


def group_users(call: Call) -> Json:
    """List who is in a user group."""
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None or (group.disabled and not call.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


METHODS = {
    "users.info": Method(info, ("user",), ("users:read",)),
    "users.list": Method(list_all, (), ("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, ("email",), ("users:read.email",)),
    "usergroups.list": Method(groups, (), ("usergroups:read",)),
    "usergroups.users.list": Method(group_users, ("usergroup",), ("usergroups:read",)),
}
