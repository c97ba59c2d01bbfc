"""What is going on in one process: the fold over the events of its attempt. Pure.

Events come late, twice and out of order. They are brought into one total order and folded in it, so
that every order of arrival leads to the same state. Arrival matters in two places only: the first
end that was received stays, since triggers may have acted on it, and a start that is received after
the end begins the next attempt.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import attrgetter
from typing import Any, Literal, TypeAlias

from baton.events import Event, Progress, Status, format_time, plain

Effect: TypeAlias = Literal["created", "updated", "duplicate", "late", "ignored", "stored"]
Place: TypeAlias = tuple[datetime, int, datetime]

_LATEST = ("message", "next_steps")
_MERGED = ("result", "metadata", "labels", "subject")
_MOST_MEMBERS = 500
_MOST_LINKS = 50
_OWN = "baton"
DELAYED_START = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Fold:
    """The state of one attempt.

    ``content`` holds what the events said, as plain JSON: message, next_steps, actor, result,
    metadata, labels, subject, progress, links and, of an end, error. ``status_event`` and
    ``end_event`` are the ids of the events that brought the status.
    """

    status: Status
    status_event: str
    top: Place  # the newest event by order
    content: Mapping[str, Any]
    name: str | None = None
    category: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    end_event: str | None = None  # the first end received, or the correction of it
    end_source: str | None = None
    sequence: int | None = None  # the highest one seen
    sequence_at: datetime | None = None  # the latest time of an event that has one

    @property
    def ended(self) -> bool:
        return self.end_event is not None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, without what is not known; ``content``'s members stand beside the others."""
        body = {
            **self.content,
            "status": str(self.status),
            "status_event": self.status_event,
            "top": _written(self.top),
        }
        texts = zip(_TEXTS, _texts(self), strict=True)
        moments = zip(_MOMENTS, _moments(self), strict=True)
        body.update({name: text for name, text in texts if text is not None})
        body.update({name: format_time(moment) for name, moment in moments if moment is not None})
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Fold":
        """Read back what `to_json` wrote; members of others are left out."""
        get = body.get
        return cls(
            status=Status(body["status"]),
            status_event=body["status_event"],
            top=_place(body["top"]),
            content={name: body[name] for name in CONTENT if name in body},
            name=get("name"),
            category=get("category"),
            started_at=_moment(get("started_at")),
            ended_at=_moment(get("ended_at")),
            end_event=get("end_event"),
            end_source=get("end_source"),
            sequence=get("sequence"),
            sequence_at=_moment(get("sequence_at")),
        )


_TEXTS = ("name", "category", "end_event", "end_source", "sequence")
_MOMENTS = ("started_at", "ended_at", "sequence_at")
_texts = attrgetter(*_TEXTS)
_moments = attrgetter(*_MOMENTS)
CONTENT = (*_LATEST, "actor", *_MERGED, "progress", "links", "error")
_contents = attrgetter(*CONTENT)


def fold(events: Sequence[Event]) -> Fold:
    """Fold the events of one attempt, given in the order in which they arrived.

    Raises:
        ValueError: there is no event to fold.
    """
    if not events:
        raise ValueError("an attempt has at least one event")
    if len(events) == 1:
        return _alone(events[0])
    end, corrected = _end(events)
    ordered = in_order(events)
    told = [
        (place, event)
        for place, event in ordered
        if not _status(event).terminal or end is None or _is_end(event, end, corrected=corrected)
    ]
    folded = reduce(_append, told[1:], _first(*told[0]))
    if end is not None:
        folded = replace(folded, end_event=end.event_id, end_source=end.source)
    sequences = [event for event in events if event.sequence is not None]
    return replace(
        folded,
        top=ordered[-1][0],
        sequence=max((event.sequence or 0 for event in sequences), default=None),
        sequence_at=max((event.occurred_at for event in sequences), default=None),
    )


def first_state(event: Event) -> dict[str, Any]:
    """Return ``fold([event]).to_json()`` in a third of its time.

    Args:
        event: that work is queued, begins or goes on, and nothing of when it began or of a heartbeat.
    """
    status, at, sequence = _status(event), format_time(event.occurred_at), event.sequence
    state = dict(_content({}, event, status))
    state["status"] = status.value
    state["status_event"] = event.event_id
    state["top"] = _written((event.occurred_at, _by_sequence(event), event.received_at))
    if event.name:
        state["name"] = event.name
    if event.category:
        state["category"] = event.category
    if sequence is not None:
        state["sequence"], state["sequence_at"] = sequence, at
    if status.rank:
        state["started_at"] = at
    return state


