"""Asks a catcher about a copy: one test, or the histories of the simulator."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.prove.zoo.rows import HISTORIES, SIMULATION

__all__ = ["Seen", "ask", "healthy"]

LONGEST = 900.0  # s that one catcher may take on a busy machine
FAILED, PASSED = 1, 0  # how pytest ends
MOST = 200  # characters of what was seen


@dataclass(frozen=True, slots=True)
class Seen:
    """What a catcher said. *what* is None where it saw nothing; *seed* is that of a history."""

    what: str | None
    how: str
    trouble: str | None = None  # it said neither Yes nor No
    seed: int | None = None


def ask(copy: Path, catcher: str, first: int = 1, count: int = HISTORIES) -> Seen:
    """Say whether *catcher* finds something wrong in *copy*."""
    began = time.monotonic()
    if catcher == SIMULATION:
        return _played(copy, first, count)
    try:
        done = _run(
            copy, "-m", "pytest", "-x", "-q", "--tb=line", "-p", "no:cacheprovider", catcher
        )
    except subprocess.TimeoutExpired:
        return Seen(None, catcher, f"{catcher} did not end within {LONGEST:.0f} s")
    how = f"{catcher} in {time.monotonic() - began:.0f} s"
    if done.returncode == PASSED:
        return Seen(None, how)
    if done.returncode == FAILED:
        return Seen(_why(done.stdout), how)
    told = (done.stdout + done.stderr).strip().splitlines()[-3:]
    return Seen(None, how, f"pytest ended with {done.returncode}: {' / '.join(told)}")


def healthy(copy: Path, catchers: Sequence[str]) -> Mapping[str, str]:
    """Ask *catchers* about a *copy* without a flaw; return those that do not pass, and why."""
    tests = sorted({each for each in catchers if each != SIMULATION})
    if not tests:
        return {}
    argv = ("-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", "-rf", *tests)
    done = _run(copy, *argv)
    if done.returncode == PASSED:
        return {}
    alone = {each: ask(copy, each) for each in tests}
    return {each: f"{s.what or s.trouble}" for each, s in alone.items() if s.what or s.trouble}


def _played(copy: Path, first: int, count: int) -> Seen:
    argv = ("-m", "tests.prove.zoo.playing", str(first), str(count))
    try:
        done = _run(copy, *argv)
    except subprocess.TimeoutExpired:
        return Seen(None, SIMULATION, f"{count} histories did not end within {LONGEST:.0f} s")
    if done.returncode != PASSED:
        told = done.stderr.strip().splitlines()[-3:]
        return Seen(None, SIMULATION, f"the simulator broke: {' / '.join(told)}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found is None:
        return Seen(None, f"{count} histories")
    how = f"the simulator in {found['histories']} histories"
    return Seen(_short(found["broken"]), how, seed=found["seed"])


def _run(copy: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in *copy*, whose packages come before those that are installed."""
    surroundings = {**os.environ, "PYTHONPATH": str(copy), "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [sys.executable, *argv],
        cwd=copy,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )


def _why(told: str) -> str:
    """Return the line in which pytest says what failed."""
    lines = [line for line in told.splitlines() if line.startswith(("E ", "/")) or "Error" in line]
    return _short(lines[0] if lines else "it failed")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"
