"""`POST /v1/approvals`: a process that asks people something, read as `/v1/notify` reads it."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import Request

from baton.errors import InvalidEvent
from baton.events import Status, format_time
from baton.reading import Reading
from coordination.tokens import Credential
from handlers.http.bodies import decoded, media_type, raw_body
from handlers.http.edge import Edge
from handlers.http.reports import idempotency_key, terms_of

LONGEST = 366 * 86_400  # s
MEMBERS = ("key", "expires_in")  # what stands beside the members of an event


async def read_question(
    request: Request, edge: Edge, credential: Credential
) -> tuple[Reading, bytes]:
    """Read the body as the event that asks; return it, and the body as it came.

    Raises:
        Problem: 400, 413, 415 or 422.
        InvalidEvent: it asks nothing, or is no event.
    """
    kind = media_type(request)
    raw = await raw_body(request)
    body = decoded(kind, raw)
    if not isinstance(body, dict):
        raise InvalidEvent([("", "has to be an object: one question")])
    item = event_of(body, key=idempotency_key(request), edge=edge)
    return terms_of(request, edge, credential).read(item), raw


def event_of(body: Mapping[str, Any], *, key: str | None, edge: Edge) -> dict[str, Any]:
    """Return the event in which a process asks what *body* says.

    With a key the event has that as its id, so that the same question asked again, hours later and in
    other words even, is a repeat of the first and finds its approval.

    Raises:
        InvalidEvent: it asks nothing, or its own members do not fit.
    """
    approval, problems = body.get("approval"), []
    if not isinstance(approval, dict):
        problems.append(("/approval", "is required, and an object with a prompt"))
        approval = {}
    if body.get("status", Status.PENDING_APPROVAL.value) != Status.PENDING_APPROVAL.value:
        problems.append(("/status", "has to be pending_approval here, or is left out"))
    own = body.get("key")
    if own is not None and not (isinstance(own, str) and 0 < len(own) <= 200):
        problems.append(("/key", "has to be a text of 1 to 200 characters"))
    seconds = body.get("expires_in")
    if seconds is not None and not is_duration(seconds):
        problems.append(("/expires_in", "has to be a number of seconds, above 0 and up to a year"))
    if problems:
        raise InvalidEvent(problems)
    item = {name: value for name, value in body.items() if name not in MEMBERS}
    if seconds is not None:
        ends = edge.world.clock.now() + timedelta(seconds=seconds)
        approval = {"expires_at": format_time(ends), **approval}
    return {**named(item, approval, key or own, edge), "approval": approval}


def named(
    item: dict[str, Any], approval: Mapping[str, Any], key: str | None, edge: Edge
) -> dict[str, Any]:
    """Where no process asks, make one that only asks: its name is what it asks."""
    if key is not None:
        item["id"] = f"ask:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    if item.get("process_id") is None:
        item["process_id"] = item.get("id") or edge.world.ids.new("ask")
        item.setdefault("name", approval.get("prompt"))
    return {**item, "status": Status.PENDING_APPROVAL.value}


def is_duration(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 < value <= LONGEST  # type: ignore[operator]  # it is a number
