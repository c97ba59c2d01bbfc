"""Reads what makes an event one of a process, or one of another kind."""

import re
from typing import Any, Literal

from baton.events import WIRE_PREFIX
from baton.parts import ErrorInfo
from baton.reading.delivery import Delivery, Source
from baton.reading.members import Members
from baton.reading.parts import read_error
from baton.status import TIMEOUT_WORDS, Status, fold, read_status

__all__ = ["read_kind"]

_TYPE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)


def read_kind(one: Delivery) -> dict[str, Any]:
    """Take what makes it a process or an event of another kind, and the error, which a status may add."""
    body = one.body
    asked = body.choice("kind", ("process", "event"), "")
    given = body.has("status")
    status, timed_out = _status(body)
    named = body.name("type", 200, _TYPE)
    process_id = body.name("process_id", 200)
    if asked == "process" or given or named is None:
        values = _process(body, asked, (status, timed_out), process_id)
        if named not in (None, values["type"]):
            body.findings.drop("/type", "counts only without a status")
        return values
    return _plain_event(body, one.credential, named, process_id)


def _process(
    body: Members, asked: str, said: tuple[Status | None, bool], process_id: str | None
) -> dict[str, Any]:
    status, timed_out = said
    if asked == "event":
        body.findings.problem("/kind", "an event of kind event has a type and no status")
    if status is None and not _told(body, "/status"):
        body.findings.problem("/status", "is required; an event without a status needs a type")
    if process_id is None and not _told(body, "/process_id"):
        body.findings.problem("/process_id", "is required")
    wire_type: str = WIRE_PREFIX + (status.value if status else "")
    return {
        "kind": "process",
        "type": wire_type,
        "status": status,
        "process_id": process_id,
        "error": _error(body, timed_out=timed_out),
    }


def _plain_event(
    body: Members, credential: Source, named: str, process_id: str | None
) -> dict[str, Any]:
    if named.startswith("dev.baton."):
        body.findings.problem("/type", "begins with dev.baton., which is Baton's; give a status")
    if process_id is not None:
        body.findings.drop("/process_id", "counts only together with a status")
    own = f"{credential.kind}."
    kind: Literal["event"] = "event"
    return {
        "kind": kind,
        # The first part is the kind of the source: nobody reports in the name of another tool.
        "type": named if named.startswith(own) else own + named,
        "error": _error(body, timed_out=False),
    }


def _told(body: Members, pointer: str) -> bool:
    return any(place == pointer for place, _ in body.findings.problems)


def _status(body: Members) -> tuple[Status | None, bool]:
    word = body.typed("status", str)
    if word is None:
        return None, False
    try:
        status = read_status(word)
    except ValueError as error:
        body.findings.problem("/status", str(error))
        return None, False
    return status, status is Status.FAILED and fold(word) in TIMEOUT_WORDS


def _error(body: Members, *, timed_out: bool) -> ErrorInfo | None:
    error = read_error(body)
    if not timed_out or (error is not None and error.type is not None):
        return error
    if error is None:
        return ErrorInfo(type="timeout")
    return ErrorInfo(message=error.message, type="timeout", url=error.url)
