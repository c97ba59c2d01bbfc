"""What an event changes: its thread, its process, the questions it asks, the card. In one unit."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from baton.events import Event, Status
from coordination import announcing, approvals, askers, asking, moving, reasons, related, threads
from coordination.attempts import Placed, Standing, place
from coordination.correlation import Correlation, Step, correlate, keys_of
from coordination.database import Row, Transaction
from coordination.incoming import Incoming, Unit
from coordination.keys import mark_of
from coordination.moving import Moved
from coordination.outbox import Lane
from coordination.processes import Effect
from coordination.reasons import Reason
from coordination.shortcut import plain_news
from coordination.store import approvals as approval_store
from coordination.store import processes as store
from coordination.store import threads as thread_store
from coordination.superseding import supersede
from coordination.taken import Taken
from coordination.threads import Evidence, Head, Tied
from coordination.world import Ids

EXPIRED = "arrived after the time that its producer set; it starts nothing"

__all__ = ["Incoming", "Taken", "take"]


class _Home(NamedTuple):
    """The thread of an event, and how it was found."""

    head: Head
    found: Correlation
    evidence: Evidence
    tied: tuple[Tied, ...]
    mark: str | None  # of the keys that were looked at
    opened: bool

    @property
    def key(self) -> int:
        return self.head.key


def take(
    tx: Transaction, incoming: Incoming, *, now: datetime, ids: Ids, short: bool = True
) -> Taken:
    """Correlate and fold one event, and write everything of it but its own row.

    Not *short*: also what the short way could take, which comes to the same and takes longer.
    """
    unit = Unit(tx, incoming, now, ids)
    event = incoming.event
    taken = (plain_news(unit) if short else None) or _take(unit, event)
    if event.expired:
        return taken._replace(effect="late", applied=False, note=taken.note or EXPIRED)
    return taken


def _take(unit: Unit, event: Event) -> Taken:
    return _take_process(unit, event) if event.kind == "process" else _take_other(unit, event)


def _take_other(unit: Unit, event: Event) -> Taken:
    """Take an event without a status: it may start workflows and is shown nowhere by itself."""
    home = _home(unit, event, None, None)
    _link(unit, home)
    effect: Effect = "created" if home.opened else "updated"
    return _taken(unit, event, home, effect=effect, applied=True)


def _take_process(unit: Unit, event: Event) -> Taken:
    row = store.by_id(unit.tx, event.namespace, event.process_id or "")
    known = Standing.from_json(row.attempt, row.state) if row is not None else None
    placed = place(known, event)
    if row is not None and moving.only_lives(event, row, known, placed):
        return _lives(unit, event, row)
    home = _home(unit, event, row, None if placed.begins else known)
    passed = _passed(event, home, known, placed)
    if row is not None and passed is not None:
        return _history(unit, event, row, home, passed)._replace(attempt=placed.attempt)
    return _move(unit, event, (row, known, placed), home)


def _home(unit: Unit, event: Event, row: Row | None, begun: Standing | None) -> _Home:
    """Find or open the thread, and tie the event's keys to it.

    A process whose attempt has *begun* stays where it is; its keys are looked at when they change.
    """
    tx, now = unit.tx, unit.now
    process_thread = row.thread_key if row is not None else None
    names = keys_of(event)
    mark = mark_of(names, now)
    fresh = () if begun is not None and begun.tied == mark else names
    evidence = threads.evidence(tx, event, process_thread, fresh, now=now)
    found = correlate(event, evidence.known, begun=begun is not None, names=names)
    key = unit.incoming.thread_key or found.thread_key
    if key is None:
        head = threads.open_thread(
            tx,
            title=event.name or event.process_id or event.type,
            channel=event.channel or unit.incoming.channel,
            now=now,
            ids=unit.ids,
            external_id=event.run_id,
        )
    else:
        head = threads.touch(tx, key, now=now)
    tied = threads.tie(tx, head.key, event, evidence, opened=key is None, now=now)
    return _Home(head, found, evidence, tied, mark, opened=key is None)


def _passed(event: Event, home: _Home, known: Standing | None, placed: Placed) -> Reason | None:
    """Say why an event is history and nothing else; None: it moves its process."""
    if known is None:
        return None
    if placed.past:
        return reasons.past(known, placed)
    begins = placed.begins and event.status is not None and not event.status.terminal
    return reasons.ARCHIVED if home.head.archived and not begins else None


def _history(unit: Unit, event: Event, row: Row, home: _Home, passed: Reason) -> Taken:
    _link(unit, home)
    return _taken(
        unit,
        event,
        home,
        effect="late",
        process_key=row.key,
        status=Status(row.status),
        was=row.status,
        because=passed,
        note=passed[1],
    )


def _lives(unit: Unit, event: Event, row: Row) -> Taken:
    """Answer a heartbeat: its own row is all that it costs."""
    head = threads.head(unit.tx, row.thread_key)
    return Taken(
        event=event,
        effect="updated",
        attempt=row.attempt,
        status=Status(row.status),
        thread_key=row.thread_key,
        thread_id=head.id,
        thread_url=head.url,
        process_key=row.key,
        run_key=unit.incoming.run_key,
        steps=(Step("process", event.process_id, "matched"),),
        because=reasons.HEARTBEAT,
        was=row.status,
    )


def _move(
    unit: Unit, event: Event, known: tuple[Row | None, Standing | None, Placed], home: _Home
) -> Taken:
    row, standing, placed = known
    silent = _awaken(unit, event, home)
    joins = _joins(unit, row, home)
    if row is not None and standing is not None and placed.begins and not standing.fold.ended:
        supersede(unit, row, placed.attempt)
    moved = moving.move(unit, event, row, standing, placed).marked(home.mark)
    key = moving.write(unit, event, row, moved, (home.key, home.evidence))
    if row is None:
        _adopt(unit, event, key, home)
    _link(unit, home)
    approval_id, settled = _ask(unit, event, key, moved)
    status = _show(unit, key, settled)
    name = f"{event.namespace}:{event.process_id}"
    unit.tx.touch("process", name, thread_id=home.head.id)
    if not silent:
        announcing.tell(unit, key, home.key, moved, opened=home.opened)
    if joins and not silent:
        announcing.joined(unit, home.key, event, home.found.by)
    return _taken(
        unit,
        event,
        home,
        effect=moved.effect,
        attempt=placed.attempt,
        applied=moved.applied,
        process_key=key,
        status=status,
        approval_id=approval_id,
        was=row.status if row is not None else None,
        because=reasons.reason(standing, placed, moved.before, event, moved.effect),
        note=reasons.conflict(moved.before, moved.after, event, moved.effect),
    )


def _awaken(unit: Unit, event: Event, home: _Home) -> bool:
    """Take the thread out of the archive if work begins in it; True if it stays there, unseen."""
    if not home.head.archived:
        return False
    if event.status is not None and event.status.terminal:
        return True
    threads.reopen(unit.tx, home.key)
    return False


def _joins(unit: Unit, row: Row | None, home: _Home) -> bool:
    """Say whether a process comes into a thread in which people see others already."""
    if home.opened or unit.incoming.thread_key is not None:
        return False
    if row is not None and row.thread_key == home.key:
        return False
    return announcing.surprises(home.found.by) and thread_store.is_shown(unit.tx, home.key)


def _adopt(unit: Unit, event: Event, key: int, home: _Home) -> None:
    """Give a process the children that came before it, and link their threads with its own."""
    for child in store.adopt(unit.tx, key, f"{event.namespace}:{event.process_id}"):
        announcing.redraw(unit, child.thread_key, Lane.PROGRESS)
        related.link(unit.tx, child.thread_key, home.key, "parent", now=unit.now, ids=unit.ids)


def _link(unit: Unit, home: _Home) -> None:
    """Link the threads to which other evidence of the event leads."""
    if unit.incoming.thread_key is not None:
        return
    known = home.evidence.known
    others = {each.elsewhere: each.key for each in home.tied if each.elsewhere is not None}
    others |= {known.parent: "parent"} if known.parent is not None else {}
    others |= {known.run: "run_id"} if known.run is not None else {}
    for other, because in others.items():
        related.link(unit.tx, home.key, other, because, now=unit.now, ids=unit.ids)


def _taken(unit: Unit, event: Event, home: _Home, **more: Any) -> Taken:
    return Taken(
        event=event,
        thread_key=home.key,
        thread_id=home.head.id,
        thread_url=home.head.url,
        run_key=unit.incoming.run_key or home.evidence.run_key,
        run_id=home.evidence.run_id,
        steps=home.found.steps,
        tied=home.tied,
        **more,
    )


def _ask(unit: Unit, event: Event, key: int, moved: Moved) -> tuple[str | None, Standing]:
    """Open what the event asks, and withdraw what an ended attempt had asked."""
    standing = moved.standing
    if moved.ends and standing.asks:
        note = f"the process is {moved.after.status}"
        approvals.close_of_process(unit.tx, process_key=key, note=note, now=unit.now, ids=unit.ids)
    if event.approval is None or moved.effect in ("late", "ignored") or moved.after.ended:
        return None, standing
    question = asking.question_of(event, event.approval, approvers=unit.incoming.approvers)
    asked = approvals.open_for_process(
        unit.tx,
        question,
        process_key=key,
        asking=askers.behind_report(unit.incoming.owner, event.actor),
        now=unit.now,
        ids=unit.ids,
    )
    standing = replace(standing, asks=True)
    store.change(unit.tx, key, {"state": standing.to_json()})
    return asked.id, standing


def _show(unit: Unit, key: int, standing: Standing) -> Status:
    """Say which status people see: an open question outweighs any other news of the work."""
    status = standing.fold.status
    if status.terminal or not standing.asks:
        return status
    if not approval_store.open_of_process(unit.tx, key):
        return status
    store.change(unit.tx, key, {"status": Status.PENDING_APPROVAL.value})
    return Status.PENDING_APPROVAL
