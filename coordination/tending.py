"""What people do about a process that fell silent: ask after it, give it another hour, or end it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from baton.events import WIRE_PREFIX, ErrorInfo, Event, Status
from coordination import accept, audit, directory, leases, outbox, timers, trail
from coordination.database import Row, Transaction
from coordination.errors import Conflict, NotFound
from coordination.footing import Footing
from coordination.incoming import Incoming
from coordination.outbox import ROOT, Lane, Notice
from coordination.policy import Principal, authorize
from coordination.questions import mention
from coordination.store import events as event_store
from coordination.store import processes as store
from coordination.trail import escape
from coordination.votes import Judging

APART = timedelta(hours=1)  # between two times that somebody is asked about the same silence
LONGER = timedelta(hours=1)
BY = "marked_failed_by"  # in the metadata of a process
NAME = 80


@dataclass(frozen=True, slots=True)
class Silent:
    """A silent process as somebody saw it: its thread, which process of it, and which attempt."""

    thread_id: str
    key: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done about a process; *again* says that it had been done already.

    *owner* is the person whose token reports it.
    """

    name: str
    owner: str | None
    again: bool = False


class Tending(Footing):
    """The verbs of those who see that nothing is heard of a process any more."""

    async def ping(self, principal: Principal, silent: Silent, *, via: str) -> Tended:
        """Ask in its thread whether a process still goes on; its owner is mentioned.

        Within an hour of the same silence that is done once, whoever asks.

        Raises:
            NotFound, NotAllowed
            Conflict: it was heard of again, or has ended.
        """
        judging = self._judging()
        return await self._door.write(lambda tx: _ping(tx, principal, silent, via, judging))

    async def wait_longer(self, principal: Principal, silent: Silent, *, via: str) -> Tended:
        """Let a process be silent for another hour before its card says so again.

        Raises:
            NotFound, NotAllowed
            Conflict: it was heard of again, or has ended.
        """
        judging = self._judging()
        return await self._door.write(lambda tx: _wait_longer(tx, principal, silent, via, judging))

    async def mark_failed(self, principal: Principal, silent: Silent, *, via: str) -> Tended:
        """End a silent process as failed; what waits for its end goes on with that.

        What the tool reports of the attempt later is history. The same by the same person again
        changes nothing.

        Raises:
            NotFound, NotAllowed
            Conflict: it was heard of again, or has ended by other means.
        """
        judging = self._judging()
        return await self._door.write(lambda tx: _mark_failed(tx, principal, silent, via, judging))


def _ping(tx: Transaction, who: Principal, silent: Silent, via: str, judging: Judging) -> Tended:
    row = _allowed(tx, who, "ping", silent, judging)
    since = _since(row, silent)
    quiet = judging.now - since
    owner = row.owner if row.owner != who.human else None
    asked = f" {mention(owner)}" if owner else ""
    by, name = directory.shown(who.actor, directory.people(tx)), escape(row.name[:NAME])
    said = (
        f"{by} asks{asked}: is {name} still going? "
        f"Nothing was heard of it for {_span(judging.now - _heard(tx, row))}."
    )
    notice_id = f"nt_ping_{row.key}_{int(since.timestamp())}_{quiet // APART}"
    notice = Notice(row.thread_key, f"reply:{notice_id}", Lane.RESULT, "reply", {"text": said})
    new = outbox.add_later(tx, notice, id=notice_id, due_at=judging.now, now=judging.now)
    if new:
        _record(tx, row, "process.ping", who, via, judging.now)
    return Tended(row.name, owner, again=not new)


def _wait_longer(
    tx: Transaction, who: Principal, silent: Silent, via: str, judging: Judging
) -> Tended:
    row = _allowed(tx, who, "tend", silent, judging)
    _since(row, silent)
    store.change(tx, row.key, {"stalled_since": None})
    timers.set(tx, leases.OWNER, row.key, leases.SLOT, judging.now + LONGER)
    tx.touch("process", f"{row.namespace}:{row.process_id}", thread_id=row.thread_id)
    card = Notice(row.thread_key, ROOT, Lane.RESULT, "thread", {})
    outbox.add(tx, card, id=judging.ids.new("nt"), now=judging.now)
    _record(tx, row, "process.snooze", who, via, judging.now)
    return Tended(row.name, row.owner)


