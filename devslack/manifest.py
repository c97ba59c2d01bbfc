"""The app manifest: what the app may do, what it hears of, and what people can call it by."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from devslack.errors import StartError
from devslack.shapes import Json, Unreadable, clean

DEFAULT: Json = {
    "display_information": {"name": "Baton", "description": "The app under test"},
    "features": {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Baton", "always_online": True},
        "shortcuts": [
            {
                "name": "Start a workflow",
                "type": "global",
                "callback_id": "baton_start_run",
                "description": "Start a run",
            },
            {
                "name": "Add to a run",
                "type": "message",
                "callback_id": "baton_attach_message",
                "description": "Attach this message to a run",
            },
        ],
        "slash_commands": [
            {
                "command": "/baton",
                "description": "Start, inspect and approve runs",
                "usage_hint": "help",
                "should_escape": True,
            }
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "commands",
                "chat:write",
                "app_mentions:read",
                "im:history",
                "im:read",
                "im:write",
                "channels:read",
                "groups:read",
                "channels:history",
                "groups:history",
                "users:read",
                "reactions:write",
                "assistant:write",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "app_mention",
                "message.im",
                "message.channels",
                "message.groups",
                "member_joined_channel",
                "channel_archive",
                "channel_rename",
                "app_uninstalled",
                "tokens_revoked",
            ]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}

# (where, the most characters or items)
LENGTHS = (
    ("display_information.name", 35),
    ("display_information.description", 140),
    ("display_information.long_description", 4000),
    ("features.slash_commands", 50),
    ("features.shortcuts", 10),
    ("settings.event_subscriptions.bot_events", 100),
    ("settings.event_subscriptions.metadata_subscriptions", 20),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One slash command."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One shortcut, global or in the menu of a message."""

    name: str
    type: str
    callback_id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of a manifest that change how Slack behaves."""

    source: Json
    name: str
    scopes: tuple[str, ...]
    events: frozenset[str]
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    # Whose metadata of which type the app hears of: pairs of app id and event type.
    metadata: frozenset[tuple[str, str]] = frozenset()
    home: bool = True
    messages_tab: bool = True
    interactive: bool = True
    events_url: str = ""
    interactive_url: str = ""
    problems: tuple[str, ...] = field(default=())

    def command(self, name: str) -> Command | None:
        """Find a slash command by its name with the slash."""
        return next((c for c in self.commands if c.command == name), None)

    def shortcut(self, callback_id: str, kind: str) -> Shortcut | None:
        """Find a shortcut; *kind* is ``global`` or ``message``."""
        found = (s for s in self.shortcuts if s.callback_id == callback_id and s.type == kind)
        return next(found, None)


def at(source: Any, path: str) -> Any:
    """Return what stands at a dotted *path*, or None."""
    for key in path.split("."):
        source = source.get(key) if isinstance(source, dict) else None
    return source


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _objects(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _word(source: Json, path: str, otherwise: str = "") -> str:
    value = at(source, path)
    return value if isinstance(value, str) else otherwise


def understand(source: Json) -> Manifest:
    """Read a manifest. What is wrong with it is in ``problems``, in sentences."""
    home = at(source, "features.app_home") or {}
    scopes = at(source, "oauth_config.scopes") or {}
    granted = [*_texts(scopes.get("bot")), *_texts(scopes.get("bot_optional"))]
    return Manifest(
        source=source,
        name=_word(
            source,
            "features.bot_user.display_name",
            _word(source, "display_information.name", "App"),
        ),
        scopes=tuple(dict.fromkeys(granted)),
        events=frozenset(_texts(at(source, "settings.event_subscriptions.bot_events"))),
        commands=tuple(_command(c) for c in _objects(at(source, "features.slash_commands"))),
        shortcuts=tuple(_shortcut(s) for s in _objects(at(source, "features.shortcuts"))),
        metadata=frozenset(
            (_word(one, "app_id"), _word(one, "event_type")) for one in _metadata(source)
        ),
        home=bool(home.get("home_tab_enabled", False)),
        messages_tab=bool(home.get("messages_tab_enabled", False)),
        interactive=bool(at(source, "settings.interactivity.is_enabled")),
        events_url=_word(source, "settings.event_subscriptions.request_url"),
        interactive_url=_word(source, "settings.interactivity.request_url"),
        problems=tuple(_problems(source)),
    )


def _metadata(source: Json) -> list[Json]:
    return _objects(at(source, "settings.event_subscriptions.metadata_subscriptions"))


def _command(source: Json) -> Command:
    return Command(
        command=_word(source, "command"),
        description=_word(source, "description"),
        usage_hint=_word(source, "usage_hint"),
        should_escape=bool(source.get("should_escape")),
        url=_word(source, "url"),
    )


def _shortcut(source: Json) -> Shortcut:
    return Shortcut(
        name=_word(source, "name"),
        type=_word(source, "type"),
        callback_id=_word(source, "callback_id"),
        description=_word(source, "description"),
    )


def _problems(source: Json) -> list[str]:
    found = [
        f"{path}: at most {most}, there are {len(value)}"
        for path, most in LENGTHS
        if isinstance(value := at(source, path), (str, list)) and len(value) > most
    ]
    if not _word(source, "display_information.name"):
        found.append("display_information.name: is required")
    if not _texts(at(source, "oauth_config.scopes.bot")):
        found.append("oauth_config.scopes.bot: a bot needs at least one scope")
    found += [
        f"features.slash_commands: {name!r} must begin with a slash and hold no space"
        for c in _objects(at(source, "features.slash_commands"))
        if not (name := _word(c, "command")).startswith("/") or " " in name or name == "/"
    ]
    found += [
        f"features.shortcuts: {_word(s, 'name')!r} needs a name of at most 24 characters, a callback_id "
        "and the type global or message"
        for s in _objects(at(source, "features.shortcuts"))
        if not _good_shortcut(_shortcut(s))
    ]
    found += [
        "settings.event_subscriptions.metadata_subscriptions: each needs an app_id and an event_type "
        "of at most 50 characters"
        for one in _metadata(source)
        if not _word(one, "app_id") or not 0 < len(_word(one, "event_type")) <= 50
    ]
    return found


def _good_shortcut(shortcut: Shortcut) -> bool:
    named = 0 < len(shortcut.name) <= 24 and bool(shortcut.callback_id)
    return named and shortcut.type in ("global", "message")


def parse(text: str, where: str = "manifest") -> Manifest:
    """Read the YAML or JSON text of a manifest.

    Raises:
        StartError: it is not YAML, or not a mapping.
    """
    try:
        source = clean(json.loads(json.dumps(yaml.safe_load(text))))
    except (yaml.YAMLError, Unreadable, TypeError, ValueError, RecursionError) as error:
        raise StartError(f"{where}: cannot be read: {error}") from error
    if not isinstance(source, dict):
        raise StartError(f"{where}: must be a mapping, as app manifests are")
    return understand(source)


def load(path: Path) -> Manifest:
    """Read a manifest file and refuse one with problems."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: cannot be read: {error}") from error
    manifest = parse(text, str(path))
    if manifest.problems:
        raise StartError(f"{path}: " + "; ".join(manifest.problems))
    return manifest
