"""What has served its time is forgotten, in small units, so that nobody waits for it.

Nothing that goes on is touched: no run, process or question that is open, nothing in a thread where
one is, and nothing of the last seven days, in which a repeated request has to find what it did.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from coordination import audit, identities
from coordination.accept import RAW_KEPT
from coordination.database import ConstraintBroken, Door, Row, Transaction
from coordination.store import definitions
from coordination.store import purges as store
from coordination.world import Clock

__all__ = ["LEAST", "Keeping", "Purge", "Purged"]

T = TypeVar("T")
LEAST = identities.KEPT
"""The window in which the same key never starts a second run: nothing inside it is purged."""
SUPERSEDED = timedelta(days=1)  # notices whose place a newer one took
CHUNK = 100  # rows of one unit
PAGE = 400  # of one look
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = ("runs", "events", "threads", "raw_bodies", "notices", "audit")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long things are kept after they are over.

    Args:
        runs: unless the workflow says otherwise.
        events: and the threads that nobody heard of for so long.
        raw_bodies: what came, as it came.
        notices: what Slack was told.
        audit: the content of the rows; what holds the chain together is never deleted.
        read: reads a duration as a definition writes it. Raises ValueError.
    """

    read: Callable[[str], timedelta]
    runs: timedelta = timedelta(days=90)
    events: timedelta = timedelta(days=90)
    raw_bodies: timedelta = timedelta(days=7)
    notices: timedelta = timedelta(days=30)
    audit: timedelta = timedelta(days=730)


@dataclass(slots=True)
class Purged:
    """How many rows of each kind went, or would; *more* says that the time was up before the end."""

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    more: bool = False


