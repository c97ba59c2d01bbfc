"""The verbs that steer a run which goes on, or has ended."""

import json
from typing import Any

from coordination.controls import Mode
from handlers.slack import publishing
from handlers.slack.answers import Answer, RunPage
from handlers.slack.asked import Asked, ref
from handlers.slack.grammar import Unreadable


async def pause(asked: Asked) -> Answer:
    if not publishing.is_run(asked.words[0]):
        return await publishing.moved(asked, "pause")
    run = await asked.coordinator.pause(
        asked.who, ref(asked.words), request_id=asked.request_id, via="slack"
    )
    return RunPage(run, None, "is paused")


async def resume(asked: Asked) -> Answer:
    if not publishing.is_run(asked.words[0]):
        return await publishing.moved(asked, "resume")
    run = await asked.coordinator.resume(
        asked.who, ref(asked.words), request_id=asked.request_id, via="slack"
    )
    return RunPage(run, None, "is resumed")


async def cancel(asked: Asked) -> Answer:
    run = await asked.coordinator.cancel(
        asked.who,
        ref(asked.words),
        reason=asked.line.given.get("reason", ""),
        mode=mode(asked),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is cancelled")


def mode(asked: Asked) -> Mode | None:
    """Return how the run is to end, if that was typed. Raises: Unreadable."""
    for given in asked.line.filters:
        if given.key == "mode":
            match given.value.lower():
                case "compensate":
                    return "compensate"
                case "now":
                    return "now"
            raise Unreadable("Write `compensate` or `now`.", given.at, given.length, "cancel")
    return None


async def retry(asked: Asked) -> Answer:
    run = await asked.coordinator.retry(
        asked.who,
        ref(asked.words),
        from_path=asked.line.given.get("from"),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is retried")


async def skip(asked: Asked) -> Answer:
    path = asked.words[1].text
    run = await asked.coordinator.skip(
        asked.who, ref(asked.words), path, request_id=asked.request_id, via="slack"
    )
    return RunPage(run, None, "goes on without that step")


async def rollback(asked: Asked) -> Answer:
    run = await asked.coordinator.rollback(
        asked.who,
        ref(asked.words),
        reason=asked.line.given.get("reason", ""),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "is rolled back")


async def handled(asked: Asked) -> Answer:
    run = await asked.coordinator.mark_handled(
        asked.who,
        ref(asked.words),
        reason=asked.line.given.get("reason", ""),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "counts as dealt with")


async def signal(asked: Asked) -> Answer:
    """Send a signal; what is typed as ``key:value`` is what it carries."""
    run = await asked.coordinator.signal(
        asked.who,
        ref(asked.words),
        asked.words[1].text,
        payload=payload_of(asked),
        request_id=asked.request_id,
        via="slack",
    )
    return RunPage(run, None, "was sent the signal")


def payload_of(asked: Asked) -> dict[str, Any] | None:
    """Return what a signal carries: values that are JSON as such, all others as text."""
    return {each.key: valued(each.value) for each in asked.line.filters} or None


def valued(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text
