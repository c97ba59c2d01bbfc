"""From a body to an event: strict, because this is Baton's own door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from baton.errors import InvalidEvent
from baton.events import Event
from baton.parts import Adapter
from baton.reading.delivery import Delivery, Source
from baton.reading.fields import read_members
from baton.reading.glance import glance
from baton.reading.members import Findings, Members
from baton.reading.usual import read_usual

__all__ = ["Reading", "Source", "read_event", "warning_text"]

_ADAPTER = Adapter("notify")


@dataclass(frozen=True, slots=True)
class Reading:
    """An event, and what was noticed on the way: pairs of a JSON pointer and a sentence.

    *taken_from* says from where a member came, if not from the one of its own name: ``name`` from
    ``process_name``. An ``id`` that comes from nowhere was made up. *identity* is under what its
    producer says to know it, where that is more than its id. *harmless* is the body, if it is certain
    that it holds no secret.
    """

    event: Event
    warnings: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    taken_from: Mapping[str, str] = field(default_factory=dict)
    identity: str | None = None
    harmless: object = field(default=None, repr=False, compare=False)


def read_event(
    body: object,
    *,
    credential: Source,
    received_at: datetime,
    event_id: str,
    new_id: Callable[[], str],
    traceparent: str | None = None,
) -> Reading:
    """Read one event as ``POST /v1/notify`` takes it. Nothing here asks for the time or an id.

    Args:
        body: what :func:`parse_json` or :func:`parse_form` returned.
        credential: where the delivery comes from.
        received_at: now, in UTC.
        event_id: Baton's own id for this event.
        new_id: makes the producer's id where the body gives none.
        traceparent: the header of that name; one that cannot be read is passed over.

    Raises:
        InvalidEvent: the body is not an event; it holds every problem with its place.
    """
    if not isinstance(body, Mapping):
        raise InvalidEvent([("", "an event is a JSON object")])
    seen = glance(body)
    if seen.harmless and seen.sound and traceparent is None:
        usual = read_usual(body, received_at)
        if usual is not None:
            return Reading(_event(usual, credential, received_at, event_id), harmless=body)
    findings = Findings(seen)
    members = Members(body, "", findings)
    values = read_members(Delivery(members, credential, received_at, traceparent))
    if findings.problems:
        raise InvalidEvent(findings.problems)
    if values.get("id") is None:
        values["id"] = new_id()
        findings.taken_from["id"] = ""
    values["warnings"] = tuple([warning_text(*warning) for warning in findings.warnings])
    values["truncated"] = tuple(findings.truncated)
    return Reading(
        _event(values, credential, received_at, event_id),
        tuple(findings.warnings),
        tuple(findings.dropped),
        findings.taken_from,
        harmless=body if seen.harmless else None,
    )


def _event(
    values: Mapping[str, Any], credential: Source, received_at: datetime, event_id: str
) -> Event:
    return Event.of(
        {
            "event_id": event_id,
            "source": credential.source,
            "namespace": credential.namespace,
            "received_at": received_at,
            "adapter": _ADAPTER,
            "warnings": (),
            "truncated": (),
            **values,
        }
    )


def warning_text(pointer: str, detail: str) -> str:
    """Say in one sentence what was noticed, and where."""
    if detail.startswith("unknown field"):  # it names its place itself
        return detail
    return f"{pointer[1:].replace('/', '.')}: {detail}" if pointer else detail