def extend(before: Fold, event: Event) -> Fold | None:
    """Fold one more event, or return None where that takes all of them: it came out of order.

    The answer is the same as that of `fold` over all events, and much cheaper.
    """
    place = _next_place(before, event)
    if place is None or place < before.top:
        return None
    if before.ended and corrects(before, event):
        return None
    seen: dict[str, Any] = {"top": place}
    if event.sequence is not None:
        seen |= {"sequence": event.sequence, "sequence_at": place[0]}
    return replace(before, **_appended(before, event), **seen)


def in_order(events: Iterable[Event]) -> list[tuple[Place, Event]]:
    """Bring events into the one order of their process, each with its place.

    A producer's sequence outranks its clock: an event that has one counts as being as late as
    anything of the same or a lower sequence. That keeps the order total where only some have one.
    """
    events = list(events)
    latest: dict[int, datetime] = {}
    so_far: datetime | None = None
    for event in sorted((e for e in events if e.sequence is not None), key=_by_sequence):
        so_far = event.occurred_at if so_far is None else max(so_far, event.occurred_at)
        latest[_by_sequence(event)] = so_far
    placed = [
        ((latest.get(_by_sequence(e), e.occurred_at), _by_sequence(e), e.received_at), e)
        for e in events
    ]
    return sorted(placed, key=lambda pair: pair[0])  # stable: equal places stay as they arrived


def corrects(before: Fold, event: Event) -> bool:
    """Say whether *event* may replace the end of its attempt: its own source takes it back."""
    return (
        event.correction
        and _status(event).terminal
        and before.status is not event.status
        and before.end_source == event.source
    )


def judge(before: Fold | None, after: Fold, event: Event) -> tuple[Effect, bool]:
    """Say what an event did, and whether its status was taken, so that triggers may fire."""
    status = _status(event)
    if before is None:
        return "created", not _quiet(event)
    if _quiet(event):
        return ("late" if before.ended else "updated"), False
    if status.terminal:
        took = after.end_event == event.event_id
        return ("updated" if took else "late"), took
    if before.ended:
        return ("ignored" if event.approval else "late"), False
    took = after.status_event == event.event_id
    return ("updated" if took else "late"), took


def starts_again(before: Fold, event: Event) -> bool:
    """Say whether a start that came after the end begins the next attempt.

    A start without a time of its own, just after the end of a process whose start nobody has seen,
    is that start, delayed on its way.
    """
    status = _status(event)
    if not before.ended or status.rank > 1 or _quiet(event) or event.attempt is not None:
        return False
    place = _next_place(before, event)
    if place is None or before.ended_at is None or place[0] <= before.ended_at:
        return False
    timeless = event.sequence is None and event.occurred_at == event.received_at
    soon = event.received_at - before.top[2] <= DELAYED_START
    return not (timeless and soon and before.started_at is None)


def _alone(event: Event) -> Fold:
    sequence = _by_sequence(event)
    folded = _first((event.occurred_at, sequence, event.received_at), event)
    if event.sequence is None:
        return folded
    return replace(folded, sequence=sequence, sequence_at=event.occurred_at)


def _first(place: Place, event: Event) -> Fold:
    """Fold the first event by order into nothing: most processes never get further than a few."""
    status = _status(event)
    if _quiet(event):
        return Fold(**_shown(event, status), top=place, content={})
    ended = _ended(event) if status.terminal else {}
    return Fold(
        **_shown(event, status),
        **ended,
        top=place,
        content=_content({}, event, status),
        name=event.name or None,
        category=event.category or None,
        started_at=_started(None, event, status),
    )


def _append(before: Fold, placed: tuple[Place, Event]) -> Fold:
    return replace(before, **_appended(before, placed[1]))


def _appended(before: Fold, event: Event) -> dict[str, Any]:
    """Say what the next event by order changes; after the end nothing changes any more."""
    if before.ended:
        return {}
    status = _status(event)
    if _quiet(event):  # it says that something goes on, and nothing more
        return {} if before.status.rank else _moved(before, event, status)
    moved = _moved(before, event, status)
    moved["name"] = event.name or before.name
    moved["category"] = event.category or before.category
    moved["started_at"] = _started(before.started_at, event, status)
    moved["content"] = _content(before.content, event, status)
    if status.terminal:
        moved |= _ended(event)
    return moved


