"""How many durable steps a second the embedded engine does with 256 runs at once.

A run is a chain of ten actions that do nothing and may be repeated, with `notify: none`. It goes
through the runtime as it ships: journal, rows of the steps, audit, every step committed with FULL
durability before the next begins. Printed as well, and held to no bar: the same chain of actions that
are declared pure, which Baton stores together. Beside it, shuffled: DBOS on SQLite with its write-ahead log on
(its default is slower), and a bare thread that inserts one row for each of 100 producers.
"""

import asyncio
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from _beside import at_least, dbos, environment, life, ratios, raw_rows, shuffled, spread
from _measure import fsync, options, report

FIRST = "dbos_async_32"
DBOS = {
    FIRST: ("async", 32),
    "dbos_async_8": ("async", 8),
    "dbos_async_1": ("async", 1),
    "dbos_sync_8": ("sync", 8),
}


def ours(kind: str, folder: Path, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as data:
        return life(kind, Path(data), seconds=seconds)


def rows(folder: Path, seconds: float) -> float:
    began = time.perf_counter()
    return len(asyncio.run(raw_rows(folder, seconds))) / (time.perf_counter() - began)


def measured(given: Any) -> tuple[dict[str, list[Any]], float]:
    """Return what each program did in each round, and how long a sync takes."""
    with tempfile.TemporaryDirectory(prefix="baton-steps-") as made:
        folder = Path(made)
        programs = {
            name: partial(dbos, kind, at_once, given.seconds, folder)
            for name, (kind, at_once) in DBOS.items()
        }
        found = shuffled(
            {
                "baton": partial(ours, "chains", folder, given.seconds),
                "pure": partial(ours, "pure", folder, given.seconds),
                "raw_rows": partial(rows, folder, given.seconds),
                **programs,
            },
            given.rounds,
        )
        return found, fsync(folder)


def main() -> int:
    given = options(__doc__ or "", rounds=4, seconds=5.0)
    environment()
    found, synced = measured(given)
    lives, together = found.pop("baton"), found.pop("pure")
    steps = [each["steps_a_second"] for each in lives]
    pure = [each["steps_a_second"] for each in together]
    best = [max(each) for each in zip(*(found[name] for name in DBOS), strict=True)]
    over = {
        "dbos_async_32": spread(ratios(steps, found[FIRST])),
        "the best of dbos": spread(ratios(steps, best)),
        "raw rows": spread(ratios(steps, found["raw_rows"])),
    }
    of_pure = {
        "dbos_async_32": spread(ratios(pure, found[FIRST])),
        "the best of dbos": spread(ratios(pure, best)),
    }
    figures = {
        "baton_steps_a_second": spread(steps),
        "baton_cpu_us_a_step": spread([each["cpu_us_a_step"] for each in lives]),
        **{f"{name}_a_second": spread(each) for name, each in found.items()},
        **{f"ratio to {name}": each for name, each in over.items()},
        "pure_steps_a_second": spread(pure),
        **{f"pure: ratio to {name}": each for name, each in of_pure.items()},
        "fsync_p50_ms": round(synced, 3),
    }
    wanted = {FIRST: 40.0, "the best of dbos": 20.0, "raw rows": 0.12}
    bars = [
        at_least(f"our steps a second over {name}", over[name]["median"], least)
        for name, least in wanted.items()
    ]
    return report("steps", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
