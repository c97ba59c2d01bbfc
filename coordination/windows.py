"""Triggers of several events: all of them within a time, or one that does not come. Inside a unit.

What has come so far is a row, and its end is a timer. What closes a window well is stored as an
occasion, so the run is started from there.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from baton.events import format_time
from coordination import timers
from coordination.database import Row, Transaction, canonical
from coordination.noting import note
from coordination.occasions import Occasion
from coordination.ports import TriggerSpec
from coordination.store import events as event_store
from coordination.store import triggers as trigger_store
from coordination.store import windows as store
from coordination.timers import Due
from coordination.world import Ids

__all__ = ["OF", "OWNER", "Arrived", "fire", "take"]

OWNER = "window"  # the kind of owner of these timers
OF, AFTER = 0, 1  # the parts of an `absence`
MOST = 1_000  # windows of one trigger
AGAIN = timedelta(seconds=1)  # while an event that came in time has still to be looked at,
PATIENCE = timedelta(minutes=5)  # and for so long
LONGEST = 200  # characters of what events have in common; a longer text stands as its digest
SLOT = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An event that fits parts of a trigger.

    Args:
        workflow: whose trigger it is.
        spec: the whole trigger.
        parts: which of its parts the event fits.
        name: what `correlate` makes of it.
        event_id: of the event.
        at: when it arrived.
    """

    workflow: str
    spec: TriggerSpec
    parts: tuple[int, ...]
    name: str
    event_id: str
    at: datetime

    @property
    def within(self) -> timedelta:
        return timedelta(seconds=self.spec.keys["within"])


def take(tx: Transaction, arrived: Arrived, *, now: datetime, ids: Ids) -> str:
    """Count an event and say what came of it."""
    if arrived.spec.kind == "absence":
        return _await(tx, arrived)
    return _collect(tx, arrived, now=now, ids=ids)


