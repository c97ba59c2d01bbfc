"""What an event changes: its thread, its process, the questions it asks, the card. In one unit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from baton.events import Event, Status
from coordination import approvals, asking, outbox, threads
from coordination.attempts import Placed, Standing, place, remember_key
from coordination.correlation import Step, correlate
from coordination.database import Row, Transaction
from coordination.identities import Identity
from coordination.outbox import ROOT, Lane, Notice
from coordination.processes import Effect, Fold, extend, fold, judge
from coordination.store import approvals as approval_store
from coordination.store import events as event_store
from coordination.store import processes as store
from coordination.threads import Evidence
from coordination.world import Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An event and what its credential says.

    Args:
        event: as it was read.
        identity: under what a repeat is known; None for what Baton itself reports once.
        channel: where a thread that it opens is posted, if the event itself does not say.
        owner: the person whom the reporting token names; may not answer what the process asks.
        approvers: who answers what a tool asks, as the settings say.
        raw: the body as it came, secrets masked; kept for 7 days.
        thread_key: the thread it belongs to, where Baton knows better than the event.
        run_key: of the run that reports itself.
        trusted: Baton itself says so; only then a process may be approved or rejected by an event.
    """

    event: Event
    identity: Identity | None
    channel: str | None = None
    owner: str | None = None
    approvers: tuple[str, ...] = ()
    raw: bytes | None = None
    thread_key: int | None = None
    run_key: int | None = None
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an event led to. *applied* says that the fold took its status: triggers may fire."""

    event: Event
    effect: Effect
    applied: bool = False
    status: Status | None = None
    thread_key: int | None = None
    thread_id: str | None = None
    thread_url: str | None = None
    process_key: int | None = None
    run_key: int | None = None  # the run that caused it
    run_id: str | None = None
    approval_id: str | None = None
    steps: tuple[Step, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Unit:
    tx: Transaction
    incoming: Incoming
    now: datetime
    ids: Ids


@dataclass(frozen=True, slots=True)
class _Home:
    """The thread of an event, and how it was found."""

    key: int
    steps: tuple[Step, ...]
    evidence: Evidence
    opened: bool


@dataclass(frozen=True, slots=True)
class _Moved:
    """A process before and after an event."""

    before: Fold | None
    standing: Standing
    effect: Effect
    applied: bool

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
        return before is None or any(
            getattr(before, name) != getattr(after, name)
            for name in ("status", "content", "name", "started_at", "ended_at")
        )


def take(tx: Transaction, incoming: Incoming, *, now: datetime, ids: Ids) -> Taken:
    """Correlate and fold one event, and write everything of it but its own row."""
    unit = _Unit(tx, incoming, now, ids)
    if incoming.event.kind == "process":
        return _take_process(unit, incoming.event)
    # An event without a status may start workflows and is shown nowhere by itself.
    home = _home(unit, incoming.event, None, begun=False)
    taken = _taken(unit, incoming.event, home)
    return replace(taken, effect="created" if home.opened else "updated", applied=True)


def _take_process(unit: _Unit, told: Event) -> Taken:
    row = store.by_id(unit.tx, told.namespace, told.process_id or "")
    standing = Standing.from_json(row.attempt, row.state) if row is not None else None
    placed = place(standing, told)
    event = replace(told, attempt=placed.attempt)
    home = _home(unit, event, row, begun=not placed.begins)
    taken = _taken(unit, event, home)
    if placed.past and row is not None:
        note = f"attempt {placed.attempt} is over; attempt {row.attempt} is shown"
        status = Status(row.status)
        return replace(taken, effect="late", note=note, process_key=row.key, status=status)
    moved = _move(unit, event, row, None if standing is None else (standing, placed))
    key = _write(unit, event, row, moved, home)
    approval_id, standing = _ask(unit, event, key, row, moved)
    status = _show(unit, key, standing)
    _tell(unit, key, taken, moved)
    return replace(
        taken,
        effect=moved.effect,
        applied=moved.applied,
        process_key=key,
        status=status,
        approval_id=approval_id,
        note=_conflict(event, moved),
    )


def _home(unit: _Unit, event: Event, row: Row | None, *, begun: bool) -> _Home:
    """Find or open the thread, and tie the event's keys to it."""
    process_thread = row.thread_key if row is not None else None
    evidence = threads.evidence(unit.tx, event, process_thread, now=unit.now)
    found = correlate(event, evidence.known, begun=begun)
    key = unit.incoming.thread_key or found.thread_key
    opened = key is None
    if key is None:
        key = threads.open_thread(
            unit.tx,
            title=event.name or event.process_id or event.type,
            channel=event.channel or unit.incoming.channel,
            now=unit.now,
            ids=unit.ids,
            external_id=event.run_id,
        )
    threads.tie(unit.tx, key, event, evidence.known, now=unit.now)
    return _Home(key, found.steps, evidence, opened)


def _taken(unit: _Unit, event: Event, home: _Home) -> Taken:
    thread = threads.touch(unit.tx, home.key, now=unit.now)
    return Taken(
        event=event,
        effect="updated",
        thread_key=home.key,
        thread_id=thread.id,
        thread_url=thread.permalink,
        run_key=unit.incoming.run_key or home.evidence.run_key,
        run_id=home.evidence.run_id,
        steps=home.steps,
    )


