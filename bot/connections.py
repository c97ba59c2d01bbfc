"""What a kept connection costs: one write for an answer, and one timer for all of its pauses.

uvicorn writes the head of an answer and then its body, each with a call of the system, and makes a
timer for every pause between two requests, of which hardly any rings. Reading a report costs less.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.heads import ShortHeads
from handlers.http.bodies import WHOLE

JOINED = 64 * 1024  # bytes of a body, up to which it is copied to be written with its head


class OneTimer:
    """Stands for the event loop before one connection, and has one timer for all that it waits for.

    A timer that is cancelled stays with the loop and is taken up by the next: it rings too early then,
    and is set again. So none may be of a shorter delay than the one before.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: float | None = None  # on the clock of the loop; None: nothing is waited for
        self._ring: Callable[[], object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.create_task = loop.create_task

    def call_later(self, delay: float, ring: Callable[[], object]) -> "OneTimer":
        """Call *ring* in *delay* seconds, unless it is cancelled before."""
        self._due, self._ring = self._loop.time() + delay, ring
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._rung)
        return self

    def cancel(self) -> None:
        self._due = self._ring = None

    def end(self) -> None:
        """Leave nothing with the loop."""
        self.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _rung(self) -> None:
        self._timer = None
        if self._due is None or self._ring is None:
            return
        if self._due > self._loop.time():
            self._timer = self._loop.call_at(self._due, self._rung)
            return
        self._ring()


class Joining(asyncio.Transport):
    """Holds the head of an answer back until its body comes, or the loop turns."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: Any) -> None:
        if self._held:
            held, self._held = self._held, b""
            if len(data) <= JOINED:
                data = held + data
            else:
                self._transport.write(held)
        elif data.startswith(b"HTTP/1.1 "):
            self._held = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def write_all(self, data: bytes) -> None:
        """Write a whole answer at once."""
        self._flush()
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)


class Connection(ShortHeads):
    """Reads and answers HTTP as uvicorn does, with less beside it. Tells which bodies are here."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        self.joining = Joining(transport, self.loop)
        super().connection_made(self.joining)
        self._timer = OneTimer(self.loop)
        self.loop = self._timer  # type: ignore[assignment]  # all that is asked of it

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._timer.end()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.scope["extensions"] = {WHOLE: {}}
