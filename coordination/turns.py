"""Whose turn it is: which notices leave next, at most one of a thread at a time."""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from coordination import threads_view
from coordination.database import Row, Transaction
from coordination.database.looking import look
from coordination.outbox import (
    ROOT,
    TOO_OLD,
    Home,
    Lane,
    Leased,
    Notice,
    Slot,
    add_later,
    slot_of,
)
from coordination.store import cards, postponed
from coordination.store import outbox as store
from coordination.store.postponed import PROMISED

FLOOR = 8  # of so many sends at least one is of the lower lanes, while they have something to say
WIDER = 8  # how many rows are looked at for one turn: a thread may have many
MOST_CARDS = 400  # that are put off at once

Place: TypeAlias = tuple[int, str | None]


@dataclass(slots=True)
class Floor:
    """Mixes urgent and other turns: strictly by urgency, but for one turn in `FLOOR`."""

    since: int = 0  # urgent turns since the last of the others

    def mix(self, urgent: Iterable[Place], others: Iterable[Place]) -> Iterator[Place]:
        """Yield turns in the order in which they come; only those that are taken count."""
        first, rest = deque(urgent), deque(others)
        while first or rest:
            if rest and (not first or self.since >= FLOOR - 1):
                self.since = 0
                yield rest.popleft()
            else:
                self.since += 1
                yield first.popleft()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a thread says next, and what it need not say any more.

    Args:
        row: the notice that leaves, if one does.
        merged: replies about progress that would hold up something more urgent; the card has them.
        dropped: progress that is too old to be worth an edit.
    """

    row: Row | None
    merged: tuple[Row, ...] = ()
    dropped: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """What one budget lets leave: so many, and the urgent; the others not before *until*, and *apart*.

    *budget* tells it from others.
    """

    until: datetime
    apart: timedelta
    budget: str = ""
    room: int = 0


@dataclass(slots=True)
class Waiting:
    """Counts by budget, in one claim, what was let through and what was put off."""

    through: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)

    def put_off(self, hold: Hold) -> datetime | None:
        """Return when the next one of a budget comes back; None: it may leave now."""
        if self.through[hold.budget] < hold.room:
            self.through[hold.budget] += 1
            return None
        due_at = hold.until + self.held[hold.budget] * hold.apart
        self.held[hold.budget] += 1
        return due_at


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked of `claim`.

    Args:
        now: the wall time.
        lease: after this time a notice that nobody reported back is handed out again.
        limit: how many, at most.
        urgent: only decisions and results, as at a stop.
        floor: remembers whose turn it was.
        edits: what holds back edits, where something does.
        flying: the keys of what is in flight in this life: that comes back by itself, however late the
            clock says it is.
        posts: what holds back posts in each channel, under every name that a thread may have for it;
            None is the name of the channel of threads that have none.
    """

    now: datetime
    lease: timedelta
    limit: int
    urgent: bool = False
    floor: Floor = field(default_factory=Floor)
    edits: Hold | None = None
    flying: frozenset[int] = frozenset()
    posts: Mapping[str | None, Hold] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What was leased, how much each budget held back, when something is due next, and whose turn it is."""

    leased: tuple[Leased, ...]
    held: Mapping[str, int]
    next_due: datetime | None
    floor: Floor


def claim(tx: Transaction, wanted: Claim) -> Claimed:
    """Lease up to a limit of notices, at most one of a thread, the most urgent threads first."""
    soonest = look(tx, store.soonest)
    due = min(soonest.values(), default=None)
    if due is None or due > wanted.now:
        return Claimed((), {}, due, wanted.floor)  # as most of the time
    if _is_due(store.LEASES, soonest, wanted):
        store.free(tx, now=wanted.now, but=wanted.flying)
        soonest = look(tx, store.soonest)
    lanes = [lane for lane in Lane if _is_due(lane, soonest, wanted)]
    waiting = Waiting(held=_put_off_cards(tx, wanted, lanes))
    urgent = _turns(tx, [lane for lane in lanes if lane <= Lane.RESULT], wanted)
    rest = [] if wanted.urgent else [lane for lane in lanes if lane > Lane.RESULT]
    others = _turns(tx, rest, wanted)
    leased: list[Leased] = []
    seen: set[int] = set()
    floor = replace(wanted.floor)
    for thread_key, recipient in floor.mix(urgent, others):
        if thread_key not in seen:
            seen.add(thread_key)
            found = _lease(tx, (thread_key, recipient), wanted, waiting)
            leased += [] if found is None else [found]
        if len(leased) == wanted.limit:
            break
    return Claimed(tuple(leased), waiting.held, look(tx, store.next_due), floor)


def pull_in(tx: Transaction, back: timedelta, *, lease: timedelta, now: datetime) -> None:
    """Make good that the wall clock was set *back*: for what was put off, and for leases.

    What is promised for a time comes when the clock says so. What was put off in the few seconds since
    the clock was set comes at once; what Slack asked to wait for is kept by the monotonic clock.
    """
    postponed.pull_in(tx, back, now=now)
    postponed.shorten(tx, now + lease)


def choose(rows: Sequence[Row], posted: Collection[str], *, now: datetime) -> Choice:
    """Pick what a thread says next. Pure.

    The root comes before everything, due or not, since replies need it. Replies leave in the order
    in which they came up, whatever their lane, and one that was put off leaves with what is due behind
    it; an edit of a message that is there may pass them. Replies about progress never hold up anything
    else, and what is promised for later is not there before its time.

    Args:
        rows: the queued notices of one thread, or of what it says to one recipient, oldest first.
        posted: slots that have a message already.
        now: the wall time.
    """
    dropped = [row for row in rows if _is_stale(row, posted, now)]
    rows = [row for row in rows if row not in dropped and not _is_to_come(row, now)]
    due = [row for row in rows if row.due_at <= now]
    if not due:
        return Choice(None, dropped=tuple(dropped))
    roots = [row for row in rows if row.slot == ROOT]
    if ROOT not in posted and roots:
        # One that was tried may have arrived: only it, being tried again, is looked for first.
        first = max(roots, key=lambda row: (row.attempts, row.key))
        return Choice(first, dropped=tuple(dropped))
    best = min(due, key=lambda row: (row.lane, row.key))
    if best.slot in posted:
        return Choice(best, dropped=tuple(dropped))
    waiting = [row for row in rows if row.slot not in posted]
    merged = [
        row
        for row in waiting[: waiting.index(best)]
        if row.lane == Lane.PROGRESS and best.lane < Lane.PROGRESS and not row.attempts
    ]
    left = [row for row in waiting if row not in merged]
    return Choice(left[0], tuple(merged), tuple(dropped))


def _is_due(place: int, soonest: Mapping[int, datetime], wanted: Claim) -> bool:
    """Say whether a lane has something to look for; or `LEASES`, whether one ran out."""
    return place in soonest and soonest[place] <= wanted.now


def _turns(tx: Transaction, lanes: Iterable[Lane], wanted: Claim) -> list[Place]:
    limit = wanted.limit * WIDER
    return [place for lane in lanes for place in store.turns(tx, lane, now=wanted.now, limit=limit)]


def _is_stale(row: Row, posted: Collection[str], now: datetime) -> bool:
    old = row.lane == Lane.PROGRESS and now - row.created_at > TOO_OLD
    return bool(old and row.slot in posted)


def _is_to_come(row: Row, now: datetime) -> bool:
    """Say whether a promise is not due yet. One that was tried has its place among the others."""
    return row.kind in PROMISED and row.due_at > now and row.error is None


def _lease(tx: Transaction, place: Place, wanted: Claim, waiting: Waiting) -> Leased | None:
    """Lease what a thread says next; nothing, where that has to wait."""
    thread_key, recipient = place
    rows = [
        row
        for row in store.held(tx, thread_key)
        if row.state == "queued" and row.recipient == recipient
    ]
    slots = {row.slot: slot_of(row) for row in store.slots_of(tx, thread_key)}
    choice = choose(rows, slots, now=wanted.now)
    _let_go(tx, choice, wanted.now)
    if choice.row is None:
        return None
    urgency = min(row.lane for row in rows if row is choice.row or row.due_at <= wanted.now)
    if urgency > Lane.RESULT and _is_put_off(tx, choice.row, slots, wanted, waiting):
        return None
    row = store.lease(tx, choice.row.key, wanted.now + wanted.lease)
    notice = Notice(row.thread_key, row.slot, row.lane, row.kind, row.body, row.recipient)
    leased = Leased(
        row.key, row.id, notice, row.attempts, row.created_at, Home(slots=slots), urgency
    )
    return _at_home(tx, leased)


def _put_off_cards(tx: Transaction, wanted: Claim, lanes: Collection[Lane]) -> Counter[str]:
    """Let first cards wait for which their channel has no room, as `_lease` would, but many at once.

    While more threads are opened than Slack takes, they are most of what is looked at. Return how many.
    """
    waiting = Waiting()
    if wanted.posts and not wanted.urgent and Lane.PROGRESS in lanes:
        for row in cards.due(tx, Lane.PROGRESS, now=wanted.now, limit=MOST_CARDS):
            hold = wanted.posts.get(row.channel)
            if hold is not None and (due_at := waiting.put_off(hold)) is not None:
                store.put_off(tx, row.key, due_at)
    return waiting.held


def _is_put_off(
    tx: Transaction, row: Row, slots: Mapping[str, Slot], wanted: Claim, waiting: Waiting
) -> bool:
    """Let a notice wait for its budget: an edit alone, and a post with all of its thread.

    Here, since to lease it, to read what it shows, and to give it back would be most of the work while
    more comes up than Slack takes.
    """
    edit = row.slot in slots
    hold = wanted.edits if edit else _hold_of(tx, row, slots.get(ROOT), wanted)
    due_at = waiting.put_off(hold) if hold is not None else None
    if due_at is None:
        return False
    if edit:
        store.put_off(tx, row.key, due_at)
    else:
        store.delay(tx, row.thread_key, None, due_at)
    return True


def _hold_of(tx: Transaction, row: Row, root: Slot | None, wanted: Claim) -> Hold | None:
    """Return what holds a post back, where that is a channel's budget and not a recipient's."""
    if row.recipient is not None or not wanted.posts:
        return None
    channel = root.channel_id if root is not None else store.thread(tx, row.thread_key).channel
    return wanted.posts.get(channel)


def _let_go(tx: Transaction, choice: Choice, now: datetime) -> None:
    """Leave to the card what need not be said, and have it drawn."""
    store.supersede(tx, [row.key for row in choice.dropped])
    store.roll(tx, [row.key for row in choice.merged], now=now)
    for row in choice.merged[-1:]:
        card = Notice(row.thread_key, ROOT, Lane.PROGRESS, "thread", {})
        add_later(tx, card, id=f"{row.id}.card", due_at=now, now=now)


def _at_home(tx: Transaction, leased: Leased) -> Leased:
    """Add where its thread stands; and the thread itself, where the message shows all of it."""
    key = leased.notice.thread_key
    if leased.notice.kind == "thread" or leased.home.root is None:
        view = look(tx, lambda reader: threads_view.thread_by_key(reader, key))
        rolled = look(tx, lambda reader: store.rolled_of(reader, key))
        home = Home(view.id, view.channel, leased.home.slots, rolled)
        return replace(leased, home=home, view=view)
    row = store.thread(tx, key)
    return replace(leased, home=Home(row.id, row.channel, leased.home.slots))