def _move(
    unit: _Unit, event: Event, row: Row | None, known: tuple[Standing, Placed] | None
) -> _Moved:
    """Fold the event into its attempt."""
    fresh = known is None or known[1].begins
    old = None if fresh or known is None else known[0]
    before = old.fold if old is not None else None
    after = extend(before, event) if before is not None else fold([event])
    if after is None:  # it came out of order, which takes all events of the attempt
        stored = event_store.of_attempt(unit.tx, row.key if row else 0, event.attempt or 1)
        after = fold([*(Event.from_json(body) for body in stored), event])
    effect, took = judge(before, after, event)
    fired = old.fired if old is not None else ()
    status = event.status.value if event.status is not None else ""
    applied = took and status not in fired
    standing = Standing(
        attempt=event.attempt or 1,
        fold=after,
        fired=(*fired, status) if applied else fired,
        attempt_keys=known[0].attempt_keys if known is not None else {},
        asks=old.asks if old is not None else False,
    )
    return _Moved(before, remember_key(standing, event), effect, applied)


def _write(unit: _Unit, event: Event, row: Row | None, moved: _Moved, home: _Home) -> int:
    after = moved.after
    values: dict[str, Any] = {
        "attempt": moved.standing.attempt,
        "name": after.name or (row.name if row else event.process_id),
        "category": after.category or (row.category if row else None),
        "status": after.status.value,
        "state": moved.standing.to_json(),
        "started_at": after.started_at,
        "ended_at": after.ended_at,
        "updated_at": unit.now,
    }
    if row is None:
        return _add(unit, event, values, home)
    if row.attempt != moved.standing.attempt:  # a new attempt may be told to another thread
        values["thread_key"] = home.key
    if row.owner is None:
        values["owner"] = unit.incoming.owner
    if row.parent_key is None:
        values.update(_parent(unit, event, home.evidence, row))
    store.change(unit.tx, row.key, values)
    return int(row.key)


def _add(unit: _Unit, event: Event, values: dict[str, Any], home: _Home) -> int:
    key = store.add(
        unit.tx,
        {
            **values,
            **_parent(unit, event, home.evidence, None),
            "namespace": event.namespace,
            "process_id": event.process_id,
            "source": event.source,
            "owner": unit.incoming.owner,
            "thread_key": home.key,
            "run_key": unit.incoming.run_key,
            "created_at": unit.now,
        },
    )
    for child in store.adopt(unit.tx, key, f"{event.namespace}:{event.process_id}"):
        _redraw(unit, child.thread_key, Lane.PROGRESS)
    return key


def _parent(unit: _Unit, event: Event, evidence: Evidence, row: Row | None) -> dict[str, Any]:
    """Say whose child the process is; an edge that would close a circle is left out."""
    if event.parent is None:
        return {}
    if evidence.parent_key is None:
        namespace = event.parent.namespace or event.namespace
        return {"parent_ref": f"{namespace}:{event.parent.process_id}"}
    if row is not None and store.is_above(unit.tx, row.key, evidence.parent_key):
        return {}
    return {"parent_key": evidence.parent_key, "parent_ref": None}


def _ask(
    unit: _Unit, event: Event, key: int, row: Row | None, moved: _Moved
) -> tuple[str | None, Standing]:
    """Open what the event asks, and withdraw what an ended attempt had asked."""
    standing = moved.standing
    restarted = row is not None and row.attempt != standing.attempt
    if restarted or (moved.ends and standing.asks):
        note = "a new attempt began" if restarted else f"the process is {moved.after.status}"
        approvals.close_of_process(unit.tx, process_key=key, note=note, now=unit.now, ids=unit.ids)
    if event.approval is None or moved.effect in ("late", "ignored") or moved.after.ended:
        return None, standing
    question = asking.question_of(event, event.approval, approvers=unit.incoming.approvers)
    asked = approvals.open_for_process(
        unit.tx, question, process_key=key, now=unit.now, ids=unit.ids
    )
    standing = replace(standing, asks=True)
    store.change(unit.tx, key, {"state": standing.to_json()})
    return asked.id, standing


def _show(unit: _Unit, key: int, standing: Standing) -> Status:
    """Say which status people see: an open question outweighs any other news of the work."""
    status = standing.fold.status
    if status.terminal or not standing.asks:
        return status
    if not approval_store.open_of_process(unit.tx, key):
        return status
    store.change(unit.tx, key, {"status": Status.PENDING_APPROVAL.value})
    return Status.PENDING_APPROVAL


def _tell(unit: _Unit, key: int, taken: Taken, moved: _Moved) -> None:
    """Have the card redrawn, and what a failed process said last posted; a line is on the card."""
    event, thread_key = taken.event, taken.thread_key or 0
    name = f"{event.namespace}:{event.process_id}"
    unit.tx.touch("process", name, thread_id=taken.thread_id)
    if not moved.looks_different:
        return
    _redraw(unit, thread_key, Lane.RESULT if moved.is_news else Lane.PROGRESS)
    if moved.ends and moved.after.status is Status.FAILED and _printed(moved.after.content):
        slot = f"output:{key}:{moved.standing.attempt}"
        notice = Notice(thread_key, slot, Lane.FAILURE, "output", {"process_key": key})
        outbox.add(unit.tx, notice, id=unit.ids.new("nt"), now=unit.now)


def _printed(content: Mapping[str, Any]) -> bool:
    """Say whether a process has said more than the line that its card shows."""
    said = {**content.get("metadata", {}), **content.get("result", {})}
    return bool(said.get("tail")) or "\n" in str(content.get("message") or "").strip()


def _redraw(unit: _Unit, thread_key: int, lane: Lane) -> None:
    notice = Notice(thread_key, ROOT, lane, "thread", {})
    outbox.add(unit.tx, notice, id=unit.ids.new("nt"), now=unit.now)


def _conflict(event: Event, moved: _Moved) -> str | None:
    if event.status is None or not event.status.terminal or moved.effect != "late":
        return None
    shown = moved.after.status
    return None if event.status is shown else f"conflicting end: the process is {shown} already"
