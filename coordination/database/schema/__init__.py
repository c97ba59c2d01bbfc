"""All tables, for SQLite and PostgreSQL. Stores of other packages build their statements from these.

Rows refer to each other by integer keys (``*_key``); the texts people and machines see (``id``) are a
prefix and a ULID. `Moment` columns hold microseconds since 1970 in UTC, `Document` columns canonical JSON.
"""

from coordination.database.schema.bus import (
    events,
    identities,
    keys,
    outbox,
    processes,
    raw_bodies,
    slots,
    threads,
)
from coordination.database.schema.columns import metadata
from coordination.database.schema.records import (
    audit,
    blobs,
    counters,
    directory,
    meta,
    sources,
    tokens,
)
from coordination.database.schema.runs import (
    approvals,
    definitions,
    journal,
    runs,
    steps,
    timers,
    triggers,
    votes,
    waits,
    wakeups,
    workflows,
)

__all__ = [
    "approvals",
    "audit",
    "blobs",
    "counters",
    "definitions",
    "directory",
    "events",
    "identities",
    "journal",
    "keys",
    "meta",
    "metadata",
    "outbox",
    "processes",
    "raw_bodies",
    "runs",
    "slots",
    "sources",
    "steps",
    "threads",
    "timers",
    "tokens",
    "triggers",
    "votes",
    "waits",
    "wakeups",
    "workflows",
]
