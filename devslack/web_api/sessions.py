"""assistant.threads.* and agents.sessions.*: what an app says about a conversation with it."""

from typing import Any

from devslack.errors import ApiError, invalid, missing
from devslack.sessions import Session
from devslack.shapes import Json
from devslack.web_api.calls import Call, Method

STATES = ("processing", "active", "suspended", "closed")
MOST_PROMPTS = 4
LONGEST_TITLE = 200


def _session(call: Call) -> Session:
    channel = call.channel("channel_id")
    if not call.is_in(channel):
        raise ApiError("channel_not_found")
    ts = call.text("thread_ts")
    root = call.workspace.message(channel.id, ts) if ts else None
    if ts and (root is None or root.is_reply):
        raise ApiError("invalid_thread_ts")
    return call.emulator.sessions.of(channel.id, ts)


def _title(call: Call) -> str:
    title = call.text("title")
    if len(title) > LONGEST_TITLE:
        raise invalid(f"must be less than {LONGEST_TITLE + 1} characters", "/title")
    return title


def set_title(call: Call) -> Json:
    """Name a conversation."""
    session = _session(call)
    session.title = _title(call)
    call.emulator.sessions.changed(session)
    return {}


def set_prompts(call: Call) -> Json:
    """Offer what to begin a conversation with; only in a direct message."""
    session = _session(call)
    if call.channel("channel_id").kind != "im":
        raise ApiError("channel_not_found")
    prompts = _prompts(call.args["prompts"])
    session.prompts, session.prompts_title = prompts, call.text("title")
    call.emulator.sessions.changed(session)
    return {}


def _prompts(given: Any) -> tuple[Json, ...]:
    if not isinstance(given, list):
        raise invalid("must provide an array", "/prompts")
    if len(given) > MOST_PROMPTS:
        raise invalid(f"no more than {MOST_PROMPTS} items allowed", "/prompts")
    for index, one in enumerate(given):
        for name in ("title", "message"):
            if not isinstance(one, dict) or not isinstance(one.get(name), str) or not one[name]:
                raise invalid(f"missing required field: {name}", f"/prompts/{index}")
    return tuple({"title": one["title"], "message": one["message"]} for one in given)


def set_status(call: Call) -> Json:
    """Say how far the app is."""
    if call.text("status") not in STATES:
        raise missing("status") if not call.text("status") else ApiError("invalid_status")
    session = _session(call)
    session.status = call.text("status")
    session.title = _title(call) or session.title
    call.emulator.sessions.changed(session)
    return {"status": session.status, "title": session.title}


def rename(call: Call) -> Json:
    """Give a session another title."""
    session = _session(call)
    session.title = _title(call)
    call.emulator.sessions.changed(session)
    return {"title": session.title}


RIGHTS = ("assistant:write", "chat:write")
METHODS = {
    "assistant.threads.setTitle": Method(set_title, ("channel_id", "thread_ts", "title"), RIGHTS),
    "assistant.threads.setSuggestedPrompts": Method(
        set_prompts, ("channel_id", "prompts"), ("assistant:write",)
    ),
    "agents.sessions.setStatus": Method(set_status, ("channel_id", "status"), RIGHTS),
    "agents.sessions.rename": Method(rename, ("channel_id", "title"), RIGHTS),
}
