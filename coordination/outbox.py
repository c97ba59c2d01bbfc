"""What is to be told to Slack, in our words: ids of what happened, never Block Kit.

A notice belongs to a thread and to a slot of it; a slot is one message, drawn from the newest facts
whenever it is drawn. Notices are leased, not popped: one that was taken and not reported back comes
round again. `coordination.turns` says which is next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from coordination import following, threads
from coordination.behind import alone, joined
from coordination.correlation import slack_key
from coordination.database import Reader, Row, Transaction
from coordination.noise import Counts
from coordination.store import outbox as store

ROOT = "root"
COPY = "@"  # between a slot and the recipient who hears of it because the channel cannot
MENTIONED = "mentioned"  # in the body of what was sent: the people whom it notified by name
EARLIER = "~"  # after a slot whose message is gone
FIRST_FLUSH = timedelta(seconds=1)  # a card that just came up is about to change again
FLUSH_EVERY = timedelta(seconds=3)
SLOWEST = timedelta(seconds=10)  # while only progress changes
TOO_OLD = timedelta(minutes=10)  # progress that nobody needs to hear of any more
FOR_EVER = timedelta(days=3650)


class Lane(IntEnum):
    """How urgent a notice is; a lower lane leaves first."""

    DECISION = 1
    RESULT = 2
    FAILURE = 3
    PROGRESS = 4


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell a thread, or, beside it, a *recipient*: a person's id, or a channel.

    *body* holds ids; what they stand for is read at delivery.
    """

    thread_key: int
    slot: str
    lane: int
    kind: str  # thread, approval, unknown, reply, failure, output, nudge, digest, rollup, …
    body: Mapping[str, Any]
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """The message that stands for a slot in Slack, and the hash of what it showed last.

    *turns* counts, of a card, edits of mere progress in a row; of a direct message, how often it
    was sent.
    """

    thread_key: int
    slot: str
    channel_id: str
    ts: str
    hash: str
    permalink: str | None = None
    version: int | None = None
    updated_at: datetime | None = None
    notified: bool = False
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Home:
    """Where a thread stands: its id, the channel it was given, and the messages it has."""

    thread_id: str = ""
    channel: str | None = None
    slots: Mapping[str, Slot] = field(default_factory=dict)
    rolled: int = 0  # what only the card tells of

    @property
    def root(self) -> Slot | None:
        return self.slots.get(ROOT)

    @property
    def counts(self) -> Counts:
        """What was said so far; a copy for somebody else is no reply."""
        root = self.root
        said = [
            slot for name, slot in self.slots.items() if name != ROOT and not name.endswith(EARLIER)
        ]
        here = [each for each in said if root and each.channel_id == root.channel_id]
        return Counts(len(here), sum(each.notified for each in said))


@dataclass(frozen=True, slots=True)
class Leased:
    """A notice in flight. *attempt* counts from 1 and tells this lease from later ones.

    *urgency* is the most urgent lane that waits in its thread; *view* is the thread as it was when
    the notice was claimed, for those that show all of it.
    """

    key: int
    id: str
    notice: Notice
    attempt: int
    created_at: datetime
    home: Home = Home()
    urgency: int = Lane.PROGRESS
    view: Any = None  # a ThreadView, whose module builds on this one

    @property
    def slot(self) -> Slot | None:
        """The message that it would edit."""
        return self.home.slots.get(self.notice.slot)


def add(
    tx: Transaction,
    notice: Notice,
    *,
    id: str,  # noqa: A002  # the row's id
    now: datetime,
    opened: bool = False,
) -> int:
    """Queue *notice* and return its key; what it makes needless in its slot is superseded.

    Decisions are never superseded. An edit about progress waits a little, so that the next can join. Who
    follows the thread, and who heard of the slot elsewhere, is told in the same unit. *opened* says
    that the unit opened the thread and nothing was said in this slot: then nothing is looked for.
    """
    key = _add_first(tx, notice, id, now) if opened else _add(tx, notice, id, now)
    if notice.recipient is None:
        for other in _beside(tx, notice, id):
            _add(tx, other, f"{id}{COPY}{other.recipient}", now)
    return key


def add_later(
    tx: Transaction,
    notice: Notice,
    *,
    id: str,  # noqa: A002  # the row's id
    due_at: datetime,
    now: datetime,
) -> bool:
    """Queue *notice* for *due_at*, unless one of that id is there; say whether it was new."""
    if not store.add_once(tx, _values(notice, id, due_at, now)):
        return False
    tx.touch("outbox", id)
    return True


def take_back(tx: Transaction, *, now: datetime) -> int:
    """At a start: queue again what an earlier life of the process had in flight, and count it."""
    return store.free(tx, now=now + FOR_EVER)