def fire(tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
    """End a window whose time is over: what should have come in an `absence` did not."""
    window = store.by_key(tx, due.owner_key)
    if window is None:
        return
    if _is_early(tx, window, now):
        timers.set(tx, OWNER, window.key, SLOT, now + AGAIN)
        return
    store.close(tx, window.key)
    spec = trigger_store.one(tx, window.workflow, window.trigger_id)
    if spec is not None and spec.kind == "absence" and window.events["what"] == _digest(spec):
        began = window.events["after"]
        _happen(tx, window.workflow, spec, {"after": {"event_id": began}}, began, now=now, ids=ids)


def _is_early(tx: Transaction, window: Row, now: datetime) -> bool:
    """Say whether an event that came in time may still be on its way to the window."""
    if not store.unseen(tx, window.expires_at):
        return False
    since = window.events.get("since")
    if since is None:
        collected = {**window.events, "since": format_time(now)}
        store.change(tx, window.key, collected, window.expires_at)
        return True
    return now < datetime.fromisoformat(since) + PATIENCE


def _collect(tx: Transaction, arrived: Arrived, *, now: datetime, ids: Ids) -> str:
    window = _standing(tx, arrived, short(arrived.name))
    known: dict[str, list[str]] = dict(window.events["parts"]) if window is not None else {}
    if any(arrived.event_id == event_id for event_id, _ in known.values()):
        return "it counts already"
    near = {part: seen for part, seen in known.items() if _apart(arrived, seen) <= arrived.within}
    near[_part(arrived, near)] = [arrived.event_id, format_time(arrived.at)]
    whole = len(arrived.spec.parts)
    if len(near) < whole:
        return _go_on(tx, arrived, window, near)
    if window is not None:
        _close(tx, window)
    told = [{"event_id": near[str(part)][0]} for part in range(whole)]
    data = {"events": told}
    _happen(tx, arrived.workflow, arrived.spec, data, arrived.event_id, now=now, ids=ids)
    return f"all {whole} events came"


def _go_on(
    tx: Transaction, arrived: Arrived, window: Row | None, near: Mapping[str, list[str]]
) -> str:
    newest = max(datetime.fromisoformat(at) for _, at in near.values())
    expires_at = newest + arrived.within
    collected = {"what": _digest(arrived.spec), "parts": dict(near)}
    if window is not None:
        store.change(tx, window.key, collected, expires_at)
        timers.set(tx, OWNER, window.key, SLOT, expires_at)
    elif not _open(tx, arrived, short(arrived.name), collected, expires_at):
        return f"more than {MOST} windows of this trigger are open"
    which = f" with {arrived.name[:60]!r} in common" if arrived.name else ""
    count = f"{len(near)} of {len(arrived.spec.parts)} events{which}"
    return f"{count}; waits for the others until {_clock(expires_at)}"


def _part(arrived: Arrived, near: Mapping[str, list[str]]) -> str:
    """Return the part that the event counts for: one that has none yet, or has the oldest."""
    fitting = [str(part) for part in arrived.parts]
    free = [part for part in fitting if part not in near]
    return free[0] if free else min(fitting, key=lambda part: near[part][1])


def _apart(arrived: Arrived, seen: list[str]) -> timedelta:
    return abs(arrived.at - datetime.fromisoformat(seen[1]))


def _await(tx: Transaction, arrived: Arrived) -> str:
    said = []
    if OF in arrived.parts:
        waiting = [
            window
            for window in store.opened(tx, arrived.workflow, arrived.spec.id, arrived.at)
            if window.events.get("name", "") == arrived.name
        ]
        for window in waiting:
            _close(tx, window)
        said.append(
            f"it was expected: {len(waiting)} waits are over" if waiting else "nobody waits for it"
        )
    if AFTER in arrived.parts:
        expires_at = arrived.at + arrived.within
        began = {"what": _digest(arrived.spec), "after": arrived.event_id}
        if arrived.name:
            began["name"] = arrived.name
        if _standing(tx, arrived, arrived.event_id) is not None:
            said.append("it counts already")
        elif _open(tx, arrived, arrived.event_id, began, expires_at):
            said.append(f"waits until {_clock(expires_at)} for what is expected")
        else:
            said.append(f"more than {MOST} waits of this trigger are open")
    return "; ".join(said)


def _standing(tx: Transaction, arrived: Arrived, name: str) -> Row | None:
    """Return the window of that name, unless it is of another form of the trigger."""
    window = store.one(tx, arrived.workflow, arrived.spec.id, name)
    if window is not None and window.events["what"] != _digest(arrived.spec):
        _close(tx, window)
        return None
    return window


def _open(
    tx: Transaction,
    arrived: Arrived,
    name: str,
    collected: Mapping[str, Any],
    expires_at: datetime,
) -> bool:
    if store.count(tx, arrived.workflow, arrived.spec.id) >= MOST:
        return False
    key = store.open_one(
        tx,
        {
            "workflow": arrived.workflow,
            "trigger_id": arrived.spec.id,
            "name": name,
            "events": dict(collected),
            "opened_at": arrived.at,
            "expires_at": expires_at,
        },
    )
    timers.set(tx, OWNER, key, SLOT, expires_at)
    return True


def _close(tx: Transaction, window: Row) -> None:
    store.close(tx, window.key)
    timers.clear(tx, OWNER, window.key)


def _happen(  # noqa: PLR0913  # all that an occasion says
    tx: Transaction,
    workflow: str,
    spec: TriggerSpec,
    data: Mapping[str, Any],
    event_id: str,
    *,
    now: datetime,
    ids: Ids,
) -> None:
    """Store that the trigger fires, in the thread of the event which that comes from."""
    event = event_store.by_id(tx, event_id)
    occasion = Occasion(
        workflow=workflow,
        trigger_id=spec.id,
        kind=spec.kind,
        data=data,
        thread_key=event.thread_key if event is not None else None,
        caused_by=event.caused_by_run if event is not None else None,
    )
    note(tx, occasion, now=now, ids=ids)


def _digest(spec: TriggerSpec) -> str:
    """Return what tells one form of a trigger from another, its inputs and whole `where` apart."""
    written = trigger_store.columns_of(spec)["spec"]
    what = {name: written.get(name) for name in ("keys", "parts")}
    return hashlib.sha256(canonical(what).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def short(name: str) -> str:
    """Return *name* as it stands in the index."""
    if len(name) <= LONGEST:
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
