"""Waits for events inside a unit: opened, answered, closed, or over. Each is one compare-and-set.

A wait sees each event that was stored since its run started, and each that comes, exactly once. The
events up to `until_seq`, the newest when it opened, are looked at by looking back; all later ones by
the Dispatcher, which sees the wait because it reads waits after it has read the event. While it looks
back, the oldest later event that fits is only noted, so that an older one still comes first.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from coordination import wakeups
from coordination.database import Row, Transaction
from coordination.errors import NotFound
from coordination.store import threads as thread_store
from coordination.store import waits as store
from coordination.wait_keys import Place, Wanted, key_of, marked, shape_of
from coordination.wait_veils import SEALED, Veil
from coordination.world import Ids

__all__ = ["MOST_SCANNING", "Order", "answer", "close", "expire", "found_nothing", "noted", "open"]

MOST_SCANNING = 1_000  # open waits of one event type of which every event has to be looked at
STANDING = ("open", "looking")
TURNS = re.compile(r'\[(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*")\]|#[0-9]+')  # in a path: which turn


class Order(Protocol):
    """What a step waits for. *where* is asked over ``event`` and *names*, outside the writer."""

    @property
    def path(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def event(self) -> str: ...
    @property
    def correlate(self) -> Sequence[tuple[Place, str]]: ...
    @property
    def where(self) -> str | None: ...
    @property
    def names(self) -> Mapping[str, Any]: ...
    @property
    def since(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...


class _Refused(Exception):  # not an error: the step is told
    """A wait that cannot be opened; the message is the step's error."""

    def __init__(self, kind: str, message: str) -> None:
        self.error = {"type": kind, "message": message, "class": "not_started"}
        super().__init__(message)


def open(  # noqa: A001  # read as waits.open
    tx: Transaction,
    order: Order,
    *,
    run_key: int,
    now: datetime,
    ids: Ids,
    veil: Veil | None = None,
) -> int:
    """Store that a step waits for an event, and return the key of its wait.

    Where nothing was stored since that could answer it, it is open at once. What cannot be waited
    for is refused by a wake-up: the step fails. *veil* says what of it must not stand in clear.
    """
    try:
        wanted = [(place, _text(tx, place, text, veil)) for place, text in order.correlate]
        shape, key = _found_by(order.event, wanted, veil)
        _check_room(tx, order, key)
    except _Refused as refused:
        return _refuse(tx, order, refused.error, run_key=run_key, now=now, ids=ids)
    head = store.head(tx)
    since = head + 1
    if order.since == "start":
        since = (store.first_of_run(tx, run_key) or head) + 1
    values = _columns(order, run_key=run_key, now=now, ids=ids) | {
        "shape": shape,
        "wait_on": key,
        "filter": _filter(order, wanted, veil),
        "since_seq": since,
        "until_seq": head,
        "state": "open" if since > head else "looking",
    }
    if values["state"] == "looking":
        tx.touch("wait", values["id"])
    return store.add(tx, values)


def answer(tx: Transaction, key: int, event_id: str, *, now: datetime, looked: bool = False) -> str:
    """Give an event that fits to a wait, if it is still to be had; say in a word what came of it.

    Args:
        tx: the unit.
        key: of the wait.
        event_id: of an event that fits.
        now: the wall time.
        looked: found by looking back, so that no older one can come.
    """
    row = store.by_key(tx, key)
    if row is None or row.state not in STANDING:
        return "waits no more"
    if wakeups.find(tx, row.run_key, delivery_of(event_id, row.path)) is not None:
        return "had it before"
    if row.state == "looking" and not looked:
        _note_found(tx, row, event_id)
        return "woken, unless an older event fits"
    _deliver(tx, row, event_id, now=now)
    return "woken"


def found_nothing(tx: Transaction, key: int, *, now: datetime) -> None:
    """Open a wait that has looked back, or give it what came meanwhile.

    Where another turn of its step was given that, the wait looks back once more: something else may
    have come, too.
    """
    row = store.by_key(tx, key)
    if row is None or row.state != "looking":
        return
    if row.event_id is None:
        store.move(tx, row, {"state": "open"})
    elif wakeups.find(tx, row.run_key, delivery_of(row.event_id, row.path)) is None:
        _deliver(tx, row, row.event_id, now=now)
    else:
        store.move(tx, row, {"until_seq": store.head(tx), "event_id": None})
        tx.touch("wait", row.id)


def noted(tx: Transaction, key: int, failures: int, why: str) -> None:
    """Count the events for which the `where` of a wait failed; keep why it did last."""
    row = store.by_key(tx, key)
    if row is not None and row.state in STANDING:
        failed = row.filter.get("failed", 0) + failures
        store.note(tx, key, {"filter": {**row.filter, "failed": failed, "why": why[:500]}})