def _mark_failed(
    tx: Transaction, who: Principal, silent: Silent, via: str, judging: Judging
) -> Tended:
    row = _allowed(tx, who, "tend", silent, judging)
    if _marked_by(row, silent) == who.actor:
        return Tended(row.name, row.owner, again=True)
    _since(row, silent)
    now, by = judging.now, directory.shown(who.actor, directory.people(tx))
    heard = f"{_heard(tx, row):%Y-%m-%d %H:%M} UTC"
    why = f"Marked failed by {by}: nothing was heard of it since {heard}"
    event = _end(row, why, judging.ids.new("ev"), by=who.actor, now=now)
    incoming = Incoming(event=event, identity=None, thread_key=row.thread_key, trusted=True)
    accept.record(tx, incoming, now=now, ids=judging.ids)
    _record(tx, row, "process.mark_failed", who, via, now)
    said = f"{escape(row.name[:NAME])} was marked failed by {mention(who.actor)}"
    trail.line(tx, row.thread_key, said, now=now, ids=judging.ids)
    return Tended(row.name, row.owner)


def _end(row: Row, why: str, event_id: str, *, by: str, now: datetime) -> Event:
    return Event(
        event_id=event_id,
        id=event_id,
        kind="process",
        type=WIRE_PREFIX + Status.FAILED.value,
        source="baton",
        namespace=row.namespace,
        occurred_at=now,
        received_at=now,
        process_id=row.process_id,
        attempt=row.attempt,
        category=row.category,
        status=Status.FAILED,
        error=ErrorInfo(message=why, type="stalled"),
        metadata={BY: by},
    )


def _allowed(tx: Transaction, who: Principal, action: str, silent: Silent, judging: Judging) -> Row:
    """Return the process, once *who* may do *action* to it. Raises: NotFound, NotAllowed."""
    row = store.by_key(tx, silent.key)
    if row is None or row.thread_id != silent.thread_id or row.run_key is not None:
        raise NotFound("process", silent.thread_id)
    standing = directory.standing(tx, who.human, judging.roles, now=judging.now)
    owns = row.owner is not None and row.owner == who.human
    person, roles = standing.person, standing.roles
    authorize(who, action, person=person, roles=roles, involved=owns)
    return row


def _since(row: Row, silent: Silent) -> datetime:
    """Return since when a process is stalled. Raises: Conflict, where it is not."""
    if row.attempt != silent.attempt:
        raise Conflict(f"{row.name} is at attempt {row.attempt} by now. Nothing was changed.")
    if row.ended_at is not None:
        raise Conflict(f"{row.name} has ended already: {row.status}. Nothing was changed.")
    if row.stalled_since is None:
        raise Conflict(f"{row.name} is not stalled any more. Nothing was changed.")
    since: datetime = row.stalled_since
    return since


def _heard(tx: Transaction, row: Row) -> datetime:
    return event_store.last_heard(tx, row.key, row.attempt) or row.updated_at


def _marked_by(row: Row, silent: Silent) -> str | None:
    """Return who marked the very attempt failed, if somebody did."""
    if row.attempt != silent.attempt or row.ended_at is None:
        return None
    said = row.state.get("metadata")
    return str(said[BY]) if isinstance(said, dict) and BY in said else None


def _record(
    tx: Transaction, row: Row, action: str, who: Principal, via: str, now: datetime
) -> None:
    audit.record(
        tx,
        at=now,
        actor=who.actor,
        action=action,
        object=f"{row.namespace}:{row.process_id}",
        detail={"attempt": row.attempt, "thread": row.thread_id, "via": via},
    )


def _span(quiet: timedelta) -> str:
    minutes = max(0, int(quiet.total_seconds() // 60))
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
