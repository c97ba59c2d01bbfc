"""The people and channels a workspace begins with."""

import copy
import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from devslack.errors import StartError
from devslack.model import SLACKBOT, Bot, Channel, Group, User
from devslack.shapes import Json

TEAM = "T0DEVSLACK"
APP = "A0DEVSLACK"
BOT = "B0DEVSLACK"
BOT_USER = "U0BOTUSER"

DEFAULT: Json = {
    "team": {"id": TEAM, "name": "Devslack", "domain": "devslack"},
    "users": [
        {
            "id": "U0ADA",
            "name": "ada",
            "real_name": "Ada Byron",
            "title": "Author",
            "color": "9f69e7",
        },
        {
            "id": "U0GRACE",
            "name": "grace",
            "real_name": "Grace Murray",
            "title": "SRE",
            "color": "2b8a3e",
        },
        {
            "id": "U0LINUS",
            "name": "linus",
            "real_name": "Linus Berg",
            "title": "SRE",
            "color": "c2255c",
        },
        {
            "id": "U0MALLORY",
            "name": "mallory",
            "real_name": "Mallory Quick",
            "title": "Sales",
            "color": "e8590c",
        },
        {
            "id": "U0SAM",
            "name": "sam",
            "real_name": "Sam Visitor",
            "title": "Guest",
            "is_guest": True,
            "color": "1971c2",
        },
    ],
    "groups": [
        {
            "id": "S0SRE",
            "handle": "sre",
            "name": "Site reliability",
            "users": ["U0GRACE", "U0LINUS"],
        }
    ],
    "other_bot": {"id": "B0OTHER", "app_id": "A0OTHER", "user_id": "U0OTHERBOT", "name": "pager"},
    "channels": [
        {"id": "C0GENERAL", "name": "general", "members": "everybody", "app": True},
        {"id": "C0RELEASES", "name": "releases", "members": "regulars", "app": True},
        {"id": "C0ALERTS", "name": "alerts", "members": "regulars", "app": True},
        {"id": "C0SECOPS", "name": "secops", "kind": "private", "members": ["U0GRACE", "U0LINUS"]},
        {"id": "C0OLD", "name": "old", "archived": True, "members": "regulars"},
    ],
}


@dataclass(slots=True)
class Fixture:
    """A workspace before anybody has said anything."""

    team_id: str
    team_name: str
    domain: str
    users: list[User]
    groups: list[Group]
    channels: list[Channel]
    app: Bot
    other: Bot
    extra: list[str] = field(default_factory=list)


def build(source: Json, app_name: str) -> Fixture:
    """Make the objects of a fixture.

    Raises:
        StartError: a part is missing or unknown; the message says which.
    """
    whole = copy.deepcopy({**DEFAULT, **source})  # each workspace changes what is its own alone
    team = {**DEFAULT["team"], **whole["team"]}
    app = Bot(BOT, APP, BOT_USER, app_name)
    other = _make(Bot, whole["other_bot"], "other_bot")
    users = [_person(u) for u in whole["users"]]
    regulars = [u.id for u in users if not u.is_guest]
    everybody = {"everybody": [u.id for u in users], "regulars": regulars}
    channels = [_channel(c, everybody, app.user_id) for c in whole["channels"]]
    bots = [_bot_user(app), _bot_user(other), User(SLACKBOT, "slackbot", "Slackbot", is_bot=True)]
    groups = [_make(Group, g, "groups") for g in whole["groups"]]
    return Fixture(
        team["id"], team["name"], team["domain"], users + bots, groups, channels, app, other
    )


def _make(kind: type[Any], source: Any, where: str) -> Any:
    known = {f.name for f in fields(kind)}
    if not isinstance(source, dict) or not set(source) <= known:
        raise StartError(
            f"fixture: {where}: expected a mapping with keys of {sorted(known)}, got {source!r}"
        )
    try:
        return kind(**source)
    except TypeError as error:
        raise StartError(f"fixture: {where}: {error}") from error


def _person(source: Any) -> User:
    user: User = _make(User, source, "users")
    if not user.email:
        user.email = f"{user.name}@devslack.example"
    return user


def _bot_user(bot: Bot) -> User:
    name = bot.name.lower().replace(" ", "-")
    return User(bot.user_id, name, bot.name, is_bot=True, bot_id=bot.id, color="364fc7")


def _channel(source: Any, named: dict[str, list[str]], app_user: str) -> Channel:
    if not isinstance(source, dict):
        raise StartError(f"fixture: channels: expected a mapping, got {source!r}")
    rest = {k: v for k, v in source.items() if k != "app"}
    members = rest.get("members", [])
    people = list(named.get(members, []) if isinstance(members, str) else members)
    channel: Channel = _make(Channel, {**rest, "members": people}, "channels")
    if source.get("app"):
        channel.members.append(app_user)
    return channel


def read(path: Path) -> Json:
    """Read a fixture file, YAML or JSON."""
    try:
        source = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise StartError(f"{path}: cannot be read: {error}") from error
    if not isinstance(source, dict):
        raise StartError(f"{path}: must be a mapping with the keys of {sorted(DEFAULT)}")
    return source
