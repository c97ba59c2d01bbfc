"""Delivery: leases notices, draws them from the newest facts, and tells Slack. One for a workspace.

What people see is a projection of rows. A notice says what to look at, never what to say, so however
late it is delivered, it shows how things are.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.slack.blocks import Shown
from bot.slack.client import Meaning, SlackCalls, SlackTrouble, Trouble
from bot.slack.limits import Limits
from bot.slack.telling import Message, Telling, Where, fingerprint
from coordination import outbox
from coordination.changes import Change, Subscription
from coordination.database import Door, Transaction
from coordination.outbox import ROOT, Leased, Slot
from coordination.retry import next_delay
from coordination.world import World

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
AT_ONCE = 20
SWEEP = 5.0  # s; a wake-up that was missed is made good within it
BUSY = 0.2  # s; what is due may wait for a call of its own thread
FLOOR = 8  # one claim in so many begins with the lowest lane, so that progress is never starved
LOOK_AGAIN = timedelta(seconds=10)  # until a post that may have arrived can be seen
UNPARK_EVERY = 600.0  # s
NO_CHANNEL = "There is no channel for this thread: give its source one, or set BATON_CHANNEL."


class Drawings(Protocol):
    """Draws a notice from the newest facts. *rung* 0 is the best, 1 is plain, 2 is text alone."""

    async def draw(self, leased: Leased, rung: int) -> Shown | None:
        """Return the message, or None where there is nothing to say any more."""

    async def root(self, thread_key: int, rung: int) -> Shown: ...

    async def channel(self, thread_key: int) -> str | None: ...

    async def elsewhere(self, leased: Leased) -> str | None:
        """Return the channel of a notice that does not go into its thread."""

    async def thread_id(self, thread_key: int) -> str: ...


@dataclass(slots=True)
class Delivery:
    """Runs until it is cancelled. Everything it must not forget is in the outbox."""

    door: Door
    world: World
    slack: SlackCalls
    drawings: Drawings
    refused: str | None = None  # Slack does not know our token any more
    _flying: int = 0
    _turn: int = 0
    _begun: bool = False
    _unparked: float | None = None
    _limits: Limits = field(init=False)
    _telling: Telling = field(init=False)

    def __post_init__(self) -> None:
        self._limits = Limits(self.world)
        self._telling = Telling(self.slack, self._limits)

    async def run(self) -> None:
        """Take back what an earlier life had in flight, then deliver for ever.

        May be called again after it failed: what this life has in flight then stays its own.
        """
        if not self._begun:
            now = self.world.clock.now()
            await self.door.write(lambda tx: outbox.take_back(tx, now=now))
            self._begun = True
        with self.door.changes.subscribe("outbox") as woken:
            while True:
                await self._look_at_parked()
                if not await self.round():
                    await self._rest(woken)

    async def round(self) -> int:
        """Start what is due, as far as there is room; return how many notices that were."""
        room = AT_ONCE - self._flying
        if room <= 0 or self.refused:
            return 0
        self._turn += 1
        now, low_first = self.world.clock.now(), self._turn % FLOOR == 0
        leased = await self.door.write(
            lambda tx: outbox.claim(tx, now=now, lease=LEASE, limit=room, low_first=low_first)
        )
        for one in leased:
            self._flying += 1
            self.world.tasks.start(f"deliver {one.id}", self._fly(one))
        return len(leased)

    async def deliver(self, leased: Leased) -> None:
        """Say one notice, and write down what became of it."""
        try:
            await self._say(leased)
        except SlackTrouble as error:
            await self._trouble(leased, error.trouble)

    async def unpark(self) -> None:
        """Try again what no channel took: somebody may have invited us, or opened it again."""
        now = self.world.clock.now()
        for thread_key, _, _ in await self.door.read(outbox.parked):
            await self.door.write(partial(outbox.unpark, thread_key=thread_key, now=now))

    async def _fly(self, leased: Leased) -> None:
        try:
            await self.deliver(leased)
        finally:
            self._flying -= 1
            self.door.changes.publish([Change("outbox", leased.id)])

    async def _rest(self, woken: Subscription) -> None:
        """Wait until something is due, or something changed."""
        due = await self.door.read(outbox.next_due)
        wait = SWEEP
        if due is not None and not self.refused:
            wait = min(SWEEP, max(BUSY, (due - self.world.clock.now()).total_seconds()))
        await woken.wait(wait)

    async def _look_at_parked(self) -> None:
        now = self.world.clock.monotonic()
        if self._unparked is None or now - self._unparked >= UNPARK_EVERY:
            self._unparked = now
            await self.unpark()

    async def _say(self, leased: Leased) -> None:
        shown = await self.drawings.draw(leased, 0)
        if shown is None:
            await self.door.write(lambda tx: outbox.needless(tx, leased))
            return
        key, name = leased.notice.thread_key, leased.notice.slot
        slots = {slot.slot: slot for slot in await self.door.read(lambda r: outbox.slots(r, key))}
        message = Message(leased, name, shown, partial(self.drawings.draw, leased))
        slot = slots.get(name)
        if slot is None:
            where = await self._where(leased, slots.get(ROOT))
            await self._write_down(leased, await self._telling.post(message, where))
        elif slot.hash == fingerprint(shown):
            await self.door.write(lambda tx: outbox.needless(tx, leased))
        else:
            await self._write_down(leased, await self._telling.edit(message, slot))

    async def _where(self, leased: Leased, root: Slot | None) -> Where:
        """Say where a message goes; a thread without a root gets it first.

        Raises:
            SlackTrouble: nobody named a channel, or the root is not taken.
        """
        key = leased.notice.thread_key
        thread_id = await self.drawings.thread_id(key)
        elsewhere = await self.drawings.elsewhere(leased)
        if elsewhere is not None:
            return Where(elsewhere, None, thread_id)
        if root is not None:
            return Where(root.channel_id, root, thread_id)
        channel = await self.drawings.channel(key)
        if channel is None:
            raise SlackTrouble(Trouble(Meaning.NO_PLACE, NO_CHANNEL))
        top = Where(channel, None, thread_id)
        if leased.notice.slot == ROOT:
            return top
        redraw = partial(self.drawings.root, key)
        card = Message(leased, ROOT, await self.drawings.root(key, 0), redraw)
        posted, now = await self._telling.post(card, top), self.world.clock.now()
        await self.door.write(lambda tx: outbox.put_slot(tx, posted, now=now))
        return Where(posted.channel_id, posted, thread_id)

    async def _write_down(self, leased: Leased, slot: Slot) -> None:
        """Note the message of a slot. One that was found may show anything: it is drawn again."""
        now = self.world.clock.now()

        def unit(tx: Transaction) -> None:
            outbox.put_slot(tx, slot, now=now)
            if slot.hash:
                outbox.sent(tx, leased, now=now)
            else:
                outbox.retry(tx, leased, due_at=now, error="found", counted=False)

        await self.door.write(unit)

    async def _trouble(self, leased: Leased, trouble: Trouble) -> None:
        """Write down what a refusal means: later, elsewhere, anew, or never."""
        named = {"notice": leased.id, "slot": leased.notice.slot, "meaning": trouble.meaning.value}
        log.warning("delivery_failed", error=trouble.word, **named)
        if trouble.meaning is Meaning.NO_TOKEN:
            self.refused = f"Slack answered {trouble.word}: the bot token is not good any more."
        now = self.world.clock.now()
        due = now + self._delay(leased, trouble)
        await self.door.write(lambda tx: fate(tx, leased, trouble, now=now, due=due))

    def _delay(self, leased: Leased, trouble: Trouble) -> timedelta:
        jitter = self.world.rng.random()
        delay = next_delay(max(1, leased.attempt), jitter=jitter, retry_after=trouble.retry_after)
        return max(delay, LOOK_AGAIN) if trouble.meaning is Meaning.AMBIGUOUS else delay


def fate(
    tx: Transaction, leased: Leased, trouble: Trouble, *, now: datetime, due: datetime
) -> None:
    """Write down what becomes of a notice that Slack did not take."""
    key, name, word = leased.notice.thread_key, leased.notice.slot, trouble.word
    match trouble.meaning:
        case Meaning.NO_PLACE:
            outbox.park(tx, leased, error=word)
        case Meaning.NEVER | Meaning.SIMPLER:
            outbox.fail(tx, leased, error=word)
        case Meaning.GONE | Meaning.LOCKED | Meaning.NO_THREAD:
            outbox.drop_slot(tx, key, ROOT if trouble.meaning is Meaning.NO_THREAD else name)
            outbox.retry(tx, leased, due_at=now, error=word, counted=False)
        case Meaning.LATER:
            # A reply keeps its place in the thread, so all wait; an edit holds up nobody.
            if outbox.slot(tx, key, name) is not None:
                outbox.postpone(tx, leased, due_at=due, error=word)
            else:
                outbox.retry(tx, leased, due_at=due, error=word, counted=False)
        case _:
            outbox.retry(tx, leased, due_at=due, error=word)
