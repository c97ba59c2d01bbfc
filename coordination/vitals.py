"""How Baton is doing, in numbers: what waits, what is open, what was forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coordination.database import Reader
from coordination.store import purges
from coordination.store import vitals as store


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queue: how much is in it, and since when the oldest waits; of notices, since it is due."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Rows of one kind that were purged, when last, and how old the oldest is that was kept then."""

    rows: int
    at: datetime
    oldest_kept: datetime | None


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the store says."""

    queues: Mapping[str, Waiting]
    runs: Mapping[str, int]
    generation: int
    forgotten: Mapping[str, Forgotten]


async def read(reader: Reader) -> Vitals:
    """Look at the store."""
    return Vitals(
        queues={name: Waiting(*each) for name, each in (await store.queues(reader)).items()},
        runs=await store.open_runs(reader),
        generation=await store.generation(reader),
        forgotten={
            kind: Forgotten(int(row.rows), row.purged_at, row.oldest_at)
            for kind, row in (await purges.counts(reader)).items()
        },
    )