def sent(tx: Transaction, leased: Leased, *, now: datetime, named: Sequence[str] = ()) -> bool:
    """Note that Slack took it, and whom it *named*; False when the lease had run out meanwhile."""
    body = {"body": {**leased.notice.body, MENTIONED: [*named]}} if named else {}
    return store.end(tx, leased.key, leased.attempt, state="sent", sent_at=now, **body)


def needless(tx: Transaction, leased: Leased) -> bool:
    """Note that the message shows this already, so that nothing was sent."""
    return store.end(tx, leased.key, leased.attempt, state="superseded")


def rolled(tx: Transaction, leased: Leased, *, now: datetime) -> bool:
    """Note that no message of its own says it: the card does, and a digest."""
    return store.end(tx, leased.key, leased.attempt, state="rolled", sent_at=now)


def retry(
    tx: Transaction, leased: Leased, *, due_at: datetime, error: str, counted: bool = True
) -> bool:
    """Try again at *due_at*; until then the whole thread waits, and no other one does.

    Args:
        tx: the unit.
        leased: the notice as it was claimed.
        due_at: when.
        error: what went wrong, for the doctor.
        counted: false when Slack only asked to slow down: that was no attempt.
    """
    attempts = leased.attempt if counted else leased.attempt - 1
    values = {"state": "queued", "due_at": due_at, "error": error, "attempts": attempts}
    if not store.end(tx, leased.key, leased.attempt, **values):
        return False
    store.delay(tx, leased.notice.thread_key, leased.notice.recipient, due_at)
    tx.touch("outbox", leased.id)
    return True


def postpone(tx: Transaction, leased: Leased, *, due_at: datetime, error: str) -> bool:
    """Put an edit off to *due_at*; it was no attempt, and the rest of its thread need not wait."""
    values = {"state": "queued", "due_at": due_at, "error": error, "attempts": leased.attempt - 1}
    return store.end(tx, leased.key, leased.attempt, **values)


def fail(tx: Transaction, leased: Leased, *, error: str) -> bool:
    """Give up on it for good; the thread goes on with what comes next."""
    return store.end(tx, leased.key, leased.attempt, state="failed", error=error)


def park(tx: Transaction, leased: Leased, *, error: str) -> bool:
    """Put it aside with all that its thread has to say in that place, until `unpark`."""
    if not store.end(tx, leased.key, leased.attempt, state="parked", error=error):
        return False
    store.park(tx, leased.notice.thread_key, leased.notice.recipient, error)
    return True


def unpark(tx: Transaction, thread_key: int, *, now: datetime) -> int:
    """Say after all what was put aside; count the notices."""
    count = store.unpark(tx, thread_key, now=now)
    if count:
        tx.touch("outbox", f"thread:{thread_key}")
    return count


async def parked(reader: Reader) -> tuple[tuple[int, str, int], ...]:
    """Return the threads that cannot say what they have to: key, the reason, and how much it is."""
    rows = await store.parked(reader)
    return tuple((row.thread_key, str(row.error), int(row.count)) for row in rows)


async def next_due(reader: Reader) -> datetime | None:
    """Say when to look again: the next notice is due then, or the next lease runs out."""
    return await store.next_due(reader)


def slot(tx: Transaction, thread_key: int, name: str) -> Slot | None:
    """Return the message of a slot, if there is one."""
    row = store.slot(tx, thread_key, name)
    return slot_of(row) if row is not None else None


async def slots(reader: Reader, thread_key: int) -> tuple[Slot, ...]:
    """Return the messages of a thread."""
    return tuple(slot_of(row) for row in await store.read_slots(reader, thread_key))


def put_slot(tx: Transaction, slot: Slot, *, now: datetime) -> None:
    """Note which message stands for a slot and what it shows.

    With its root a thread can be found by what people and tools say of the Slack thread.
    """
    if slot.slot == ROOT:
        threads.attach(tx, slot.thread_key, [slack_key(slot.channel_id, slot.ts)], now=now)
    store.put_slot(
        tx,
        {
            "thread_key": slot.thread_key,
            "slot": slot.slot,
            "channel_id": slot.channel_id,
            "ts": slot.ts,
            "permalink": slot.permalink,
            "hash": slot.hash,
            "version": slot.version,
            "notified": slot.notified,
            "turns": slot.turns,
            "updated_at": now,
        },
    )


def drop_slot(tx: Transaction, thread_key: int, name: str, *, now: datetime) -> None:
    """Let go of a message that is gone; the next notice of the slot posts it anew, and says so."""
    known = slot(tx, thread_key, name)
    if known is None:
        return
    store.drop_slot(tx, thread_key, name)
    if not name.endswith(EARLIER):
        put_slot(tx, replace(known, slot=f"{name}{EARLIER}"), now=now)


