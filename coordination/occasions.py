"""Baton's own events: the moment of one trigger has come, by the clock, a file, a window or a call.

Each is for that trigger alone. It is stored in the unit that finds it (`noting`), and the Dispatcher
acts on it as on any other event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.events import Event, format_time

__all__ = [
    "KINDS",
    "PROGRAM",
    "SPOKEN",
    "Occasion",
    "event_of",
    "is_for",
    "is_occasion",
    "is_own",
    "program_of",
    "refusal_of",
    "speaker_of",
    "told_of",
]

SOURCE = "baton"
KINDS = ("schedule", "every", "file", "webhook", "slack", "all_of", "absence")
SPOKEN = f"{SOURCE}.slack"
REFUSED = "refused"
PROGRAM = "program_of"  # the run whose program was at work when a file changed
HIDDEN = frozenset({"for", REFUSED, PROGRAM})  # what expressions do not see
TYPES = frozenset(f"{SOURCE}.{kind}" for kind in KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What makes one trigger fire.

    Args:
        workflow: whose trigger it is.
        trigger_id: of the trigger, or of a part of one.
        kind: of it.
        data: what expressions see under ``trigger``, beside the kind.
        thread_key: the thread it belongs to, if there is one.
        caused_by: the run that is behind it.
        refusal: why it starts nothing after all, where whoever did it may not start the workflow.
    """

    workflow: str
    trigger_id: str
    kind: str
    data: Mapping[str, Any]
    thread_key: int | None = None
    caused_by: int | None = None
    refusal: str | None = None


def event_of(occasion: Occasion, event_id: str, *, now: datetime) -> Event:
    """Return the event that an occasion is stored as."""
    refused = {} if occasion.refusal is None else {REFUSED: occasion.refusal}
    return Event(
        event_id=event_id,
        id=event_id,
        kind="event",
        type=f"{SOURCE}.{occasion.kind}",
        source=SOURCE,
        namespace=SOURCE,
        occurred_at=now,
        received_at=now,
        workflow=occasion.workflow,
        data={**occasion.data, **refused, "for": [occasion.workflow, occasion.trigger_id]},
    )


def is_occasion(event: Event) -> bool:
    """Say whether *event* is one of these, so that nobody else is asked about it."""
    return is_own(event) and event.type in TYPES and "for" in (event.data or {})


def is_own(event: Event) -> bool:
    """Say whether Baton itself told *event*: what comes from outside has gone through an adapter."""
    return event.source == SOURCE and event.adapter is None


def is_for(event: Event, workflow: str, trigger_id: str) -> bool:
    """Say whether *event* is an occasion of this trigger."""
    return is_occasion(event) and (event.data or {})["for"] == [workflow, trigger_id]


def refusal_of(event: Event) -> str | None:
    """Say why *event* starts nothing although it fits; None: it may."""
    return (event.data or {}).get(REFUSED) if is_occasion(event) else None


def program_of(event: Event) -> str | None:
    """Return the run whose program was at work when the file changed that *event* tells of."""
    return (event.data or {}).get(PROGRAM) if is_occasion(event) else None


def speaker_of(event: Event) -> str | None:
    """Return the person who wrote, or did, in Slack what *event* tells of; None: it tells of no such."""
    if is_occasion(event) and event.type == SPOKEN:
        return str((event.data or {})["user"])
    return None


def told_of(event: Event) -> dict[str, Any]:
    """Return what expressions see of an occasion under ``trigger``."""
    data = {name: value for name, value in (event.data or {}).items() if name not in HIDDEN}
    kind = event.type.removeprefix(f"{SOURCE}.")
    return {
        **data,
        "kind": kind,
        "event_id": event.event_id,
        "received_at": format_time(event.received_at),
    }
