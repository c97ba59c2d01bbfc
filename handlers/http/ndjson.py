"""Bodies of one object a line: cut into lines while they arrive, and never held as a whole."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from handlers.http.bodies import LINES_LIMIT, PATIENCE, late
from handlers.http.problems import Problem

LINE = 256 * 1024  # bytes
MOST = 5_000  # lines
PORTION = 100  # lines that are taken in together
BYTES = 512 * 1024  # of a portion, about


@dataclass(frozen=True, slots=True)
class Line:
    """One line by its place, counted from 0; or why it, or all from there on, were not read."""

    place: int
    text: bytes = b""
    problem: Problem | None = None


class Cutter:
    """Cuts what is fed into lines. A line that is too long is passed over and said to be so."""

    def __init__(self) -> None:
        self.full = False  # what comes now is not read any more
        self._rest = bytearray()
        self._skipping = False
        self._place = 0
        self._size = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """Return the lines that *chunk* completes, but for empty ones."""
        self._size += len(chunk)
        if self._size > LINES_LIMIT:
            return [
                self._end(f"The body has over {LINES_LIMIT} bytes; this line and those after it")
            ]
        self._rest += chunk
        *whole, rest = self._rest.split(b"\n")
        self._rest = bytearray() if self._skipping and not whole else rest
        found = [line for text in whole if (line := self._line(bytes(text))) is not None]
        if len(self._rest) > LINE:
            self._skipping, self._rest = True, bytearray()
        return self._cut_off(found)

    @property
    def begun(self) -> bool:
        """Whether there was a line at all."""
        return self._place > 0

    def stopped(self, problem: Problem) -> Line:
        """Say at the place of the next line why there is none."""
        self.full = True
        return Line(self._place, problem=problem)

    def close(self) -> list[Line]:
        """Return the last line, which need not end."""
        last = None if self.full else self._line(bytes(self._rest))
        return self._cut_off([last] if last is not None else [])

    def _line(self, text: bytes) -> Line | None:
        place, self._place = self._place, self._place + 1
        too_long, self._skipping = self._skipping or len(text) > LINE, False
        if too_long:
            return Line(place, problem=Problem(413, f"A line has {LINE} bytes at most."))
        text = text.strip(b" \t\r")
        return Line(place, text) if text else None

    def _cut_off(self, found: list[Line]) -> list[Line]:
        kept = [line for line in found if line.place < MOST]
        if len(kept) == len(found):
            return found
        self._place = MOST
        return [*kept, self._end(f"A body has {MOST} lines at most; this one and those after it")]

    def _end(self, why: str) -> Line:
        return self.stopped(Problem(413, f"{why} were not read."))


async def portions(
    stream: AsyncIterator[bytes], *, within: timedelta = PATIENCE
) -> AsyncIterator[list[Line]]:
    """Yield the lines of a body as they arrive, some at a time.

    Only the time that the client takes counts; what is done with a portion does not.

    Raises:
        Problem: 400 where the body does not arrive at all.
    """
    cutter, gathered = Cutter(), Portion()
    left, clock = within.total_seconds(), asyncio.get_running_loop().time
    while not cutter.full:
        began = clock()
        try:
            async with asyncio.timeout(left):
                chunk = await anext(stream, b"")
        except TimeoutError:
            if not cutter.begun:
                raise late(within) from None
            gathered.add(cutter.stopped(late(within)))
            break
        left -= clock() - began
        ended = not chunk
        for line in cutter.close() if ended else cutter.feed(chunk):
            gathered.add(line)
            if gathered.enough:
                yield gathered.taken()
        if ended:
            break
    if gathered.lines:
        yield gathered.taken()


class Portion:
    """Lines that are taken in together."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._size = 0

    @property
    def enough(self) -> bool:
        return len(self.lines) >= PORTION or self._size >= BYTES

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self._size += len(line.text)

    def taken(self) -> list[Line]:
        lines, self.lines, self._size = self.lines, [], 0
        return lines