def slot_of(row: Row) -> Slot:
    """Read the row of a message."""
    return Slot(
        thread_key=row.thread_key,
        slot=row.slot,
        channel_id=row.channel_id,
        ts=row.ts,
        hash=row.hash,
        permalink=row.permalink,
        version=row.version,
        updated_at=row.updated_at,
        notified=bool(row.notified),
        turns=row.turns or 0,
    )


def _add_first(tx: Transaction, notice: Notice, name: str, now: datetime) -> int:
    key = store.add(tx, _values(notice, name, now, now))
    tx.touch("outbox", name)
    return key


def _add(tx: Transaction, notice: Notice, name: str, now: datetime) -> int:
    held = _part(store.held(tx, notice.thread_key), notice.recipient)
    older = [row for row in held if _gives_way(row, notice)]
    same = len(older) == 1 and _says_the_same(older[0], notice, held)
    notice = replace(notice, body=joined(notice.kind, notice.body, older))
    due_at = max(_due(tx, notice, older, now), _blocked_until(held, now))
    if same:
        (waiting,) = older
        store.renew(tx, waiting.key, body=notice.body, due_at=due_at, now=now)
        tx.touch("outbox", waiting.id)
        return int(waiting.key)
    store.supersede(tx, [row.key for row in older])
    tried = [row.created_at for row in older if row.attempts]
    values = _values(notice, name, due_at, min(tried, default=now))  # as old as what may be there
    if aside := [row.error for row in held if row.state == "parked"]:
        values["state"], values["error"] = "parked", aside[-1]
    values["attempts"] = max((row.attempts for row in older), default=0)
    key = store.add(tx, values)
    tx.touch("outbox", name)
    return key


def _values(notice: Notice, name: str, due_at: datetime, created_at: datetime) -> dict[str, Any]:
    return {
        "id": name,
        "thread_key": notice.thread_key,
        "lane": int(notice.lane),
        "slot": notice.slot,
        "recipient": notice.recipient,
        "kind": notice.kind,
        "body": dict(notice.body),
        "state": "queued",
        "attempts": 0,
        "due_at": due_at,
        "created_at": created_at,
    }


def _beside(tx: Transaction, notice: Notice, name: str) -> Iterable[Notice]:
    """Return what others are told of the same news: who follows it, who has a copy of its card."""
    if notice.lane > Lane.FAILURE:
        return
    if notice.slot == ROOT or notice.kind in ("approval", "unknown"):
        for person in following.followers(tx, notice.thread_key):
            body = {"person": person, "news": name}
            lane = max(Lane.RESULT, notice.lane)
            yield Notice(
                notice.thread_key, f"follow:{person}", lane, "subscription", body, recipient=person
            )
    for row in store.slots_of(tx, notice.thread_key):
        slot_name, _, recipient = row.slot.partition(COPY)
        if recipient and slot_name == notice.slot and not recipient.endswith(EARLIER):
            yield replace(notice, slot=row.slot, recipient=recipient)


def _part(held: Sequence[Row], recipient: str | None) -> list[Row]:
    return [row for row in held if row.recipient == recipient]


def _gives_way(row: Row, notice: Notice) -> bool:
    same = row.slot == notice.slot and row.state != "leased"
    return bool(same and row.lane >= notice.lane and row.lane != Lane.DECISION)


def _says_the_same(row: Row, notice: Notice, held: Sequence[Row]) -> bool:
    """Say whether what is queued stands for *notice* too, as a card that is drawn anew anyhow."""
    fresh = row.state == "queued" and not row.attempts
    same = row.lane == notice.lane and row.kind == notice.kind and alone(row.body) == notice.body
    return fresh and same and not any(each.state == "parked" for each in held)


def _due(tx: Transaction, notice: Notice, older: Sequence[Row], now: datetime) -> datetime:
    if notice.lane != Lane.PROGRESS:
        return now
    turns: list[datetime] = [row.due_at for row in older]
    if turns:  # it keeps its turn, or steady progress would put it off for ever
        return max(now, min(*turns, now + SLOWEST))
    shown = slot(tx, notice.thread_key, notice.slot)
    if shown is None or shown.updated_at is None:
        return now
    rest = pace(shown.turns)  # and no longer, even if the clock was set back since it was shown
    return max(now, min(shown.updated_at, now) + rest)


def pace(turns: int) -> timedelta:
    """Say how long a card rests that was edited *turns* times in a row for mere progress."""
    if turns == 0:
        return FIRST_FLUSH
    return min(SLOWEST, FLUSH_EVERY * 1.5 ** min(turns - 1, 10))


def _blocked_until(held: Sequence[Row], now: datetime) -> datetime:
    """A notice that is to be tried again holds up all of its thread."""
    retried = (row.due_at for row in held if row.state == "queued" and row.attempts)
    return max(retried, default=now)
