"""What a workspace is made of, and the JSON that Slack shows of each part."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from devslack.shapes import Json

Kind = Literal["public", "private", "im"]

SLACKBOT = "USLACKBOT"


@dataclass(slots=True)
class User:
    """A persona, a bot's user, or Slackbot."""

    id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    color: str = "4a5bb5"
    tz: str = "Europe/Paris"
    is_bot: bool = False
    is_guest: bool = False
    is_admin: bool = False
    deleted: bool = False
    bot_id: str = ""
    updated: int = 0

    def slack(self, team: str, *, email: bool) -> Json:
        """Return the user object of ``users.info``; the address only if the scope allows."""
        profile: Json = {
            "real_name": self.real_name,
            "display_name": self.name,
            "real_name_normalized": self.real_name,
            "display_name_normalized": self.name,
            "title": self.title,
            "team": team,
        }
        if email and self.email:
            profile["email"] = self.email
        if self.bot_id:
            profile["bot_id"] = self.bot_id
        return {
            "id": self.id,
            "team_id": team,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "color": self.color,
            "tz": self.tz,
            "tz_offset": 3600,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "updated": self.updated,
        }

    def public(self) -> Json:
        """Return the ``User`` of the control API."""
        return {
            "id": self.id,
            "name": self.name,
            "real_name": self.real_name,
            "display_name": self.name,
            "title": self.title,
            "is_bot": self.is_bot,
            "is_guest": self.is_guest,
            "is_admin": self.is_admin,
            "color": self.color,
            "deleted": self.deleted,
        }


@dataclass(slots=True)
class Bot:
    """A bot of some app: ours, or the other one of the fixture."""

    id: str
    app_id: str
    user_id: str
    name: str

    def profile(self, team: str) -> Json:
        """Return the ``bot_profile`` of a message."""
        return {
            "id": self.id,
            "app_id": self.app_id,
            "user_id": self.user_id,
            "name": self.name,
            "deleted": False,
            "updated": 0,
            "team_id": team,
            "icons": {},
        }


@dataclass(slots=True)
class Group:
    """A user group, ``@sre``."""

    id: str
    handle: str
    name: str
    users: list[str]
    # Unix seconds since when it is switched off; 0 while it is in use.
    disabled: int = 0

    def slack(self, team: str) -> Json:
        """Return the object of ``usergroups.list``, without its users."""
        return {
            "id": self.id,
            "team_id": team,
            "is_usergroup": True,
            "name": self.name,
            "handle": self.handle,
            "description": "",
            "is_external": False,
            "date_create": 0,
            "date_delete": self.disabled,
            "auto_type": None,
            "user_count": len(self.users),
        }


@dataclass(slots=True)
class Channel:
    """A channel or a direct message; *user* is the person of an im, the app being the other side."""

    id: str
    name: str
    kind: Kind = "public"
    archived: bool = False
    topic: str = ""
    members: list[str] = field(default_factory=list)
    user: str = ""
    created: int = 0

    def slack(self, bot_user: str) -> Json:
        """Return the conversation object as the app sees it."""
        common: Json = {
            "id": self.id,
            "created": self.created,
            "is_archived": self.archived,
            "is_im": self.kind == "im",
            "is_org_shared": False,
        }
        if self.kind == "im":
            return {
                **common,
                "user": self.user,
                "is_user_deleted": False,
                "is_open": True,
                "priority": 0,
            }
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_mpim": False,
            "is_private": self.kind == "private",
            "is_general": self.name == "general",
            "is_shared": False,
            "is_ext_shared": False,
            "is_member": bot_user in self.members,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }

    @property
    def event_type(self) -> str:
        """The name under which a manifest subscribes to this kind's messages."""
        return {"public": "message.channels", "private": "message.groups", "im": "message.im"}[
            self.kind
        ]

    @property
    def channel_type(self) -> str:
        """The ``channel_type`` of an event."""
        return {"public": "channel", "private": "group", "im": "im"}[self.kind]


@dataclass(slots=True)
class Message:
    """One message. *visible_to* makes it ephemeral: one person sees it and history does not."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    username: str = ""
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[Json] | None = None
    pinned_by: str = ""
    streaming: bool = False
    visible_to: str = ""

    @property
    def is_reply(self) -> bool:
        """True for what stands in a thread below its root."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    def slack(self) -> Json:
        """Return the message's own part of Slack's JSON; the workspace adds thread and profile."""
        shown: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        for name in (
            "subtype",
            "bot_id",
            "app_id",
            "username",
            "blocks",
            "attachments",
            "files",
            "edited",
            "thread_ts",
        ):
            value: Any = getattr(self, name)
            if value:
                shown[name] = value
        if self.pinned_by:
            shown["pinned_to"] = [self.channel]
        if self.reactions:
            shown["reactions"] = reactions(self.reactions)
        return shown

    def record(self) -> Json:
        """Return what is kept in the state file."""
        return {name: value for name, value in asdict(self).items() if value}


def reactions(held: dict[str, list[str]]) -> list[Json]:
    """Return the ``reactions`` list of a message."""
    return [{"name": n, "users": list(u), "count": len(u)} for n, u in held.items()]
