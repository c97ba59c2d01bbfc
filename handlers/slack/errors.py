"""The one place where an error of a listener becomes one private sentence."""

from datetime import timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from handlers.slack import clicks, ids
from handlers.slack.answers import Answer, OldCard
from handlers.slack.clicks import Body
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.refusals import unexpected

log = structlog.get_logger()
# Bolt looks for an ack every millisecond, and drops one that it has not seen when a listener raises.
TAKEN = timedelta(milliseconds=50)
UNSURE = {
    *(ids.COMMAND, ids.RETRY, ids.CANCEL, ids.PAUSE, ids.RESUME, ids.UNFOLLOW),
    *(ids.PING, ids.MARK_FAILED, ids.WAIT_LONGER),
    *(ids.RESOLVE_RETRY, ids.RESOLVE_DONE, ids.RESOLVE_FAIL),
}


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Answer for every listener that raised, and for requests that no listener takes."""

    async def on_error(
        error: Exception, body: Body, response: BoltResponse | None
    ) -> BoltResponse | None:
        return await answered(edge, error, body, response)

    bolt.error(on_error)


async def answered(
    edge: Edge, error: Exception, body: Body, response: BoltResponse | None
) -> BoltResponse | None:
    """Acknowledge where that is still to be done, and say what happened.

    Until Slack has its ack, *response* is what it will become; after that it is None.
    """
    if response is None:
        await edge.world.clock.sleep(TAKEN)
    if isinstance(error, BoltUnhandledRequestError) and body.get("type") == "event_callback":
        log.info("unhandled_event", event=str((body.get("event") or {}).get("type")))
        return BoltResponse(status=200, body="")
    if response is not None and body.get("type") == "event_callback":
        log.error("event_not_stored", exc_info=error)
        return None  # without an ack Slack delivers it again
    answer = await what_to_say(edge, error, body)
    if body.get("type") == "view_submission":
        return in_the_form(edge, body, response, answer)
    edge.tell(clicks.place(body), answer)
    return BoltResponse(status=200, body="") if response is not None else None


async def what_to_say(edge: Edge, error: Exception, body: Body) -> Answer:
    if isinstance(error, BoltUnhandledRequestError):
        log.warning("unhandled_request", type=str(body.get("type")), action=action_of(body))
        return OldCard(await current_card(edge, body))
    if isinstance(error, EXPECTED):
        log.info("refused", error=type(error).__name__, action=action_of(body))
        return await edge.refusal(error, stored=action_of(body) in UNSURE)
    ref = edge.world.ids.new("ref")[-6:]
    log.error("listener_failed", ref=ref, action=action_of(body), exc_info=error)
    return unexpected(ref)


async def current_card(edge: Edge, body: Body) -> str | None:
    """Return where the card of today is, of the thread in which an old button was pressed."""
    container = body.get("container") or {}
    ts = container.get("thread_ts") or container.get("message_ts")
    channel = container.get("channel_id")
    if not (ts and channel):
        return None
    try:
        thread = await edge.coordinator.thread_at(str(channel), str(ts))
    except EXPECTED:
        return None
    return thread.url if thread is not None else None


def in_the_form(
    edge: Edge, body: Body, response: BoltResponse | None, answer: Answer
) -> BoltResponse | None:
    """Let the form that was sent become the sentence about it."""
    if response is None:
        view_id = str((body.get("view") or {}).get("id", ""))
        edge.world.tasks.start("show in form", edge.screens.show_answer(view_id, answer))
        return None
    shown: dict[str, Any] = {"response_action": "update", "view": edge.screens.said(answer)}
    return BoltResponse(status=200, body=shown)


def action_of(body: Body) -> str:
    """Name what was pressed, typed or submitted, for the log and for what is said."""
    actions = body.get("actions")
    if isinstance(actions, list) and actions:
        return str(actions[0].get("action_id", ""))
    return str(body.get("command") or (body.get("view") or {}).get("callback_id") or "")
