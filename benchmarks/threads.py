"""How long it takes to store, explain and show things when the store holds a million events.

A piece of history is reported through the real code, with its threads, keys, questions and runs;
then its rows are copied, with keys, ids and times of their own, until there are enough of them.
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _measure import ROOT, Bar, fsync, options, percentile, report, synced

# The folder of this file holds a bench named `click.py`, which is not the package of that name.
sys.path[0] = str(ROOT)

from baton.reading import Source, read_event  # noqa: E402
from coordination import accept, identities, outbox  # noqa: E402
from coordination.changes import Changes  # noqa: E402
from coordination.coordinator import Coordinator, Ports, Rules  # noqa: E402
from coordination.credentials import Credential  # noqa: E402
from coordination.database import (  # noqa: E402
    Door,
    Transaction,
    definitions,
    directory,
    insert,
    open_sqlite,
    workflows,
)
from coordination.events_view import EventFilter  # noqa: E402
from coordination.incoming import Incoming  # noqa: E402
from coordination.outbox import ROOT as CARD  # noqa: E402
from coordination.outbox import Slot  # noqa: E402
from coordination.policy import Principal  # noqa: E402
from coordination.runs import NewRun, start  # noqa: E402
from coordination.store.events import Raw  # noqa: E402

SEED = 1_000  # processes that are really reported
EVENTS = 10  # of each
ASKING, RUNS = 3, 10  # of a piece of history
PEOPLE = 200
WARM = 10
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ME = Principal("person", "U7", "U7", "slack")
SOURCE = Credential("abcdefghijkl", Source("ci", "ci", "generic"), frozenset({"notify"}))
BODY = Raw(b'{"message": "' + b"x" * 900 + b'"}', {"content-type": "application/json"})
COPIED = (
    *("threads", "runs", "processes", "events", "raw_bodies", "outbox", "slots", "keys"),
    *("identities", "waits", "approvals"),
)
KEYS = {"key", "seq", "thread_key", "process_key", "parent_key", "run_key", "wait_key", "number",
        "caused_by_run"}  # fmt: skip
NAMES = {
    *(("threads", "id"), ("threads", "external_id"), ("runs", "id"), ("processes", "process_id")),
    *(("events", "id"), ("outbox", "id"), ("identities", "identity"), ("waits", "id")),
    *(("approvals", "id"), ("keys", "key"), ("slots", "ts")),
}
MOMENTS = {"created_at", "updated_at", "received_at", "occurred_at", "started_at", "ended_at"}


class Ids:
    """Counts; the benchmark needs no real ones."""

    def __init__(self) -> None:
        self.made = 0

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made:026d}"

    def token(self) -> str:
        return self.new("token")


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class World:
    def __init__(self) -> None:
        self.clock, self.ids = Clock(), Ids()


def body(number: int, step: int) -> dict[str, Any]:
    """Return what a build, its tests and its deployment report, three processes to a thread."""
    work, part = divmod(number, 3)
    status = "started" if step == 0 else "completed" if step == EVENTS - 1 else "in_progress"
    told: dict[str, Any] = {
        "id": f"e-{number}-{step}",
        "process_id": f"p-{number}",
        "name": ("Build web", "Test web", "Deploy web")[part],
        "category": ("build", "test", "deploy")[part],
        "status": status,
        "message": f"step {step} of {EVENTS}: " + "x" * 80,
        "progress": {"current": step, "total": EVENTS},
        "keys": [f"ci:github.com:{work}"],
        "subject": {"repo": "github.com/acme/web", "sha": f"{work:040x}", "ref": f"topic-{work}"},
    }
    if number % (SEED // ASKING) == 1 and step == EVENTS - 1:
        told |= {"status": "pending_approval", "approval": {"prompt": f"Deploy {number}?"}}
    return told


def history(ids: Ids) -> Iterator[Incoming]:
    for number in range(SEED):
        for step in range(EVENTS):
            yield incoming(body(number, step), NOW + timedelta(seconds=number + step), ids)


def incoming(told: dict[str, Any], at: datetime, ids: Ids) -> Incoming:
    event = read_event(
        told,
        credential=SOURCE.source,
        received_at=at,
        event_id=ids.new("ev"),
        new_id=lambda: ids.new("id"),
    ).event
    return Incoming(
        event=event,
        identity=identities.identity_of(event),
        channel="#builds",
        owner="U3",
        approvers=("<@U7>",),
        raw=BODY,
        origin={"token": SOURCE.token_id, "scheme": "bearer"},
    )


def furnish(tx: Transaction) -> None:
    """Know some people and a workflow."""
    for number in range(PEOPLE):
        flags = dict.fromkeys(("is_bot", "deleted", "is_admin", "restricted"), False)
        person = {"person": f"U{number}", "handle": f"p{number}", "name": f"Person {number}"}
        tx.execute(insert(directory), **person, **flags, email=None, read_at=NOW)
    tx.execute(
        insert(definitions),
        hash="abc",
        name="release",
        revision=1,
        title="Release",
        description="",
        body={"name": "release", "settings": {}, "inputs": {}},
        source="name: release",
        published_at=NOW,
        published_by="baton",
    )
    tx.execute(insert(workflows), name="release", status="active", hash="abc", updated_at=NOW)


def run_of(number: int) -> NewRun:
    return NewRun(
        id=f"run_{number}",
        workflow="release",
        hash="abc",
        inputs={},
        trigger={},
        started_by="U7",
        requested_by="U7",
        channel="#builds",
    )


async def seed(path: Path, ids: Ids) -> None:
    """Report one piece of history; every card stands in Slack already."""
    door = await open_sqlite(path, changes=Changes("seed"))
    await door.write(furnish)
    batch = [*history(ids)]
    for place in range(0, len(batch), 500):
        await door.write(lambda tx, p=place: take(tx, batch[p : p + 500], ids))  # type: ignore[misc]
    for number in range(RUNS):
        await door.write(lambda tx, n=number: start(tx, run_of(n), now=NOW, ids=ids))  # type: ignore[misc]
    await door.write(post)
    await door.close()


def take(tx: Transaction, batch: list[Incoming], ids: Ids) -> None:
    for each in batch:
        accept.record(tx, each, now=each.event.received_at, ids=ids)


def post(tx: Transaction) -> None:
    for thread in range(1, SEED // 3):
        ts = f"1700000000.{thread:06d}"
        slot = Slot(thread, CARD, "C1", ts, "hash", permalink=f"https://slack.example/{ts}")
        outbox.put_slot(tx, slot, now=NOW)


def multiply(path: Path, times: int) -> None:
    """Copy the history *times* times, each copy an hour older than the one before."""
    raw = sqlite3.connect(path)
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -400000"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute("UPDATE outbox SET state = 'sent'")
    raw.execute("UPDATE events SET dispatched_at = received_at")
    raw.execute("UPDATE runs SET status = 'completed', ended_at = created_at WHERE number % 10")
    step = 1 + max(
        raw.execute("SELECT max(seq) FROM events").fetchone()[0],
        raw.execute("SELECT max(key) FROM outbox").fetchone()[0],
    )
    statements = [copying(raw, table, step) for table in COPIED]
    for copy in range(1, times):
        for statement in statements:
            raw.execute(statement, {"k": copy, "span": copy * HOUR // timedelta(microseconds=1)})
        raw.commit()
    raw.close()


def copying(raw: sqlite3.Connection, table: str, step: int) -> str:
    """Write the statement that copies the first rows of a table, moved by *step* for each copy."""
    columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    bounds = {"events": "seq", "raw_bodies": "seq", "slots": "thread_key", "keys": "thread_key",
              "approvals": "wait_key"}  # fmt: skip
    own = bounds.get(table, "key")
    where = f"WHERE {own} < {step}" if table != "identities" else "WHERE identity NOT LIKE '%~%'"
    chosen = ", ".join(copied(table, column, step) for column in columns)
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} {where}"  # noqa: S608  # of ours


def copied(table: str, column: str, step: int) -> str:
    if (table, column) in NAMES:
        return f"{column} || '~' || :k"
    if column in KEYS:
        return f"{column} + {step} * :k"
    return f"{column} - :span" if column in MOMENTS else column


async def timed(times: int, work: Callable[[int], Awaitable[Any]]) -> list[float]:
    """Return how many ms each call took; those that only prepare statements do not count."""
    for number in range(WARM):
        await work(times + number)
    found = []
    for number in range(times):
        began = time.perf_counter()
        await work(number)
        found.append((time.perf_counter() - began) * 1000)
    return found


async def measure(path: Path, asks: int, copies: int) -> dict[str, list[float]]:
    door: Door = await open_sqlite(path, changes=Changes("bench"))
    world = World()
    nobody: Any = None
    coordinator = Coordinator(door, world, Ports(nobody, nobody, nobody), Rules())  # type: ignore[arg-type]
    world.ids.made = 10**9
    threads = [each.id for each in await coordinator.threads(limit=500)]
    events = (await coordinator.latest_events(EventFilter(), limit=500))[0]
    draw = random.Random(7)  # noqa: S311  # the same choice in every run

    def report_one(number: int) -> Awaitable[Any]:
        known = draw.randrange(SEED * copies)
        place, copy = known % SEED, known // SEED
        told = body(10**6 + number, 0) if number % 5 else body(place, 4)
        told |= {"id": f"bench-{number}"} | (
            {} if number % 5 else {"process_id": named(place, copy)}
        )
        one = incoming(told, world.clock.now(), world.ids)
        return door.write(
            lambda tx: accept.record(tx, one, now=one.event.received_at, ids=world.ids)
        )

    async def explain(number: int) -> None:
        found = await coordinator.explain(events[number % len(events)].id)
        found.lines()

    found = {
        "accept": await timed(asks, report_one),
        "explain": await timed(asks, explain),
        "status": await timed(asks, lambda n: coordinator.thread(threads[n % len(threads)])),
        "why": await timed(asks, lambda n: coordinator.why(threads[n % len(threads)])),
        "home": await timed(asks, lambda _: coordinator.desk(ME, most=10)),
        "search": await timed(
            20, lambda _: coordinator.search(EventFilter(text="nothing like it"))
        ),
    }
    await door.close()
    return found


def named(place: int, copy: int) -> str:
    return f"p-{place}~{copy}" if copy else f"p-{place}"


def main() -> int:
    given = options(__doc__ or "", processes=100_000, asks=500)
    copies = max(1, given.processes // SEED)
    with tempfile.TemporaryDirectory(prefix="baton-threads-") as folder:
        path = Path(folder) / "baton.db"
        asyncio.run(seed(path, Ids()))
        multiply(path, copies)
        count, size = counted(path)
        beside = [synced(Path(folder)) for _ in range(60)]
        spent = asyncio.run(measure(path, given.asks, copies))
        disk = fsync(Path(folder))
    figures: dict[str, Any] = {
        "processes": SEED * copies,
        "events": count,
        "database_mb": round(size / 1e6, 1),
        "bytes_per_event": round(size / count),
        "fsync_p50_ms": round(disk, 3),
    }
    for name, each in spent.items():
        figures[f"{name}_p50_ms"] = round(percentile(each, 0.5), 2)
        figures[f"{name}_p99_ms"] = round(percentile(each, 0.99), 2)
    sync = percentile(beside, 0.99)
    bars = [
        Bar(f"{name}, p99", percentile(spent[name], 0.99), 50, "ms", "synced write, p99, ms", sync)
        for name in ("accept", "explain", "status", "home")
    ]
    return report("threads", figures, bars, as_json=given.json)


def counted(path: Path) -> tuple[int, int]:
    raw = sqlite3.connect(path)
    count = raw.execute("SELECT count(*) FROM events").fetchone()[0]
    raw.close()
    return count, path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
