"""What an app asks about itself: api.test, auth.test, apps.connections.open, bots.info, team.info."""

from devslack.errors import ApiError
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method


def api_test(call: Call) -> Json:
    """Echo the arguments, or the error that was asked for."""
    args = {k: v for k, v in call.args.items() if k != "token"}
    if "error" in args:
        raise ApiError(str(args["error"]), args=args)
    return {"args": args} if args else {}


def auth_test(call: Call) -> Json:
    """Say whose token it is."""
    workspace = call.workspace
    bot = workspace.app
    return {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.team_name,
        "user": workspace.users[bot.user_id].name,
        "team_id": workspace.team_id,
        "user_id": bot.user_id,
        "bot_id": bot.id,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Json:
    """Give out the address of a socket, with a ticket that is good once."""
    ticket = call.emulator.sockets.ticket()
    base = call.base_url.replace("http", "ws", 1)
    return {"url": f"{base}/link/?ticket={ticket}&app_id={call.workspace.app.app_id}"}


def bots_info(call: Call) -> Json:
    """Describe a bot."""
    if not call.text("bot"):
        return {}
    bot = call.workspace.bot(call.text("bot"))
    if bot is None:
        raise ApiError("bot_not_found")
    profile = bot.profile(call.workspace.team_id)
    return {"bot": {k: v for k, v in profile.items() if k != "team_id"}}


def team_info(call: Call) -> Json:
    """Describe the workspace."""
    workspace = call.workspace
    team = {"id": workspace.team_id, "name": workspace.team_name, "domain": workspace.domain}
    return {"team": {**team, "email_domain": "", "icon": {"image_default": True}}}


METHODS = {
    "api.test": Method(api_test, token=""),
    "auth.test": Method(auth_test, token="any"),  # noqa: S106  kinds of token
    "apps.connections.open": Method(connections_open, (), ("connections:write",), token="app"),  # noqa: S106
    "bots.info": Method(bots_info, (), ("users:read",)),
    "team.info": Method(team_info, (), ("team:read",)),
}
