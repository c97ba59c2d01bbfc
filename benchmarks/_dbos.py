"""Ten steps one after the other in DBOS on SQLite, which runs in an environment of its own.

It gets the settings that are best for it: the write-ahead log, which it does not choose itself, with
the full durability that SQLite has by default. Prints the steps a second.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbos import DBOS

STEPS = 10


@DBOS.step()
async def nothing(n: int) -> dict[str, int]:
    return {"n": n}


@DBOS.workflow()
async def chain() -> None:
    for n in range(STEPS):
        await nothing(n)


@DBOS.step()
def nothing_sync(n: int) -> dict[str, int]:
    return {"n": n}


@DBOS.workflow()
def chain_sync() -> None:
    for n in range(STEPS):
        nothing_sync(n)


async def side_by_side(at_once: int, seconds: float) -> int:
    """Keep *at_once* workflows going for *seconds*; return how many ended."""
    until, done = time.perf_counter() + seconds, 0

    async def line() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await chain()
            done += 1

    await asyncio.gather(*(line() for _ in range(at_once)))
    return done


def in_threads(at_once: int, seconds: float) -> int:
    """Do as `side_by_side`, with a thread each."""
    until = time.perf_counter() + seconds

    def line() -> int:
        done = 0
        while time.perf_counter() < until:
            chain_sync()
            done += 1
        return done

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(lambda _: line(), range(at_once)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["async", "sync"])
    parser.add_argument("--at-once", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument(
        "--folder", type=Path, help="where the database lies; one that is gone later"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        place = Path(folder) / "dbos.sqlite"
        with contextlib.closing(sqlite3.connect(place)) as made:
            made.execute("PRAGMA journal_mode=WAL")
        config = {"name": "beside", "system_database_url": f"sqlite:///{place}"}
        DBOS(config={**config, "console_log_level": "ERROR", "enable_otlp": False})
        DBOS.launch()
        began = time.perf_counter()
        if given.kind == "async":
            done = asyncio.run(side_by_side(given.at_once, given.seconds))
        else:
            done = in_threads(given.at_once, given.seconds)
        taken = time.perf_counter() - began
        DBOS.destroy()
    sys.stdout.write(json.dumps({"steps_a_second": done * STEPS / taken, "seconds": taken}) + "\n")


if __name__ == "__main__":
    main()
