"""The app's manifest, made from what is registered: what is not listened to is not asked for."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from coordination.bus_reading import EVENT_TYPE
from handlers.slack import ids, private
from handlers.slack.verbs import VERBS

NAME = "Baton"
DESCRIPTION = "Shows what your tools do, asks people, and starts the next step."
LONG = (
    "Baton listens to what your build, test and deploy tools report. Everything that belongs together "
    "is one thread with one card that always shows the latest state. Workflows start by themselves, "
    "ask the right people in the thread, and go on when they have answered. Type /baton help to begin."
)
# What each method that we call asks for; those without a scope of their own are not here.
SCOPES = {
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "conversations.open": ("im:write",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "reactions.add": ("reactions:write",),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "users.list": ("users:read",),
}
# Methods without which something is left out, and nothing else: their scopes are optional.
SOMETIMES = {
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "files.info": ("files:read",),
}
FREE = (
    *("auth.test", "apps.connections.open", "chat.getPermalink"),
    *("views.open", "views.update", "views.publish"),
)
# What each event that we listen to asks for.
EVENTS = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "message.im": ("im:history",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "reaction_added": ("reactions:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
}
OF_METADATA = "message_metadata_posted"
SUBSCRIPTIONS = 20  # to the metadata of so many apps, Slack takes no more
SHORTCUTS = (
    {
        "name": "Start a workflow",
        "type": "global",
        "callback_id": ids.START_SHORTCUT,
        "description": "Choose a workflow and start a run of it",
    },
    {
        "name": "Start from this message",
        "type": "message",
        "callback_id": ids.MESSAGE_SHORTCUT,
        "description": "Start a run with what the message says",
    },
)
# Each switches something on: posting where nobody invited us, groups as approvers, knowing two
# accounts of one person by their address, reports in the metadata of messages, and sharing files.
OPTIONAL = (
    *("chat:write.public", "usergroups:read", "users:read.email"),
    *("metadata.message:read", "files:write", "files:read"),
)


# To read what others write and do in channels: without it nobody can report by a message there,
# nothing that is written starts a workflow, and a post whose answer was lost cannot be looked for.
READING = frozenset({"channels:history", "groups:history", "reactions:read"})


def scopes(*, least: bool = False) -> list[str]:
    """Return the bot scopes that our calls and events need, and that of the command."""
    needed = {scope for each in (*SCOPES.values(), *EVENTS.values()) for scope in each}
    return ["commands", *sorted(needed - READING if least else needed)]


def events(*, least: bool = False) -> list[str]:
    """Return the events that we listen to."""
    return sorted(name for name, needs in EVENTS.items() if not (least and READING & {*needs}))


def subscriptions(senders: Iterable[str]) -> list[dict[str, str]]:
    """Return whose metadata Slack is to tell of: the apps among those that report by messages."""
    apps = sorted({each for each in senders if each.startswith("A")})
    return [{"app_id": each, "event_type": EVENT_TYPE} for each in apps[:SUBSCRIPTIONS]]


def manifest(
    *, url: str | None = None, least: bool = False, senders: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the manifest as a value: what can be typed, pressed and opened.

    Args:
        url: where Slack calls Baton; without it Baton holds a socket open to Slack.
        least: without the rights to read what others write in channels.
        senders: who reports by messages in Slack, by their ids.
    """
    subscribed = subscribed_to(events(least=least), subscriptions(senders))
    calls = {"request_url": f"{url.rstrip('/')}/slack/events"} if url else {}
    typed = {"url": calls["request_url"]} if url else {}
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": NAME,
            "description": DESCRIPTION,
            "long_description": LONG,
            "background_color": "#1f2a44",
        },
        "features": features(typed),
        "oauth_config": {"scopes": {"bot": scopes(least=least), "bot_optional": list(OPTIONAL)}},
        "settings": {
            "event_subscriptions": {**calls, **subscribed},
            "interactivity": {"is_enabled": True, **calls},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def features(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what people can open, press and type; *typed* says where Slack takes commands to."""
    hint = " | ".join(verb.name for verb in VERBS)
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "agent_view": {
            "agent_description": DESCRIPTION,
            "suggested_prompts": [dict(each) for each in private.ALWAYS],
        },
        "bot_user": {"display_name": NAME, "always_online": True},
        "shortcuts": [dict(each) for each in SHORTCUTS],
        "slash_commands": [
            {
                "command": ids.COMMAND,
                "description": "See, start and answer workflow runs",
                "usage_hint": hint,
                "should_escape": True,
                **typed,
            }
        ],
    }


def subscribed_to(listened: list[str], metadata: list[dict[str, str]]) -> dict[str, Any]:
    """Return what Slack is to tell us of: events, and the metadata of messages of some apps."""
    if not metadata:
        return {"bot_events": listened}
    return {"bot_events": sorted([*listened, OF_METADATA]), "metadata_subscriptions": metadata}


def manifest_yaml(
    *, url: str | None = None, least: bool = False, senders: Iterable[str] = ()
) -> str:
    """Return the manifest as the text to paste when the app is made."""
    made = manifest(url=url, least=least, senders=senders)
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=100)
