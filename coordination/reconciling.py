"""Bringing Slack in line with the store: cards are drawn again, whatever stands there now."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from coordination import outbox, run_views, votes
from coordination.database import Door, Reader, Transaction
from coordination.errors import NotFound
from coordination.footing import Footing
from coordination.outbox import COPY, EARLIER, ROOT, Lane, Notice, Slot
from coordination.store import outbox as store
from coordination.store import threads as store_of_threads
from coordination.world import Ids, World

AGAIN = "again"  # in the body of a notice: posted anew if its message is gone


class Reconciling(Footing):
    """The verbs for cards that may not show how things are."""

    async def redraw(self, thread_ref: str) -> int:
        """Draw every card of a thread again, and post anew what somebody deleted; count them.

        Raises:
            NotFound: there is no such thread, and no such run.
        """
        return await redraw(self._door, self._world, thread_ref)

    async def message_gone(self, channel: str, ts: str) -> bool:
        """Note that somebody deleted a message; a card that still matters is posted anew.

        Return whether it was one of ours. The last word on a card whose thread is over has whoever
        deleted it.
        """
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> bool:
            found = [outbox.slot_of(row) for row in store.slots_at(tx, channel, ts)]
            gone = [slot for slot in found if not slot.slot.endswith(EARLIER)]
            for slot in gone:
                outbox.drop_slot(tx, slot.thread_key, slot.slot, now=now)
                notice = notice_of(slot)
                if notice is not None and _matters(tx, slot):
                    outbox.add(tx, notice, id=ids.new("nt"), now=now)
            return bool(gone)

        return await self._door.write(unit)

    async def channel_joined(self, channel: str) -> None:
        """Say that *channel* may take by now what it did not; whoever delivers tries all of it again."""
        await self._door.write(lambda tx: tx.touch("outbox", f"joined:{channel}"))


async def redraw(door: Door, world: World, ref: str | None) -> int:
    """Draw every card of a thread again, or of all threads where none is named; count them.

    Raises:
        NotFound: there is no such thread, and no such run.
    """
    now, ids = world.clock.now(), world.ids
    if ref is None:
        keys = await door.read(store.with_card)
    else:
        keys = [await door.read(lambda reader: _key_of(reader, ref))]
    count = 0
    for key in keys:
        count += await door.write(partial(again, thread_key=key, now=now, ids=ids))
    return count


async def _key_of(reader: Reader, ref: str) -> int:
    """Find a thread by its id, the one a tool chose, or a run of it."""
    row = await store_of_threads.read(reader, ref)
    if row is not None:
        return int(row.key)
    run = await run_views.row_of(reader, ref)
    if run.thread_key is None:
        raise NotFound("thread", ref)
    return int(run.thread_key)


def again(tx: Transaction, thread_key: int, *, now: datetime, ids: Ids) -> int:
    """Queue every card of a thread, to be drawn whatever is known of what it shows; count them."""
    cards = [outbox.slot_of(row) for row in store.slots_of(tx, thread_key)]
    return _queue(tx, cards, now=now, ids=ids, forget=True)


def catch_up(tx: Transaction, threads: Iterable[int], *, now: datetime, ids: Ids) -> int:
    """Queue the cards of threads that may be behind, as after an outage; count them."""
    cards = [outbox.slot_of(row) for key in threads for row in store.slots_of(tx, key)]
    return _queue(tx, cards, now=now, ids=ids, forget=False)


def notice_of(slot: Slot) -> Notice | None:
    """Return the notice that draws the card of *slot* again; None for what is said once.

    Its lane is no better than that of progress: what is new comes first.
    """
    name, _, recipient = slot.slot.partition(COPY)
    drawn = _drawn(*name.partition(":")[::2])
    if drawn is None:
        return None
    kind, body = drawn
    body = {**body, AGAIN: True}
    return Notice(slot.thread_key, slot.slot, Lane.PROGRESS, kind, body, recipient or None)


def _drawn(kind: str, rest: str) -> tuple[str, dict[str, Any]] | None:
    if kind == ROOT:
        return "thread", {}
    if kind == "approval":
        return kind, {"approval_id": rest}
    if kind == "unknown":
        run_id, _, place = rest.partition(":")
        path, _, attempt = place.rpartition(":")
        return kind, {"run_id": run_id, "path": path, "attempt": int(attempt)}
    return None


def _queue(tx: Transaction, cards: Iterable[Slot], *, now: datetime, ids: Ids, forget: bool) -> int:
    notices: dict[tuple[int, str], Notice] = {}
    for slot in cards:
        kept = replace(slot, slot=slot.slot.removesuffix(EARLIER))
        notice = notice_of(kept)
        if notice is not None and (forget or not slot.slot.endswith(EARLIER)):
            notices[(kept.thread_key, kept.slot)] = notice
    for (thread_key, name), notice in notices.items():
        if forget:
            store.forget(tx, thread_key, name)
        outbox.add(tx, notice, id=ids.new("nt"), now=now)
    return len(notices)


def _matters(tx: Transaction, slot: Slot) -> bool:
    """Say whether a card still has something to tell or to ask."""
    name = slot.slot.partition(COPY)[0]
    if name == ROOT:
        return store.goes_on(tx, slot.thread_key)
    if name.startswith("approval:"):
        return not votes.find(tx, name.removeprefix("approval:")).ended
    return name.startswith("unknown:")
