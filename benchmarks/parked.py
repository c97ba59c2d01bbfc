"""What 100,000 runs that wait for an event each cost, and how fast one of them goes on.

They are started as the API starts them, with one keyed `wait_for` and inputs below 64 bytes. Memory
is what the process grew by, disk the database and its log after a checkpoint. Then events come for
some of them, one after the other.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from _beside import life
from _measure import Bar, fsync, options, report

SIZES = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12"
EMPTY = "PRAGMA wal_checkpoint(TRUNCATE)"


def on_disk(data: Path) -> tuple[float, dict[str, int]]:
    """Return the bytes of the database, and of its largest tables where SQLite can tell."""
    with closing(sqlite3.connect(data / "baton.db")) as database:
        database.execute(EMPTY)
        try:
            tables = dict(database.execute(SIZES).fetchall())
        except sqlite3.OperationalError:  # built without it
            tables = {}
    return sum(each.stat().st_size for each in data.glob("baton.db*")), tables


def main() -> int:
    given = options(__doc__ or "", runs=100_000, seconds=20.0, events=500)
    with tempfile.TemporaryDirectory(prefix="baton-parked-") as made:
        data = Path(made) / "data"
        life("fill", Path(made) / "none", amount=1, seconds=0.1)
        empty, _ = on_disk(Path(made) / "none")
        filled = life("fill", data, amount=given.runs, seconds=given.seconds)
        size, tables = on_disk(data)
        woken = life("wake", data, amount=given.events, first=1)
        synced = fsync(data)
    disk = (size - empty) / 1024 / given.runs
    figures = {
        **{name: round(value, 3) for name, value in filled.items()},
        "disk_kib_a_run": round(disk, 3),
        "bytes_of_the_largest_tables": tables,
        **{name: round(value, 3) for name, value in woken.items()},
        "fsync_p50_ms": round(synced, 3),
    }
    bars = [
        Bar("memory a parked run", filled["rss_kib_a_run"], 2.0, "KiB"),
        Bar("disk a parked run", disk, 4.0, "KiB"),
        Bar("CPU while all of them wait", filled["idle_cpu_percent"], 0.5, "% of a core"),
        Bar("event to next step, p50", woken["wake_p50_ms"], 2.0, "ms"),
        Bar("event to next step, p99", woken["wake_p99_ms"], 10.0, "ms"),
        Bar("ready after a restart, imports apart", woken["ready_ms"], 250.0, "ms"),
    ]
    return report("parked", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
