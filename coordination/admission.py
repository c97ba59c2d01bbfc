"""Whether a run may start: how many of its workflow go on, and how many there were in the last hour.

Decided in the unit that starts the run, on every way of starting one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from baton.events import WIRE_PREFIX, Event
from baton.status import Status
from coordination import accept, runs, wakeups
from coordination.database import Row, Transaction, canonical
from coordination.incoming import Incoming
from coordination.ports import Definition, Expressions
from coordination.runs import SOURCE, NewRun
from coordination.store import definitions as definition_store
from coordination.store import queues as store
from coordination.store import runs as run_store
from coordination.taking import Taken
from coordination.world import Ids

__all__ = ["BEHIND", "FREE", "Outcome", "Terms", "start", "terms_of"]

HOUR = timedelta(hours=1)
BEHIND = "behind"  # in the metadata of what is told of a run that was left out: who caused it


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules of a workflow for one run of it.

    Args:
        key: of the runs that it counts with; None where nobody counts.
        limit: how many of them go on at once.
        policy: queue, skip or cancel_running.
        per_hour: how many runs of the workflow start within an hour.
        priority: low or high, where it is not normal.
        behind: the workflows of the runs that caused it.
    """

    key: str | None = None
    limit: int = 1
    policy: str = "queue"
    per_hour: int | None = None
    priority: str | None = None
    behind: Sequence[str] = ()


FREE = Terms()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a start; *text* says why it is held, or why there is no run."""

    kind: Literal["started", "held", "skipped", "refused"]
    text: str
    run_key: int | None = None


def terms_of(
    definition: Definition,
    expressions: Expressions,
    context: Mapping[str, Any],
    behind: Sequence[str] = (),
) -> Terms:
    """Read the rules of a definition for a run that begins. Outside the writer.

    Raises:
        ValueError: the template of its key failed, or gave nothing.
    """
    settings: Mapping[str, Any] = definition.body.get("settings") or {}
    concurrency = settings.get("concurrency")
    priority = settings.get("priority")
    terms = Terms(
        per_hour=settings.get("max_runs_per_hour"),
        priority=priority if priority in ("low", "high") else None,
        behind=tuple(behind),
    )
    if not concurrency:
        return terms
    return Terms(
        key=_key(concurrency.get("key"), expressions, context),
        limit=int(concurrency.get("limit", 1)),
        policy=concurrency.get("policy", "queue"),
        per_hour=terms.per_hour,
        priority=terms.priority,
        behind=terms.behind,
    )


def _key(template: str | None, expressions: Expressions, context: Mapping[str, Any]) -> str:
    if template is None:
        return ""
    value = expressions.template(template)(context)
    if value is None:
        raise ValueError(f"the concurrency key {template!r} gives nothing")
    return value if isinstance(value, str) else canonical(value)


def start(tx: Transaction, new: NewRun, terms: Terms, *, now: datetime, ids: Ids) -> Outcome:
    """Write a queued run, with a place or held until it gets one, or say why there is none.

    A run that is there already stays as it is.
    """
    known = run_store.by_id(tx, new.id)
    if known is not None:
        return Outcome("started", "started", known.key)
    if refusal := _too_many(tx, new, terms, now):
        return Outcome("refused", refusal)
    if terms.key is None:
        return Outcome("started", "started", _write(tx, new, terms, None, now=now, ids=ids))
    before = store.open_of(tx, new.workflow, terms.key)
    if len(before) < terms.limit:
        return Outcome("started", "started", _write(tx, new, terms, None, now=now, ids=ids))
    if terms.policy == "skip":
        reason = f"left out, since {_named(before)} of `{new.workflow}` goes on"
        _tell_skipped(tx, new, terms, reason, now=now, ids=ids)
        return Outcome("skipped", reason)
    key = _write(tx, new, terms, now, now=now, ids=ids)
    if terms.policy == "cancel_running":
        _displace(tx, before[: len(before) + 1 - terms.limit], key, now)
    return Outcome("held", f"queued behind {_named(before)}", key)


def _write(
    tx: Transaction,
    new: NewRun,
    terms: Terms,
    held_since: datetime | None,
    *,
    now: datetime,
    ids: Ids,
) -> int:
    key = runs.write(tx, new, now=now, ids=ids)
    if terms.key is not None or terms.priority is not None:
        store.mark(tx, key, key=terms.key, held_since=held_since, priority=terms.priority)
    return key


def _too_many(tx: Transaction, new: NewRun, terms: Terms, now: datetime) -> str | None:
    if terms.per_hour is None:
        return None
    count, first = store.of_late(tx, new.workflow, now - HOUR)
    if count < terms.per_hour or first is None:
        return None
    runs_ = "one run" if terms.per_hour == 1 else f"{terms.per_hour} runs"
    return (
        f"`{new.workflow}` starts at most {runs_} within an hour: "
        f"the next one may start at {first + HOUR:%H:%M} UTC"
    )


def _displace(tx: Transaction, rows: Sequence[Row], by: int, now: datetime) -> None:
    """Have the oldest runs make room; one that was told so before is told nothing new."""
    taking = run_store.by_key(tx, by)
    number = taking.number if taking is not None else by
    for row in rows:
        wakeups.add(
            tx,
            run_key=row.key,
            kind="cancel",
            payload={
                "by": SOURCE,
                "reason": f"R-{number} takes its place",
                "mode": "compensate",
            },
            delivery_id="displaced",
            now=now,
        )


def _tell_skipped(
    tx: Transaction, new: NewRun, terms: Terms, reason: str, *, now: datetime, ids: Ids
) -> None:
    """Store the event of a run that was left out; it opens no thread, and moves no process."""
    row = definition_store.by_hash(tx, new.hash)
    event_id = ids.new("ev")
    event = Event(
        event_id=event_id,
        id=event_id,
        kind="process",
        type=WIRE_PREFIX + Status.SKIPPED.value,
        source=SOURCE,
        namespace=SOURCE,
        occurred_at=now,
        received_at=now,
        process_id=new.id,
        name=row.title if row is not None else new.workflow,
        category="run",
        status=Status.SKIPPED,
        workflow=new.workflow,
        message=reason,
        metadata={BEHIND: [new.workflow, *terms.behind]},
    )
    taken = Taken(event, "created", applied=True, thread_key=new.thread_key)
    accept.keep(tx, Incoming(event=event, identity=None, trusted=True), taken, now=now)


def _named(rows: Sequence[Row]) -> str:
    numbers = [f"R-{row.number}" for row in rows[:3]]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return ", ".join(numbers) + more
