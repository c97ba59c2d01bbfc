"""The reading half of the control API."""

from devslack import VERSION
from devslack.asked import Asked
from devslack.errors import ControlError
from devslack.model import SLACKBOT, Message
from devslack.page import is_built
from devslack.present import channel_json, may_open, message_json
from devslack.shapes import Json

MOST_MESSAGES = 1000


def clock_json(asked: Asked) -> Json:
    """Return ``{mode, now}``."""
    return {"mode": asked.emulator.clock.mode, "now": asked.emulator.clock.now()}


async def health(asked: Asked) -> Json:
    """Say that the server runs, and what it is connected to."""
    emulator = asked.emulator
    return {
        "ok": True,
        "version": VERSION,
        "connections": len(emulator.sockets.connections),
        "clock": clock_json(asked),
        "page": is_built(emulator.options.page),
        "deliver": emulator.options.deliver,
    }


async def users(asked: Asked) -> Json:
    """List people, groups, and what the app offers."""
    workspace, manifest = asked.workspace, asked.emulator.manifest
    team = {"id": workspace.team_id, "name": workspace.team_name, "domain": workspace.domain}
    app = {
        "id": workspace.app.app_id,
        "name": workspace.app.name,
        "user_id": workspace.app.user_id,
        "bot_id": workspace.app.id,
        "home": manifest.home,
        "messages_tab": manifest.messages_tab,
        "commands": [
            {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
            for c in manifest.commands
        ],
        "shortcuts": [
            {
                "name": s.name,
                "type": s.type,
                "callback_id": s.callback_id,
                "description": s.description,
            }
            for s in manifest.shortcuts
        ],
    }
    groups = [
        {"id": g.id, "handle": g.handle, "name": g.name, "users": list(g.users)}
        for g in workspace.groups.values()
        if not g.disabled
    ]
    people = [u.public() for u in workspace.users.values() if u.id != SLACKBOT]
    return {"ok": True, "team": team, "users": people, "groups": groups, "app": app}


async def channels(asked: Asked) -> Json:
    """List channels, or those a person may open."""
    asked.allow("as")
    workspace = asked.workspace
    found = list(workspace.channels.values())
    if "as" in asked.fields:
        user = asked.user()
        found = [c for c in found if may_open(c, user.id)]
    return {"ok": True, "channels": [channel_json(workspace, c) for c in found]}


async def messages(asked: Asked) -> Json:
    """List what stands in a channel or a thread, as a person sees it."""
    asked.allow("as", "channel", "thread_ts", "include", "limit")
    workspace = asked.workspace
    user = asked.user() if "as" in asked.fields else None
    channel = asked.seen_channel(user) if user else asked.channel()
    wanted = set(asked.text("include", "").split(","))
    thread = asked.text("thread_ts", "")
    held = _thread(asked, channel.id, thread) if thread else list(workspace.in_channel(channel.id))
    if "ephemeral" in wanted:
        if user is None:
            raise ControlError(400, "missing_field", "include=ephemeral needs as.")
        held += [m for m in workspace.ephemerals if _shows(m, user.id, channel.id, thread)]
    held.sort(key=lambda m: m.ts)
    shown = [
        message_json(workspace, m, metadata="metadata" in wanted) for m in held[-_limit(asked) :]
    ]
    status = workspace.statuses.get((channel.id, thread))
    answer: Json = {"ok": True, "messages": shown}
    if status is not None:
        answer["status"] = {
            "status": status.status,
            "loading_messages": list(status.loading_messages),
        }
    if (session := asked.emulator.sessions.held.get((channel.id, thread))) is not None:
        answer["session"] = session.public()
    return answer


def _thread(asked: Asked, channel: str, ts: str) -> list[Message]:
    root = asked.workspace.message(channel, ts)
    if root is None:
        raise ControlError(404, "message_not_found", f"There is no message {ts} in {channel}.")
    return [root, *asked.workspace.replies(channel, ts)]


def _shows(message: Message, user: str, channel: str, thread: str) -> bool:
    return (message.visible_to, message.channel, message.thread_ts) == (user, channel, thread)


def _limit(asked: Asked) -> int:
    text = asked.text("limit", "200")
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_MESSAGES:
        raise ControlError(400, "bad_field", f"limit must be a number from 1 to {MOST_MESSAGES}.")
    return int(text)


async def views(asked: Asked) -> Json:
    """Show the modals a person has open, and their Home."""
    asked.allow("as", "home")
    user, held = asked.user(), asked.emulator.views
    stack = [held.public(view) for view in held.stacks.get(user.id, [])]
    home = held.homes.get(user.id) if asked.text("home", "") else None
    return {"ok": True, "stack": stack, "home": held.public(home) if home else None}


async def notifications(asked: Asked) -> Json:
    """List the pings, all or those of one person."""
    asked.allow("as")
    user = asked.user().id if "as" in asked.fields else ""
    found = [n for n in asked.emulator.notifications.all if user in ("", n["user"])]
    return {"ok": True, "notifications": found}


def since(asked: Asked) -> int:
    """Return the number after which entries of the record are wanted."""
    text = asked.text("since", "0")
    if not text.isdecimal() or len(text) > 15:
        raise ControlError(400, "bad_field", "since must be the seq of an entry.")
    return int(text)


async def calls(asked: Asked) -> Json:
    """List the API calls of the app."""
    asked.allow("since", "method")
    first, method = since(asked), asked.text("method", "")
    kept = asked.emulator.record.calls
    return {
        "ok": True,
        "calls": [c for c in kept if c["seq"] > first and method in ("", c["method"])],
    }


async def envelopes(asked: Asked) -> Json:
    """List the deliveries to the app."""
    asked.allow("since", "type")
    first, kind = since(asked), asked.text("type", "")
    kept = asked.emulator.record.envelopes
    found = [e.public() for e in kept if e.seq > first and kind in ("", e.type)]
    return {"ok": True, "envelopes": found}


async def state(asked: Asked) -> Json:
    """Return the whole workspace, always with the same order of keys."""
    workspace, emulator = asked.workspace, asked.emulator
    said = {
        key: [message_json(workspace, m, metadata=True) for m in held.values()]
        for key, held in workspace.messages.items()
    }
    return {
        "ok": True,
        "team": {"id": workspace.team_id, "name": workspace.team_name, "domain": workspace.domain},
        "users": [u.public() for u in workspace.users.values()],
        "channels": [channel_json(workspace, c) for c in workspace.channels.values()],
        "messages": said,
        "ephemerals": [message_json(workspace, m) for m in workspace.ephemerals],
        "views": {
            u: [emulator.views.public(v) for v in s] for u, s in emulator.views.stacks.items() if s
        },
        "homes": {u: emulator.views.public(v) for u, v in emulator.views.homes.items()},
        "notifications": emulator.notifications.all,
    }


async def manifest(asked: Asked) -> Json:
    """Show the manifest and what is granted."""
    held = asked.emulator.manifest
    scopes = sorted(asked.emulator.scopes)
    return {"ok": True, "manifest": held.source, "scopes": scopes, "problems": list(held.problems)}


async def limits(asked: Asked) -> Json:
    """List the buckets of the rate limits that were used."""
    held = asked.emulator.limits
    return {"ok": True, "enabled": held.enabled, "buckets": held.public()}


async def chaos(asked: Asked) -> Json:
    """List the armed switches."""
    return {"ok": True, "switches": [f.public() for f in asked.emulator.faults.armed]}