def close(tx: Transaction, *, run_key: int, path: str, attempt: int) -> None:
    """Take back what a step waits for. An event that its run has not heard of is nobody's again."""
    row = store.newest_at(tx, run_key, path)
    if row is None or row.version != attempt:
        return
    if row.state in STANDING:
        store.move(tx, row, _ended("closed") | {"event_id": None})
    elif row.state == "answered" and store.forget(tx, run_key, delivery_of(row.event_id, path)):
        store.move(tx, row, {"state": "closed", "event_id": None})


def expire(tx: Transaction, *, run_key: int, path: str) -> bool | None:
    """End a wait whose time is over; False where an event came first, None while it looks back."""
    row = store.newest_at(tx, run_key, path)
    if row is None or row.state not in STANDING:
        return False
    if row.state == "looking":
        return None
    return store.move(tx, row, _ended("expired"))


def delivery_of(event_id: str, path: str) -> str:
    """Return under what a run knows an event: a step takes each one once, all its turns together."""
    return f"event:{event_id}:{TURNS.sub('', path)}"


def told(event: Row) -> dict[str, Any]:
    """Return an event as expressions see it: its canonical fields, and the name of its process."""
    body: dict[str, Any] = {**event.body}
    if event.kind == "process":
        body["name"] = body.get("name") or event.name or event.process_id
    return body


def _deliver(tx: Transaction, row: Row, event_id: str, *, now: datetime) -> None:
    event = store.event(tx, event_id)
    if event is None:
        raise NotFound("event", event_id)
    store.move(tx, row, _ended("answered") | {"event_id": event_id})
    payload = {"path": row.path, "attempt": row.version, "event": told(event)}
    wakeups.add(
        tx,
        run_key=row.run_key,
        kind="event",
        payload=payload,
        delivery_id=delivery_of(event_id, row.path),
        now=now,
    )


def _note_found(tx: Transaction, row: Row, event_id: str) -> None:
    known = row.event_id
    if known is None or store.seq_of(tx, event_id) < store.seq_of(tx, known):
        store.move(tx, row, {"event_id": event_id})


def _ended(state: str) -> dict[str, Any]:
    return {"state": state, "shape": None, "wait_on": None}


def _refuse(
    tx: Transaction,
    order: Order,
    error: Mapping[str, Any],
    *,
    run_key: int,
    now: datetime,
    ids: Ids,
) -> int:
    values = _columns(order, run_key=run_key, now=now, ids=ids)
    key = store.add(tx, {**values, "state": "refused"})
    wakeups.add(
        tx,
        run_key=run_key,
        kind="event",
        payload={"path": order.path, "attempt": order.attempt, "error": dict(error)},
        delivery_id=f"refused:{values['id']}",
        now=now,
    )
    return key


def _columns(order: Order, *, run_key: int, now: datetime, ids: Ids) -> dict[str, Any]:
    return {
        "id": ids.new("wt"),
        "run_key": run_key,
        "path": order.path,
        "since": now,
        "version": order.attempt,
        "expires_at": order.expires_at,
    }


def _found_by(
    event: str, wanted: Sequence[tuple[Place, str]], veil: Veil | None
) -> tuple[str, str]:
    """Return shape and key of a wait, with the hashes of what must not be seen."""
    hidden = frozenset[Place]() if veil is None else veil.hidden
    shape = shape_of(event, (place for place, _ in wanted), hidden)
    if veil is None:
        return shape, key_of(shape, (text for _, text in wanted))
    texts = (veil.mark(place, text) if place in hidden else text for place, text in wanted)
    return shape, key_of(shape, texts)


def _filter(order: Order, wanted: Sequence[tuple[Place, str]], veil: Veil | None) -> dict[str, Any]:
    names, kept = dict(order.names), _kept(wanted, veil)
    seals = veil is not None and veil.names and names
    written = {
        "event": order.event,
        "wanted": [[list(place), text] for place, text in kept],
        "where": order.where,
        "names": {} if seals else names,
        SEALED: veil.seal(names) if veil is not None and seals else None,
    }
    return {name: value for name, value in written.items() if value}


def _kept(wanted: Sequence[tuple[Place, str]], veil: Veil | None) -> Wanted:
    if veil is None:
        return wanted
    return [
        (place, marked(veil.mark(place, text)) if place in veil.hidden else text)
        for place, text in wanted
    ]


def _text(tx: Transaction, place: Place, text: str, veil: Veil | None) -> str:
    """Return what has to stand in the index: of a run, its thread."""
    if place != ("run",):
        return text
    run = thread_store.run(tx, text)
    if run is None:
        thread = thread_store.by_ref(tx, text)
    else:
        thread = thread_store.by_key(tx, run.thread_key) if run.thread_key is not None else None
    if thread is None:
        hides = veil is not None and place in veil.hidden
        named = "of this name, which must not be seen," if hides else repr(text[:80])
        raise _Refused("not_found", f"there is no run or thread {named} to wait in")
    return str(thread.id)


def _check_room(tx: Transaction, order: Order, key: str) -> None:
    if not order.correlate and store.count(tx, key) >= MOST_SCANNING:
        raise _Refused(
            "limit",
            f"{MOST_SCANNING:,} steps look at every `{order.event}` already; say in `correlate`"
            " which of them is meant",
        )
