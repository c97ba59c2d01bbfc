"""How Baton is doing: the numbers behind `/metrics`, and what `doctor` makes of them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.backups import finding, last_backup
from bot.looking import Finding
from coordination import vitals
from coordination.database import Door, SqliteDoor, sqlite_version
from coordination.database.latency import BOUNDS, Latency
from coordination.database.writer import ALARM_AT
from coordination.vitals import Vitals
from coordination.world import World
from handlers.http.measures import Metric, Sample

MEASURE = timedelta(seconds=1)  # between two looks at how late the loop is
FAULTY = ((3, 7, 0), (3, 51, 2))  # SQLite versions with the WAL-reset fault


@dataclass(slots=True)
class LoopLag:
    """How late the event loop comes to what is due: *seconds* of the last look, *most* of all."""

    world: World
    seconds: float = 0.0
    most: float = 0.0

    async def run(self) -> None:
        clock = self.world.clock
        while True:
            begun = clock.monotonic()
            await clock.sleep(MEASURE)
            late = clock.monotonic() - begun - MEASURE.total_seconds()
            self.seconds = max(0.0, late)
            self.most = max(self.most, self.seconds)


@dataclass(frozen=True, slots=True)
class Watch:
    """Reads everything that is measured."""

    door: Door
    world: World
    database: Path
    lag: LoopLag = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lag", LoopLag(self.world))

    async def metrics(self) -> tuple[Metric, ...]:
        """Return all that `/metrics` says."""
        found = await self.door.read(vitals.read)
        now = self.world.clock.now()
        backup = last_backup(self.database.parent)
        age = [] if backup is None else [Sample((now - backup.at).total_seconds())]
        return (
            *_of_store(found, now),
            Metric("wal_bytes", "gauge", "Size of the write-ahead log.", (Sample(self._wal),)),
            Metric("database_bytes", "gauge", "Size of the database.", (Sample(self._size),)),
            _histogram(self.door.latency) if isinstance(self.door, SqliteDoor) else _NOTHING,
            Metric(
                "loop_lag_seconds",
                "gauge",
                "How late the event loop was.",
                (Sample(self.lag.seconds, {"of": "now"}), Sample(self.lag.most, {"of": "worst"})),
            ),
            Metric("backup_age_seconds", "gauge", "Age of the newest backup.", tuple(age)),
        )

    async def findings(self) -> tuple[Finding, ...]:
        """Say what `doctor` shows of the store."""
        found = await self.door.read(vitals.read)
        return (
            Finding("lock", good=True, says=f"held by the server, process {os.getpid()}"),
            of_wal(self._wal),
            of_sqlite(),
            Finding("generation", good=True, says=generation(found.generation)),
            finding(self.database.parent, self.world.clock.now()),
            *_of_purges(found),
        )

    @property
    def _wal(self) -> int:
        return size_of(self.database.with_name(f"{self.database.name}-wal"))

    @property
    def _size(self) -> int:
        return size_of(self.database)


def of_wal(size: int) -> Finding:
    """Say how large the write-ahead log is."""
    good = size <= ALARM_AT
    more = (
        "" if good else ": somebody has the database open for long; stop other readers of the file"
    )
    return Finding("wal", good, f"{size / 2**20:,.1f} MiB{more}")


def of_sqlite() -> Finding:
    """Name the version of SQLite, and what is known of it."""
    version = sqlite_version()
    numbers = tuple(int(part) for part in version.split("."))
    faulty = FAULTY[0] <= numbers <= FAULTY[1]
    known = (
        " (3.7.0 to 3.51.2 can damage a file that two programs write: Baton alone may open it)"
        if faulty
        else ""
    )
    return Finding("sqlite", good=True, says=f"{version}{known}")


def generation(number: int) -> str:
    """Say how often the database was restored."""
    times = number - 1
    return f"{number}, {'never restored' if not times else f'restored {times} times'}"


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _of_purges(found: Vitals) -> Iterator[Finding]:
    for kind, each in found.forgotten.items():
        kept = f"; the oldest kept is of {each.oldest_kept:%Y-%m-%d}" if each.oldest_kept else ""
        says = (
            f"{each.rows:,} {kind.replace('_', ' ')} so far, last at {each.at:%Y-%m-%d %H:%M} UTC"
        )
        yield Finding("purged", good=True, says=f"{says}{kept}")


def _of_store(found: Vitals, now: datetime) -> Iterator[Metric]:
    queues = found.queues.items()
    yield _gauge("queue_depth", "What waits.", "queue", {n: each.count for n, each in queues})
    yield _gauge(
        "queue_lag_seconds",
        "How long the oldest has waited; of notices, since it was due.",
        "queue",
        {
            name: max(0.0, (now - each.oldest).total_seconds()) if each.oldest else 0.0
            for name, each in queues
        },
    )
    yield _gauge(
        "open_runs", "Runs that have not ended; those that wait are parked.", "status", found.runs
    )
    yield Metric("generation", "gauge", "Counts restores, from 1.", (Sample(found.generation),))
    rows = {kind: each.rows for kind, each in found.forgotten.items()}
    yield Metric(
        "purged_rows_total",
        "counter",
        "Rows that were forgotten since the database was made.",
        tuple(Sample(count, {"kind": kind}) for kind, count in rows.items()),
    )
    oldest = {
        kind: (now - each.oldest_kept).total_seconds()
        for kind, each in found.forgotten.items()
        if each.oldest_kept is not None
    }
    yield _gauge(
        "oldest_kept_seconds", "Age of the oldest row after the last purge.", "kind", oldest
    )


def _gauge(name: str, says: str, label: str, values: Mapping[str, Any]) -> Metric:
    samples = tuple(Sample(value, {label: key}) for key, value in values.items())
    return Metric(name, "gauge", says, samples)


def _histogram(latency: Latency) -> Metric:
    samples, below = [], 0
    for bound, count in zip((*BOUNDS, "+Inf"), latency.counts, strict=True):
        below += count
        samples.append(Sample(below, {"le": str(bound)}, "_bucket"))
    samples += [Sample(latency.total, {}, "_sum"), Sample(below, {}, "_count")]
    says = "From the wish to write to the durable commit."
    return Metric("commit_seconds", "histogram", says, tuple(samples))


_NOTHING = Metric("commit_seconds", "histogram", "Not measured here.", ())
