"""What the engine is measured beside: DBOS in an environment of its own, and a bare writer thread."""

import asyncio
import hashlib
import json
import os
import queue
import random
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from _measure import ROOT, Bar

HOME = ROOT / ".venv" / "beside"
WANTED = ROOT / "benchmarks" / "requirements.txt"
PRODUCERS = 100
MOST_ROWS = 1_000
TABLE = "CREATE TABLE log (run TEXT, path TEXT, data TEXT, PRIMARY KEY (run, path)) WITHOUT ROWID"
ROW = "INSERT INTO log VALUES (?, ?, ?)"
DATA = json.dumps({"n": 1, "step": "some step", "output": "x" * 60})


def environment() -> Path:
    """Make the competitors' environment where it is missing or old; return its Python."""
    python, stamp = HOME / "bin" / "python", HOME / ".made"
    want = hashlib.sha256(WANTED.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == want:
        return python
    print("making the environment of the competitors", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "-r", str(WANTED)]
    subprocess.run(install, check=True, stdout=sys.stderr)
    stamp.write_text(want)
    return python


def told(python: Path, program: str, *argv: str, env: Mapping[str, str] | None = None) -> Any:
    """Run a program of this folder to its end and return the JSON that it printed last."""
    done = subprocess.run(
        [str(python), str(ROOT / "benchmarks" / program), *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    if done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def dbos(
    kind: str, at_once: int, seconds: float, folder: Path, env: Mapping[str, str] | None = None
) -> float:
    """Return how many steps a second DBOS does."""
    how = ("--at-once", str(at_once), "--seconds", str(seconds), "--folder", str(folder))
    return float(told(environment(), "_dbos.py", kind, *how, env=env)["steps_a_second"])


def life(
    kind: str, folder: Path, *, env: Mapping[str, str] | None = None, **how: float
) -> dict[str, Any]:
    """Run one life of the engine on *folder* and return what it measured; see `_life.py`."""
    more = [part for name, value in how.items() for part in (f"--{name}", str(value))]
    python = Path(sys.executable)
    found: dict[str, Any] = told(python, "_life.py", kind, "--folder", str(folder), *more, env=env)
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return what the rounds gave: median, least and most."""
    of = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {name: round(value, 3) for name, value in of.items()}


def shuffled(programs: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """Run every program once a round, each round in another order; return what each gave."""
    found: dict[str, list[Any]] = {name: [] for name in programs}
    chosen = random.Random(1)  # noqa: S311  it only orders
    for _ in range(rounds):
        order = list(programs)
        chosen.shuffle(order)
        for name in order:
            found[name].append(programs[name]())
    return found


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours over theirs, round by round."""
    return [mine / its for mine, its in zip(ours, theirs, strict=True)]


def at_least(what: str, found: float, least: float) -> Bar:
    """Return the bar *found* >= *least*, for a ratio or a rate."""
    return Bar(what, found, least, "", least=True)


class Raw:
    """A thread that inserts rows, as many to a commit as wait: what SQLite can do here at most."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def add(self, run: str, path: str) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = self._loop.create_future()
        self._rows.put(((run, path, DATA), future))
        return future

    def close(self) -> None:
        self._rows.put(None)
        self._thread.join()

    def _live(self) -> None:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(TABLE)
        while (first := self._rows.get()) is not None:
            group = [first]
            while len(group) < MOST_ROWS and not self._rows.empty():
                if (more := self._rows.get()) is None:
                    self._rows.put(None)
                    break
                group.append(more)
            database.execute("BEGIN IMMEDIATE")
            for row, _ in group:
                database.execute(ROW, row)
            database.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._done, [future for _, future in group])
        database.close()

    @staticmethod
    def _done(futures: "list[asyncio.Future[None]]") -> None:
        for each in futures:
            each.set_result(None)


async def raw_rows(folder: Path, seconds: float, producers: int = PRODUCERS) -> list[float]:
    """Let *producers* insert rows for *seconds*, one after the other each; return the seconds of each."""
    raw, taken = Raw(folder / f"raw-{time.monotonic_ns()}.db"), list[float]()
    until = time.perf_counter() + seconds

    async def produce(name: str) -> None:
        number = 0
        while (began := time.perf_counter()) < until:
            await raw.add(name, f"s{(number := number + 1)}")
            taken.append(time.perf_counter() - began)

    await asyncio.gather(*(produce(f"p{n}") for n in range(producers)))
    raw.close()
    return taken
