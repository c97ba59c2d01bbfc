"""A process before and after an event: folded, and written as a row."""

from dataclasses import replace
from typing import Any, NamedTuple

from baton.events import Event, Status
from coordination import leases
from coordination.attempts import Placed, Standing, remember_key, renew_lease
from coordination.database import Row
from coordination.incoming import Unit
from coordination.processes import Effect, Fold, extend, fold, judge
from coordination.store import events as event_store
from coordination.store import processes as store
from coordination.store.processes import NewProcess
from coordination.threads import Evidence


class Moved(NamedTuple):
    """A process before and after an event. *known* is how it stood, in whatever attempt."""

    known: Standing | None
    before: Fold | None
    standing: Standing
    effect: Effect
    applied: bool
    awake: bool = False  # it was stalled, and is heard of again

    def marked(self, keys: str | None) -> "Moved":
        """Return the same with the mark of the keys that its thread is tied to; None changes none."""
        if keys is None or keys == self.standing.tied:
            return self
        return self._replace(standing=replace(self.standing, tied=keys))

    @property
    def after(self) -> Fold:
        return self.standing.fold

    @property
    def ends(self) -> bool:
        return self.after.ended and not (self.before is not None and self.before.ended)

    @property
    def is_news(self) -> bool:
        """Say whether people want to know at once."""
        status = self.after.status
        changed = self.before is None or self.before.status is not status
        return changed and (status.terminal or status is Status.PENDING_APPROVAL)

    @property
    def looks_different(self) -> bool:
        before, after = self.before, self.after
        if before is None or self.awake:
            return True
        return any(
            getattr(before, name) != getattr(after, name)
            for name in ("status", "content", "name", "started_at", "ended_at")
        )


def move(unit: Unit, event: Event, row: Row | None, known: Standing | None, to: Placed) -> Moved:
    """Fold the event into its attempt."""
    old = None if known is None or to.begins else known
    before = old.fold if old is not None else None
    after = extend(before, event) if before is not None else fold([event])
    if after is None:  # it came out of order, which takes all events of the attempt
        stored = event_store.of_attempt(unit.tx, row.key if row else 0, to.attempt)
        after = fold([*(Event.from_json(body) for body in stored), event])
    effect, took = judge(before, after, event)
    fired = old.fired if old is not None else ()
    status = str(event.status or "")
    applied = took and status not in fired
    standing = Standing(
        attempt=to.attempt,
        fold=after,
        fired=(*fired, status) if applied else fired,
        attempt_keys=known.attempt_keys if known is not None else {},
        asks=old.asks if old is not None else False,
        lease=old.lease if old is not None else None,
        tied=old.tied if old is not None else None,
    )
    awake = row is not None and row.stalled_since is not None
    settled = renew_lease(remember_key(standing, event), event)
    return Moved(known, before, settled, effect, applied, awake)


def only_lives(event: Event, row: Row | None, known: Standing | None, to: Placed) -> bool:
    """Say whether a heartbeat says nothing but that the process lives: then nothing is written.

    One that has a sequence counts in the order of later events; one that comes out of order may have
    been the first sign of work; and one of a process that has not begun or is stalled changes what
    people see.
    """
    if row is None or known is None or to.begins or not event.heartbeat:
        return False
    status = event.status or Status.QUEUED
    ordered = event.sequence is None and event.occurred_at > known.fold.top[0]
    new = not ordered or known.fold.ended or status.terminal
    shown = row.stalled_since is not None or known.fold.status is Status.QUEUED
    return not (new or shown or renew_lease(known, event) is not known)


def write(
    unit: Unit, event: Event, row: Row | None, moved: Moved, home: tuple[int, Evidence]
) -> int:
    """Write the process, and until when it promised to be heard of; *home* is its thread."""
    thread_key, evidence = home
    values = _values(unit, event, row, moved)
    if row is None:
        key = _add(unit, event, values, home)
    else:
        key = int(row.key)
        if row.attempt != moved.standing.attempt:  # a new attempt may be told to another thread
            values["thread_key"] = thread_key
        if row.owner is None:
            values["owner"] = unit.incoming.owner
        if row.parent_key is None:
            values.update(_parent(unit, event, evidence, row))
        store.change(unit.tx, key, values)
    leases.tend(unit.tx, key, moved.known, moved.standing, now=event.received_at, late=moved.awake)
    return key


def _values(unit: Unit, event: Event, row: Row | None, moved: Moved) -> dict[str, Any]:
    after = moved.after
    return {
        "attempt": moved.standing.attempt,
        "name": after.name or (row.name if row else event.process_id),
        "category": after.category or (row.category if row else None),
        "status": str(after.status),
        "state": moved.standing.to_json(),
        "stalled_since": None,
        "started_at": after.started_at,
        "ended_at": after.ended_at,
        "updated_at": unit.now,
    }


def _add(unit: Unit, event: Event, values: dict[str, Any], home: tuple[int, Evidence]) -> int:
    thread_key, evidence = home
    del values["updated_at"], values["stalled_since"]
    new = NewProcess(
        **values,
        **_parent(unit, event, evidence, None),
        namespace=event.namespace,
        process_id=event.process_id or "",
        source=event.source,
        owner=unit.incoming.owner,
        thread_key=thread_key,
        run_key=unit.incoming.run_key,
        now=unit.now,
    )
    return store.add(unit.tx, new)


def _parent(unit: Unit, event: Event, evidence: Evidence, row: Row | None) -> dict[str, Any]:
    """Say whose child the process is; an edge that would close a circle is left out."""
    if event.parent is None:
        return {}
    if evidence.parent_key is None:
        namespace = event.parent.namespace or event.namespace
        return {"parent_ref": f"{namespace}:{event.parent.process_id}"}
    if row is not None and store.is_above(unit.tx, row.key, evidence.parent_key):
        return {}
    return {"parent_key": evidence.parent_key, "parent_ref": None}
