"""views.*, blocks.validate and assistant.threads.setStatus: what is shown beside messages."""

from typing import Any

from devslack.blocks import check_blocks
from devslack.changes import StatusSet
from devslack.errors import ApiError, invalid, missing
from devslack.rules import Problem
from devslack.shapes import Json
from devslack.views import View
from devslack.web_api.calls import Call, Method

MOST_LOADING = 10
LONGEST_LOADING = 50
STATUS_SECONDS = 120


def open_view(call: Call) -> Json:
    """Open a modal."""
    source = call.emulator.views.check(call.args["view"], "modal")
    trigger = call.emulator.handles.redeem(_trigger(call))
    return _shown(call, call.emulator.views.open(trigger.user, source))


def push(call: Call) -> Json:
    """Put a modal on top of the one that is open."""
    source = call.emulator.views.check(call.args["view"], "modal")
    trigger = call.emulator.handles.redeem(_trigger(call))
    return _shown(call, call.emulator.views.push(trigger.user, source))


def _trigger(call: Call) -> str:
    name = call.text("trigger_id") or call.text("interactivity_pointer")
    if not name:
        raise missing("trigger_id")
    return name


def _shown(call: Call, view: View) -> Json:
    return {"view": call.emulator.views.slack(view)}


def update(call: Call) -> Json:
    """Replace what an open view shows."""
    view_id, external = call.text("view_id"), call.text("external_id")
    if view_id and external:
        raise ApiError(
            "invalid_arguments",
            messages=["[ERROR] Cannot provide both `view_id` and `external_id`"],
        )
    if not view_id and not external:
        raise missing("view_id")
    views = call.emulator.views
    view = views.find(view_id) if view_id else views.by_external_id(external)
    if view is None:
        raise ApiError("not_found")
    source = views.check(call.args["view"], str(view.source["type"]), replacing=view)
    _same_hash(call, view)
    views.update(view, source)
    return _shown(call, view)


def publish(call: Call) -> Json:
    """Replace somebody's Home."""
    user = call.user("user_id")
    if not call.emulator.manifest.home:
        raise ApiError("not_enabled")
    views = call.emulator.views
    view = views.homes.get(user.id)
    source = views.check(call.args["view"], "home", replacing=view)
    if view is not None:
        _same_hash(call, view)
    return _shown(call, views.publish(user.id, source))


def _same_hash(call: Call, view: View) -> None:
    if call.text("hash") and call.text("hash") != view.hash:
        raise ApiError("hash_conflict")


def set_status(call: Call) -> Json:
    """Say what the app is doing in a thread; cleared by a reply, or after two minutes."""
    if "status" not in call.args:
        raise missing("status")
    channel = call.channel("channel_id")
    root = call.workspace.message(channel.id, call.text("thread_ts"))
    if root is None or root.is_reply:
        raise ApiError("invalid_thread_ts")
    status = StatusSet(
        channel.id, root.ts, call.text("status"), _loading(call.args.get("loading_messages"))
    )
    call.workspace.set_status(status)
    if status.status:
        workspace = call.workspace

        def clear() -> None:
            if workspace.statuses.get((channel.id, root.ts)) is status:
                workspace.forget_thread_status(channel.id, root.ts)

        call.emulator.clock.call_in(STATUS_SECONDS, clear)
    return {}


def _loading(messages: Any) -> tuple[str, ...]:
    if messages in (None, ""):
        return ()
    if not isinstance(messages, list) or not all(isinstance(m, str) for m in messages):
        raise invalid("must provide an array of strings", "/loading_messages")
    if len(messages) > MOST_LOADING:
        raise invalid(f"no more than {MOST_LOADING} items allowed", "/loading_messages")
    for index, message in enumerate(messages):
        if not 0 < len(message) <= LONGEST_LOADING:
            raise invalid(
                f"must be less than {LONGEST_LOADING + 1} characters", f"/loading_messages/{index}"
            )
    return tuple(messages)


def validate_blocks(call: Call) -> Json:
    """Check blocks without posting them."""
    problems = check_blocks(call.args["blocks"], pointer="")
    if problems:
        raise ApiError("invalid_blocks", errors=[_finding(p) for p in problems])
    return {}


def _finding(problem: Problem) -> Json:
    before, _, name = problem.phrase.partition("missing required field: ")
    code = "missing_field" if name and not before else "failed_constraint"
    found = {"pointer": problem.pointer, "code": code, "message": problem.phrase}
    return {**found, "field": name} if name else found


METHODS = {
    "views.open": Method(open_view, ("view",)),
    "views.push": Method(push, ("view",)),
    "views.update": Method(update, ("view",)),
    "views.publish": Method(publish, ("user_id", "view")),
    "assistant.threads.setStatus": Method(
        set_status, ("channel_id", "thread_ts"), ("chat:write", "assistant:write")
    ),
    "blocks.validate": Method(validate_blocks, ("blocks",), token=""),
}