def _moved(before: Fold, event: Event, status: Status) -> dict[str, Any]:
    return {} if status.rank < before.status.rank else _shown(event, status)


def _shown(event: Event, status: Status) -> dict[str, Any]:
    shown = Status.IN_PROGRESS if status is Status.APPROVED else status
    return {"status": shown, "status_event": event.event_id}


def _ended(event: Event) -> dict[str, Any]:
    return {"ended_at": event.occurred_at, "end_event": event.event_id, "end_source": event.source}


def _started(known: datetime | None, event: Event, status: Status) -> datetime | None:
    first = known
    for moment in (event.started_at, event.occurred_at if 1 <= status.rank <= 2 else None):
        if moment is not None and (first is None or moment < first):
            first = moment
    return first


def _content(before: Mapping[str, Any], event: Event, status: Status) -> Mapping[str, Any]:
    said = {
        name: plain(value) for name, value in zip(CONTENT, _contents(event), strict=True) if value
    }
    if not said:
        return before
    after = dict(before)
    after.update({name: said[name] for name in _LATEST if name in said})
    if (
        "actor" in said and event.source != _OWN
    ):  # who caused it, not who answered or ended it since
        after.setdefault("actor", said["actor"])
    for name in _MERGED:
        if name in said:
            after[name] = _newest({**after.get(name, {}), **said[name]}, _MOST_MEMBERS)
    if "progress" in said:
        after["progress"] = _further(after.get("progress"), said["progress"])
    if "links" in said:
        links = {(link["rel"], link["url"]): link for link in after.get("links", ())}
        links.update({(link["rel"], link["url"]): link for link in said["links"]})
        after["links"] = list(_newest(links, _MOST_LINKS).values())
    if status.terminal and "error" in said:
        after["error"] = said["error"]
    return after


def _further(shown: Mapping[str, Any] | None, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Progress never goes backwards while it counts the same things."""
    if shown is None or any(shown.get(name) != said.get(name) for name in ("total", "unit")):
        return said
    return said if _amount(said) >= _amount(shown) else shown


def _amount(progress: Mapping[str, Any]) -> float:
    value = Progress(**progress)
    return value.ratio if value.ratio is not None else value.current or 0.0


def _newest(members: dict[Any, Any], limit: int) -> dict[Any, Any]:
    return members if len(members) <= limit else dict(list(members.items())[-limit:])


def _end(events: Sequence[Event]) -> tuple[Event | None, bool]:
    """Find the end that counts, by arrival, and whether it is a correction of an earlier one."""
    end: Event | None = None
    corrected = False
    for event in events:
        if not _status(event).terminal:
            continue
        if end is None:
            end = event
        elif event.correction and event.status is not end.status and event.source == end.source:
            end, corrected = event, True
    return end, corrected


def _is_end(event: Event, end: Event, *, corrected: bool) -> bool:
    """Of equal ends the first by order counts; of a corrected one only the correction."""
    return event is end if corrected else event.status is end.status


def _next_place(before: Fold, event: Event) -> Place | None:
    """Place an event that arrives now, or None if it would move others in the order."""
    if event.sequence is None:
        return event.occurred_at, -1, event.received_at
    if before.sequence is None or before.sequence_at is None:
        return event.occurred_at, event.sequence, event.received_at
    if event.sequence < before.sequence:
        return None
    if event.sequence == before.sequence and event.occurred_at > before.sequence_at:
        return None
    return max(event.occurred_at, before.sequence_at), event.sequence, event.received_at


def _by_sequence(event: Event) -> int:
    return -1 if event.sequence is None else event.sequence


def _quiet(event: Event) -> bool:
    return event.heartbeat and not _status(event).terminal


def _status(event: Event) -> Status:
    if event.status is None:
        raise ValueError(f"{event.event_id} has no status and moves no process")
    return event.status


def _written(place: Place) -> str | list[Any]:
    """Write a place; of most events it is a time alone: that at which they came, without a sequence."""
    at, sequence, received = place
    if sequence == -1 and at == received:
        return format_time(at)
    return [format_time(at), sequence, format_time(received)]


def _place(written: Any) -> Place:
    """Read back what `_written` gave; earlier versions always wrote all three parts."""
    if isinstance(written, str):
        moment = datetime.fromisoformat(written)
        return moment, -1, moment
    at, sequence, received = written
    return datetime.fromisoformat(at), sequence, datetime.fromisoformat(received)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