@dataclass(slots=True)
class Purge:
    """One round.

    Args:
        door: the database.
        clock: says when it is, and gives way to others between two units.
        keeping: the rules.
        dry: only count.
        until: seconds on the clock's counter at which it stops, wherever it is; None: it never does.
    """

    door: Door
    clock: Clock
    keeping: Keeping
    dry: bool = False
    until: float | None = None
    _done: Purged = field(default_factory=Purged)

    async def round(self) -> Purged:
        """Forget what may be forgotten, in the order in which things let go of each other."""
        for part in (
            self._runs,
            self._events,
            self._raw_bodies,
            self._notices,
            self._threads,
            self._audit,
        ):
            if not self._late:
                await part()
        self._done.more = self._late
        return self._done

    @property
    def _late(self) -> bool:
        return self.until is not None and self.clock.monotonic() >= self.until

    async def _runs(self) -> None:
        kept = await self._kept_by_workflow()
        for workflow in await self.door.read(store.workflows):
            keep = max(LEAST, kept.get(workflow, self.keeping.runs))
            async for row in self._old_runs(workflow, keep):
                if self._late:
                    return
                if self.dry or await self._drop_run(row.key):
                    self._done.rows["runs"] += 1
        await self._count("runs", self._done.rows["runs"])

    async def _kept_by_workflow(self) -> Mapping[str, timedelta]:
        """Return what the revisions in use say of their runs."""
        found: dict[str, timedelta] = {}
        for name, body in (await self.door.read(definitions.bodies)).items():
            said = (body.get("settings") or {}).get("retention")
            if said is not None:
                found[name] = self.keeping.read(str(said))
        return found

    async def _old_runs(self, workflow: str, keep: timedelta) -> AsyncIterator[Row]:
        now = self.clock.now()
        limits = {"window": now - LEAST, "before": now - keep, "limit": PAGE}
        after = (FIRST, 0)
        while rows := await self._look(store.old_runs, workflow, after, limits=limits):
            for row in rows:
                yield row
            after = (rows[-1].created_at, rows[-1].key)

    async def _drop_run(self, key: int) -> bool:
        """Delete a run, a part in each unit: first of all it is taken from those who would steer it."""
        run = await self._unit(lambda tx: store.begin_run(tx, key))
        if run is None:
            return False
        while await self._unit(lambda tx: store.shorten_run(tx, key, limit=CHUNK)):
            pass
        return bool(await self._unit(lambda tx: store.drop_run(tx, key)))

    async def _events(self) -> None:
        cutoff, after = self.clock.now() - max(LEAST, self.keeping.events), 0
        while not self._late:
            rows = await self._look(store.old_events, after, limit=CHUNK)
            over = [row for row in rows if row.received_at < cutoff]
            places = [row.seq for row in over if row.is_over]
            if places and not self.dry:
                self._done.rows["events"] += (
                    await self._unit(partial(store.drop_events, places=places)) or 0
                )
            else:
                self._done.rows["events"] += len(places)
            if len(over) < CHUNK:
                break
            after = over[-1].seq
        await self._count("events", self._done.rows["events"])

    async def _raw_bodies(self) -> None:
        """Delete what came, once it is older than it is kept: its row says when seven days are over."""
        due = self.clock.now() + RAW_KEPT - self.keeping.raw_bodies
        after = 0
        while not self._late:
            places = await self._look(store.old_bodies, after, due=due, limit=CHUNK)
            drop = partial(store.drop_bodies, places=places)
            self._done.rows["raw_bodies"] += (
                len(places) if self.dry or not places else await self._unit(drop) or 0
            )
            if len(places) < CHUNK:
                break
            after = places[-1]
        await self._count("raw_bodies", self._done.rows["raw_bodies"])

    async def _notices(self) -> None:
        now, after = self.clock.now(), 0
        limits = {"superseded": now - SUPERSEDED, "ended": now - self.keeping.notices}
        while not self._late:
            rows = await self._look(store.old_notices, after, limits={**limits, "limit": PAGE})
            over = [row for row in rows if row.is_over]
            for at in range(0, len(over), CHUNK):
                these = over[at : at + CHUNK]
                drop = partial(store.drop_notices, found=these, limits=limits)
                self._done.rows["notices"] += (
                    len(these) if self.dry else await self._unit(drop) or 0
                )
            if len(rows) < PAGE:
                break
            after = rows[-1].key
        await self._count("notices", self._done.rows["notices"])

    async def _threads(self) -> None:
        now = self.clock.now()
        before, since = now - max(LEAST, self.keeping.events), FIRST
        while not self._late:
            rows = await self._look(store.old_threads, since, before=before, now=now, limit=CHUNK)
            gone = 0
            for row in rows:
                gone += self.dry or await self._drop_thread(row.key, before, now)
            self._done.rows["threads"] += gone
            if len(rows) < CHUNK or (not gone and rows[-1].updated_at == since):
                break
            since = rows[-1].updated_at + (timedelta(microseconds=1) if self.dry else timedelta(0))
        await self._count("threads", self._done.rows["threads"])

    async def _drop_thread(self, key: int, before: datetime, now: datetime) -> bool:
        gone = await self._unit(lambda tx: store.drop_thread(tx, key, before=before, now=now))
        return bool(gone)

    async def _audit(self) -> None:
        now = self.clock.now()
        before = now - max(LEAST, self.keeping.audit)
        known = (await self.door.read(store.counts)).get("audit")
        after = int(known.after or 0) if known is not None else 0
        while not self._late:
            places = await self._look(store.old_records, after, before=before, limit=CHUNK)
            if not places:
                return
            after = places[-1]
            self._done.rows["audit"] += len(places)
            if not self.dry:
                await self._unit(partial(_blank, places=places, now=now))

    async def _count(self, kind: str, rows: int) -> None:
        """Note what went, and how old the oldest is that is still there."""
        if self.dry or not rows:
            return
        now = self.clock.now()
        oldest = await self.door.read(lambda reader: store.oldest(reader, kind))
        await self._unit(lambda tx: store.count(tx, kind, rows, oldest_at=oldest, now=now))

    async def _look(self, query: Callable[..., Any], *given: Any, **more: Any) -> Any:
        return await self.door.read(lambda reader: query(reader, *given, **more))

    async def _unit(self, unit: Callable[[Transaction], T]) -> T | None:
        """Write one small unit; what refers to a row after all keeps it, and that is recorded."""
        try:
            return await self.door.write(unit)
        except ConstraintBroken as error:
            log.warning("not_purged", error=str(error))
            return None


def _blank(tx: Transaction, places: list[int], *, now: datetime) -> None:
    """Take the content out of rows of the audit, and write into it that this was done, and up to where."""
    rows = store.blank_records(tx, places, now=now)
    store.count(tx, "audit", rows, after=places[-1], now=now)
    audit.purged(tx, through=places[-1], at=now)
