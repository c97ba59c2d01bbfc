"""Acts on what is stored: starts runs and wakes those that wait, in one repeatable unit per event.

Nothing here depends on being told of an event: those that were not acted upon are found by their
row, after a crash too.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from baton.events import Event
from coordination import accept
from coordination.accept import Incoming
from coordination.acting import Item, act
from coordination.database import Door, Reader, Row, Transaction, Unavailable
from coordination.occasions import is_occasion
from coordination.planning import Planner
from coordination.ports import Expressions, Inputs, Runtime
from coordination.secrets import Secrets
from coordination.store import events as store
from coordination.store import tokens as token_store
from coordination.store import triggers as trigger_store
from coordination.store import waits as wait_store
from coordination.triggers import Trigger
from coordination.waking import NOBODY, Met, Waker, Woken
from coordination.world import World

SWEEP = timedelta(seconds=30)
PAUSE = timedelta(minutes=1)  # before an event is tried again that could not be dispatched
MOMENT = timedelta(milliseconds=10)
SOON = timedelta(seconds=1)  # the same, where it was the database that could not be used
BATCH = 200
UNREADABLE = (ValueError, TypeError, KeyError)  # as `Event.from_json` raises

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done about an event: what its triggers ask for, and whom it wakes."""

    items: tuple[Item, ...] = ()
    wakes: Woken = NOBODY


