"""Sends reports at fixed times, however they are answered, and says what came back and of which.

It runs as a program of its own and prints one JSON document. What it has to tell beyond `_load.py`
is which events were accepted, and how late it was itself: a flood that came late was none.
"""

import argparse
import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _load import Events, Line
from _measure import percentile

ACCEPTED = 202
LINES = 256  # connections that are there from the begin; more are made when all are taken
LAST = 30.0  # s in which everything has to be answered


@dataclass
class Flood:
    """One flood: *rate* requests a second for so many seconds.

    *times* holds the ms of each answer by its status, counted from the moment at which the request
    was due; *accepted* the numbers of those that were answered 202.
    """

    address: tuple[str, int]
    events: Events
    rate: float
    seconds: float
    times: dict[int, list[float]] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    _free: deque[Line] = field(default_factory=deque)
    _sent: dict[Line, int] = field(default_factory=dict)
    _answers: int = 0
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def total(self) -> int:
        return int(self.rate * self.seconds)

    async def run(self) -> None:
        for _ in range(LINES):
            self._free.append(await self._line())
        began = time.perf_counter() + 0.2
        for number in range(self.total):
            due = began + number / self.rate
            if (left := due - time.perf_counter()) > 0:
                await asyncio.sleep(left)
            line = self._free.popleft() if self._free else await self._line()
            self._sent[line] = number
            line.send(next(self.events), due)
            self.late.append((time.perf_counter() - due) * 1000)
        async with asyncio.timeout(LAST):
            await self._done.wait()

    async def _line(self) -> Line:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: Line(self._answered), *self.address))[1]

    def _answered(self, line: Line, status: int, taken: float) -> None:
        number = self._sent.pop(line)
        self.times.setdefault(status, []).append(taken * 1000)
        if status == ACCEPTED:
            self.accepted.append(number)
        self._free.append(line)
        self._answers += 1
        if self._answers == self.total:
            self._done.set()

    def public(self) -> dict[str, Any]:
        """Return what is to be told; *late* is of the sender itself, in ms."""
        return {
            "offered": self.total,
            "times": {status: spread(times) for status, times in self.times.items()},
            "accepted": self.accepted,
            "late": spread(self.late),
        }


def spread(times: Sequence[float]) -> dict[str, float]:
    """Return how many there are, the middle, the slow and the slowest."""
    return {
        "count": len(times),
        "p50": percentile(times, 0.5),
        "p99": percentile(times, 0.99),
        "most": max(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=Path, required=True, help="a file with one on each line")
    parser.add_argument("--rate", type=float, required=True, help="a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--tag", default="flood", help="the events are TAG-0, TAG-1 and so on")
    given = parser.parse_args()
    events = Events("/v1/notify", given.tokens.read_text().split(), given.tag)
    flood = Flood(("127.0.0.1", given.port), events, given.rate, given.seconds)
    asyncio.run(flood.run())
    print(json.dumps(flood.public()))


if __name__ == "__main__":
    main()
