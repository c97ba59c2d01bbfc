"""The points at which a call of the system is made to fail, or the program dies: counted, then drawn."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    *("pwrite64", "write", "sendto", "fdatasync", "fsync", "ftruncate", "openat", "fcntl"),
    "unlink",
)
KILL = "kill"
ONCE, ON = "", "+"  # a failure of one call, or of all from then on
# What a disk says; the rest of the calls can fail with it too, but to hear of a full disk.
FULL = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "openat")
BEGUN = re.compile(r"^(\d+)\s+(?!<)(\w+)\(")


@dataclass(frozen=True, order=True)
class Point:
    """The *number*-th *call* of a thread, and what happens to it: `kill`, or an error and how long."""

    call: str
    number: int
    fault: str = KILL

    def __str__(self) -> str:
        return f"{self.call}:{self.number}:{self.fault}"

    @classmethod
    def read(cls, text: str) -> "Point":
        call, number, fault = text.split(":")
        return cls(call, int(number), fault)

    @property
    def lasting(self) -> bool:
        return self.fault.endswith(ON)

    @property
    def syncs(self) -> bool:
        return self.call in ("fdatasync", "fsync")

    def tracer(self, trace: Path) -> list[str]:
        """Return the command that watches for it."""
        if self.fault == KILL:
            done = f"signal=KILL:when={self.number}"
        else:
            error, when = self.fault.rstrip(ON), f"{self.number}{ON if self.lasting else ''}"
            done = f"error={error}:when={when}"
        return [
            *("strace", "-f", "-y", "-o", str(trace), "-e", f"trace={self.call}"),
            *("-e", f"inject={self.call}:{done}"),
        ]


def counting(trace: Path) -> list[str]:
    """Return the command that only writes down the calls."""
    return ["strace", "-f", "-o", str(trace), "-e", f"trace={','.join(CALLS)}"]


def most(traces: Iterable[Path]) -> dict[str, int]:
    """Return how often the busiest thread makes each call: they are counted for each thread alone."""
    found: dict[str, int] = {}
    for trace in traces:
        counts: Counter[tuple[str, str]] = Counter()
        for line in trace.read_text(errors="replace").splitlines():
            if begun := BEGUN.match(line):
                counts[begun[1], begun[2]] += 1
        for (_, call), count in counts.items():
            found[call] = max(found.get(call, 0), count)
    return found


def every(counts: Mapping[str, int]) -> list[Point]:
    """Return all points: each call killed, and failed with each error, once and from then on."""
    points = []
    for call in CALLS:
        errors = ("EIO", "ENOSPC") if call in FULL else ("EIO",)
        faults = [KILL, *(f"{error}{how}" for error in errors for how in (ONCE, ON))]
        for number in range(1, counts.get(call, 0) + 1):
            points += [Point(call, number, fault) for fault in faults]
    return points


def drawn(points: Sequence[Point], count: int, rng: random.Random) -> list[Point]:
    """Return *count* of them: of every kind of call and fault as many as of the others, if it has them."""
    kinds: dict[tuple[str, str], list[Point]] = {}
    for point in rng.sample(points, len(points)):
        kinds.setdefault((point.call, point.fault), []).append(point)
    chosen: list[Point] = []
    while len(chosen) < count and kinds:
        for kind in sorted(kinds):
            chosen.append(kinds[kind].pop())
            if kind[1] == KILL and kinds[kind]:  # deaths twice as often: most is to be seen there
                chosen.append(kinds[kind].pop())
        kinds = {kind: left for kind, left in kinds.items() if left}
    return chosen[:count]
