"""A proxy that does to a connection what networks do to it, one fault at a time."""

import asyncio
import contextlib
import re
from collections import Counter
from dataclasses import dataclass, field

FAULTS = (
    "latency",
    "slice",
    "throttle",
    "refuse",
    "reset",
    "reset_reply",
    "drop_reply",
    "half_close",
    "blackhole",
    "duplicate",
)
ANSWER_LOST = frozenset({"reset_reply", "drop_reply", "half_close"})
_ASKED = re.compile(rb"^(?:GET|POST|PUT|PATCH|DELETE) (?:/api)?/([^ ?]+)")
LATE = 0.3  # s
LOOK = 0.05  # s
CHUNK = 65536


@dataclass
class Line:
    """One connection: both ends, and what was asked on it last."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    asked: str = ""
    dead: bool = False  # an answer was cut out of it: nothing that follows makes sense

    def abort(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


@dataclass
class Proxy:
    """Stands before *port*. *lost* counts the answers it kept back, by what was asked.

    A fault holds for connections that stand, too. *aim* narrows the loss of answers to those that
    are asked for by such a name.
    """

    name: str
    port: int = 0
    fault: str = ""
    aim: str = ""
    lost: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    at: int = 0  # the port on which it listens
    _server: asyncio.Server | None = None
    _lines: dict["asyncio.Task[None]", asyncio.StreamWriter] = field(default_factory=dict)

    async def start(self) -> int:
        """Listen, and return on which port."""
        await self._listen()
        return self.at

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.at)
        self.at = int(self._server.sockets[0].getsockname()[1])

    async def suffer(self, fault: str, aim: str = "") -> None:
        """Begin *fault*, or end whatever there is: "refuse" lets nobody in, and cuts those who are."""
        if self.fault == "refuse" and fault != "refuse":
            await self._listen()
        if fault == "refuse" and self.fault != "refuse" and self._server is not None:
            self._server.close()
            self.done["refuse"] += 1
            for client in self._lines.values():
                client.transport.abort()
        self.fault, self.aim = fault, aim

    async def stop(self) -> None:
        self.fault = ""
        if self._server is not None:
            self._server.close()
        for client in self._lines.values():
            client.transport.abort()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        with contextlib.suppress(OSError):
            await self._carry(reader, writer)
        writer.transport.abort()
        del self._lines[task]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await self._held():
            return  # what was said into the hole is gone
        answers, server = await asyncio.open_connection("127.0.0.1", self.port)
        line = Line(writer, server)
        pumps = [
            asyncio.create_task(self._up(reader, line)),
            asyncio.create_task(self._down(answers, line)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            line.abort()

    async def _held(self) -> bool:
        """Wait while nothing gets through; say whether it was so."""
        held = self.fault == "blackhole"
        self.done["blackhole"] += held
        while self.fault == "blackhole":
            await asyncio.sleep(LOOK)
        return held

    async def _up(self, reader: asyncio.StreamReader, line: Line) -> None:
        while (data := await reader.read(CHUNK)) and not await self._held():
            if found := _ASKED.match(data):
                line.asked = found[1].decode()
            if self.fault == "reset":
                self.done["reset"] += 1
                return
            if self.fault == "duplicate" and found is not None:
                self.done["duplicate"] += 1
                await self._send_once_more(data)
            await self._pass(data, line.server)

    async def _down(self, reader: asyncio.StreamReader, line: Line) -> None:
        while (data := await reader.read(CHUNK)) and not await self._held():
            if (self.fault in ANSWER_LOST and self.aim in line.asked) or line.dead:
                if not await self._keep_back(line):
                    return
                continue
            await self._pass(data, line.client)

    async def _keep_back(self, line: Line) -> bool:
        """Let an answer get lost; say whether the connection goes on, as if nothing was."""
        if not line.dead:
            self.lost[line.asked] += 1
            self.done[self.fault] += 1
        line.dead = True
        if self.fault == "drop_reply":
            while self.fault == "drop_reply":
                await asyncio.sleep(LOOK)
            return False
        if self.fault == "half_close":
            line.client.write_eof()
            await asyncio.sleep(LATE)
        return False

    async def _pass(self, data: bytes, to: asyncio.StreamWriter) -> None:
        match self.fault:
            case "latency":
                await asyncio.sleep(LATE)
            case "slice" | "throttle":
                await self._in_pieces(data, to)
                return
        to.write(data)
        await to.drain()

    async def _in_pieces(self, data: bytes, to: asyncio.StreamWriter) -> None:
        size, pause = (7, 0.0) if self.fault == "slice" else (2048, 0.1)
        self.done[self.fault] += 1
        for at in range(0, len(data), size):
            to.write(data[at : at + size])
            await to.drain()
            await asyncio.sleep(pause)

    async def _send_once_more(self, data: bytes) -> None:
        """Let a request arrive twice, the first time on a connection that nobody reads from."""
        answers, server = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            server.write(data)
            async with asyncio.timeout(2):
                await answers.read(CHUNK)
        except (TimeoutError, OSError):
            pass
        finally:
            server.transport.abort()
