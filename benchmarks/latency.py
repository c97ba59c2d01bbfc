"""How long one run that is alone takes from one step to the next.

A chain of 200 actions that do nothing: from the start of one to the start of the next lies all that
a durable step costs. Beside it, shuffled: a commit of a bare thread that inserts one row for one
producer, and DBOS with one workflow in one thread.
"""

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from _beside import at_least, dbos, environment, life, ratios, raw_rows, shuffled, spread
from _measure import Bar, fsync, options, percentile, report


def ours(folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as data:
        return life("alone", Path(data))


def commit(folder: Path, seconds: float) -> float:
    """Return the ms that a row takes until it is durable."""
    return 1000 * percentile(asyncio.run(raw_rows(folder, seconds, producers=1)), 0.5)


def main() -> int:
    given = options(__doc__ or "", rounds=4, seconds=3.0)
    environment()
    with tempfile.TemporaryDirectory(prefix="baton-latency-") as made:
        folder = Path(made)
        found = shuffled(
            {
                "baton": partial(ours, folder),
                "commit": partial(commit, folder, given.seconds),
                "dbos": partial(dbos, "sync", 1, given.seconds, folder),
            },
            given.rounds,
        )
        synced = fsync(folder)
    step = [each["alone_p50_ms"] for each in found["baton"]]
    once = [each["once_p50_ms"] for each in found["baton"]]
    theirs = [1000 / each for each in found["dbos"]]
    over = {
        "step": spread(ratios(step, found["commit"])),
        "once": spread(ratios(once, found["commit"])),
        "dbos": spread(ratios(theirs, step)),
    }
    figures = {
        "step_p50_ms": spread(step),
        "step_that_must_not_repeat_p50_ms": spread(once),
        "raw_commit_p50_ms": spread(found["commit"]),
        "dbos_step_ms": spread(theirs),
        **{f"ratio {name}": each for name, each in over.items()},
        "fsync_p50_ms": round(synced, 3),
    }
    bars = [
        Bar("a step over a bare commit", over["step"]["median"], 1.5, "x"),
        Bar("a step that must not repeat, over a bare commit", over["once"]["median"], 2.6, "x"),
        at_least("a step of DBOS over one of ours", over["dbos"]["median"], 3.0),
    ]
    return report("latency", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
