"""What the benches share: yardsticks, the two programs that are measured, and the report.

A bar holds if the figure is within it, or within the stated multiple of a yardstick that was
measured in the same run: what is slow on a slow machine is not yet slow.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 2_000_000
SYNCS = 60


@dataclass(frozen=True)
class Bar:
    """What was measured and how it compares; *figure* and *limit* are in *unit*."""

    what: str
    figure: float
    limit: float
    unit: str
    yardstick: str = ""  # what it is, for people
    measured: float = 0.0  # the yardstick, in its own unit
    multiple: float | None = None  # of the yardstick, which holds as well as the limit
    least: bool = False  # the limit is the least that the figure may be, and not the most

    @property
    def met(self) -> bool:
        if self.least:
            return self.figure >= self.limit
        beside = self.multiple is not None and self.figure <= self.multiple * self.measured
        return self.figure <= self.limit or beside

    def public(self) -> dict[str, Any]:
        bar = f"{'>=' if self.least else '<='} {self.limit:g} {self.unit}"
        if self.multiple is not None:
            bar += f", or <= {self.multiple:g} x the yardstick"
        yardstick = f"{self.yardstick}: {self.measured:.3g}" if self.yardstick else None
        return {
            "what": self.what,
            "figure": round(self.figure, 3),
            "bar": bar,
            "yardstick": yardstick,
            "met": self.met,
        }


def options(about: str, **defaults: float) -> argparse.Namespace:
    """Read the command line; each of *defaults* can be changed there, for a shorter trial."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), default=value, metavar="N")
    return parser.parse_args()


def report(name: str, figures: dict[str, Any], bars: Sequence[Bar], *, as_json: bool) -> int:
    """Print what was found and return the exit code: 1 where a bar was missed."""
    found = {
        "name": name,
        "machine": machine(),
        "figures": figures,
        "bars": [bar.public() for bar in bars],
    }
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(lines(found)))
    return 0 if all(bar.met for bar in bars) else 1


def lines(found: dict[str, Any]) -> list[str]:
    """Write a report for people."""
    told = [f"{found['name']} on {found['machine']['cpu']}, {found['machine']['cores']} cores"]
    told += [f"  {name}: {value}" for name, value in found["figures"].items()]
    for bar in found["bars"]:
        beside = f" ({bar['yardstick']})" if bar["yardstick"] else ""
        word = "met" if bar["met"] else "MISSED"
        told.append(f"  {word:6} {bar['what']}: {bar['figure']:g}, {bar['bar']}{beside}")
    return told


def machine() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": load,
    }


def cpu() -> str:
    known = Path("/proc/cpuinfo")
    for line in known.read_text().splitlines() if known.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* of *values* lie, from 0.0 to 1.0."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def fixed_loop() -> float:
    """Return how many seconds a fixed piece of Python takes here, at best of three."""
    return min(timed(count) for _ in range(3))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def count() -> int:
    total = 0
    for number in range(ROUNDS):
        total += number & 7
    return total


def fsync(folder: Path) -> float:
    """Return the median of the milliseconds that a synced write takes in *folder*."""
    return statistics.median(synced(folder) for _ in range(SYNCS))


def synced(folder: Path) -> float:
    """Write a page into a file of *folder* and return how many milliseconds its way to disk took."""
    with tempfile.TemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        file.write(b"\0" * 4096)
        file.flush()
        os.fsync(file.fileno())
        return (time.perf_counter() - began) * 1000


def usage(pid: int) -> tuple[float, float]:
    """Return the CPU seconds that a process has used, and the MB that it holds now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    held = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1_000_000
    return used, held