NOTHING = _Plan()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events that nothing was done about yet, and what may be done, all of one moment.

    Args:
        places: of the events, oldest first.
        triggers: the rows of the triggers in use.
        shapes: of all that waits; of what began to wait later, the look back finds the events.
        rows: all of the events, where anybody may ask for them.
        met: by place, the events that can be read, with who may wait for them.
    """

    places: Sequence[Row] = ()
    triggers: Sequence[Row] = ()
    shapes: Sequence[str] = ()
    rows: Sequence[Row] = ()
    met: Mapping[int, Met] = field(default_factory=dict)


class Dispatcher:
    """Turns stored events into runs and wake-ups.

    Args:
        door: the database.
        world: its clock and ids.
        expressions: evaluates ``where``, and inputs of triggers.
        inputs: checks what a run is started with.
        runtime: told of each start; a hint, since the row is found without it.
        channel: where threads are posted that nothing else gives a channel.
        secrets: hashes and opens what a wait compares with and nobody may see.
    """

    def __init__(  # noqa: PLR0913 - each is a part that the composition root hands in
        self,
        door: Door,
        world: World,
        *,
        expressions: Expressions,
        inputs: Inputs,
        runtime: Runtime,
        channel: str | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._door = door
        self._world = world
        self._planner = Planner(door, expressions, inputs, channel)
        self._waker = Waker(door, world, expressions, secrets)
        self._runtime = runtime
        self._channel = channel
        self._paused: dict[int, float] = {}  # until when, on the monotonic clock

    async def run(self) -> None:
        """Keep dispatching until cancelled."""
        looked: int | None = None  # how many waits had changed when none was left to look back
        with self._door.changes.subscribe("dispatch", "wait") as changes:
            while True:
                await self.dispatch_all()
                count = self._door.changes.count("wait")
                if count != looked:
                    looked = None if await self.look_back() else count
                if looked is not None and not await changes.wait_on(
                    self._world.clock, self._rest()
                ):
                    looked = None  # of what nobody told

    async def look_back(self) -> bool:
        """Let those who wait look at what was there before them; say whether there is more of it."""
        return await self._waker.look_back()

    async def dispatch_all(self) -> int:
        """Dispatch everything that waits for it, and count the events."""
        count, last, heard = 0, 0, -1
        now, changes = self._world.clock.monotonic(), self._door.changes
        self._paused = {seq: until for seq, until in self._paused.items() if until > now}
        while heard != changes.count("dispatch"):  # all that comes from now on is told
            heard = changes.count("dispatch")
            batch = await self._batch(last)
            if not batch.places:
                break
            if len(batch.places) == BATCH:
                heard = -1  # there may be more of it
            last = batch.places[-1].seq
            triggers, shapes = self._planner.triggers(batch.triggers), batch.shapes
            ready = [row for row in batch.places if row.seq not in self._paused]
            if not shapes and not triggers:
                count += await self._pass_over([row for row in ready if row.effect != "stored"])
                ready = [row for row in ready if row.effect == "stored"]
            wanted = {row.seq for row in ready}
            whole = [row for row in batch.rows if row.seq in wanted]
            count += await self._act(whole, triggers, batch)
        return count

    async def _batch(self, last: int) -> _Batch:
        return await self._door.read(lambda reader: self._read(reader, last))

    async def _read(self, reader: Reader, last: int) -> _Batch:
        """Look at the events after *last*, once for all that is to be known of them.

        To read all of what nobody asks for would take most of the time.
        """
        places = await store.undispatched_places(reader, after=last, limit=BATCH)
        if not places:
            return _Batch()
        triggers, shapes = await trigger_store.active(reader), await wait_store.shapes(reader)
        if not triggers and not shapes and not any(row.effect == "stored" for row in places):
            return _Batch(places)
        rows = await store.undispatched(reader, after=places[0].seq - 1, limit=BATCH)
        met: dict[int, Met] = {}
        for row in rows:
            if row.effect != "stored" and row.applied:
                with suppress(*UNREADABLE):  # whoever prepares it tells of that
                    met[row.seq] = await self._waker.meet(reader, row, shapes)
        return _Batch(places, triggers, shapes, rows, met)

    async def _act(self, ready: Sequence[Row], triggers: Sequence[Trigger], batch: _Batch) -> int:
        """Do what a batch of events asks for; what nobody asked for is only marked."""
        plans = await asyncio.gather(*(self._prepare(row, triggers, batch) for row in ready))
        prepared = [plan for plan in plans if plan is not None]
        count = await self._pass_over([row for row, plan in prepared if plan == NOTHING])
        wanted = [(row, plan) for row, plan in prepared if plan != NOTHING]
        done = await asyncio.gather(*(self._dispatch(row, plan) for row, plan in wanted))
        return count + sum(done)  # in the order of the events, as the writer's queue has it

    async def _pass_over(self, rows: Sequence[Row]) -> int:
        """Mark events that ask for nothing, all in one unit; count them."""
        if not rows:
            return 0
        now = self._world.clock.now()
        spans = [*spans_of([row.seq for row in rows])]
        try:
            return await self._door.write(
                lambda tx: sum(store.passed_over(tx, span, now=now) for span in spans)
            )
        except Exception as error:  # the same edge as of one event
            log.exception("events_not_dispatched", first=rows[0].id, last=rows[-1].id)
            for row in rows:
                self._pause(row, error)
            return 0

    async def _prepare(
        self, row: Row, triggers: Sequence[Trigger], batch: _Batch
    ) -> tuple[Row, _Plan] | None:
        """Work out what one event asks for; None where that failed, and is tried again later."""
        again = row.effect == "stored"
        try:
            if again:
                row = await self._take_again(row)
            if not row.applied:
                return row, NOTHING
            met = batch.met.get(row.seq) or await self._met(row, batch.shapes)
            if met.event.too_old:
                return row, NOTHING
            # What is addressed to one trigger is nobody else's.
            alone = is_occasion(met.event)
            woken = NOBODY if alone else self._waker.woken(row, met, again=again)
            return row, _Plan(await self._planner.plan(row, met.event, triggers), woken)
        except Exception as error:  # one bad event must not stop the others
            log.exception("event_not_dispatched", event_id=row.id)
            self._pause(row, error)
            return None

    async def _dispatch(self, row: Row, plan: _Plan) -> bool:
        """Do what one event asks for; False where that failed, and is tried again later."""
        try:
            started = await self._write(row, plan)
        except Exception as error:  # one bad event must not stop the others
            log.exception("event_not_dispatched", event_id=row.id)
            self._pause(row, error)
            return False
        for run_id in started:
            await self._hint(run_id)
        return True

    def _pause(self, row: Row, error: Exception) -> None:
        pause = SOON if isinstance(error, Unavailable) else PAUSE
        self._paused[row.seq] = self._world.clock.monotonic() + pause.total_seconds()

    def _rest(self) -> timedelta:
        """Return how long there is nothing to do without news: at most until something is tried again."""
        again = min(self._paused.values(), default=None)
        if again is None:
            return SWEEP
        left = timedelta(seconds=again - self._world.clock.monotonic())
        return max(MOMENT, min(left, SWEEP))

    async def _met(self, row: Row, shapes: Sequence[str]) -> Met:
        return await self._door.read(lambda reader: self._waker.meet(reader, row, shapes))

    async def _take_again(self, row: Row) -> Row:
        """Correlate and fold an event for which that failed when it arrived."""
        event = Event.from_json(row.body)
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> None:
            source = token_store.source(tx, event.source)
            channel = (source.channel if source is not None else None) or self._channel
            incoming = Incoming(event=event, identity=None, channel=channel, trusted=True)
            accept.again(tx, row.seq, incoming, now=now, ids=ids)

        await self._door.write(unit)
        (taken,) = await self._door.read(
            lambda reader: store.undispatched(reader, after=row.seq - 1, limit=1)
        )
        return taken

    async def _write(self, row: Row, plan: _Plan) -> list[str]:
        """Act on an event in one unit, and return the runs that may begin."""
        now, ids = self._world.clock.now(), self._world.ids
        kept = row.explain or {}

        def unit(tx: Transaction) -> list[str]:
            if not store.dispatched(tx, row.seq, {**kept, "triggers": []}, now=now):
                return []
            woken = plan.wakes.write(tx, row.id, now=now)
            acted = act(tx, row, plan.items, channel=self._channel, now=now, ids=ids)
            if acted.started:
                tx.touch("event", row.id, thread_id=row.thread_id)
            told = accept.told(tx)
            caused: dict[str, Any] = {"triggers": acted.lines}
            if woken or told:
                caused |= {"waits": woken, "outbox": [*kept.get("outbox", ()), *told]}
            if acted.lines or woken or told:
                store.change(tx, row.seq, {"explain": {**kept, **caused}})
            return acted.started

        return await self._door.write(unit)

    async def _hint(self, started: str) -> None:
        try:
            await self._runtime.start(started)
        except Exception:  # the runtime finds the row by itself
            log.exception("start_hint_failed", run_id=started)


def spans_of(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each row of places without a gap."""
    first = last = None
    for place in places:
        if last is not None and place == last + 1:
            last = place
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = place
    if first is not None and last is not None:
        yield first, last
