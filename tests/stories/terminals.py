"""Shells in which people type: real programs, which reach Baton over real HTTP."""

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.lifecycle import serving
from bot.operations import create_token
from bot.world.listening import listen, port_of
from tests.stories.box import BatonInABox
from tests.stories.slack import PEOPLE

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # s, real ones: whole programs start, and a machine may be busy
LAPTOP = ["notify", "read", "run", "approve"]


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Running:
    """A command that goes on; what it prints is collected as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.out: list[str] = []
        self.err: list[str] = []
        streams = ((process.stdout, self.out), (process.stderr, self.err))
        self._readers = [asyncio.ensure_future(_collect(*each)) for each in streams]
        self._ended = asyncio.ensure_future(self._end())

    async def _end(self) -> int:
        for reader in self._readers:
            await reader
        return await self._process.wait()

    async def says(self, words: str) -> str:
        """Wait until a line with *words* was printed, and return that line."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in (*self.out, *self.err):
                    if words in line:
                        return line
                assert not self._ended.done(), f"it ended with {self.err}, {self.out}"
                await asyncio.sleep(0.005)

    async def done(self) -> Done:
        async with asyncio.timeout(PATIENCE):
            code = await asyncio.shield(self._ended)
        if (
            code < 0
        ):  # it ended by a signal, as an interrupted Python may: what a shell says of that
            code = 128 - code
        return Done(code, "\n".join(self.out), "\n".join(self.err))

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._ended


async def _collect(stream: asyncio.StreamReader | None, into: list[str]) -> None:
    assert stream is not None
    while line := await stream.readline():
        into.append(line.decode().rstrip("\n"))


class Terminal:
    """One person's shell."""

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        self.variables = dict(variables)
        self.folder = folder
        self._running: list[Running] = []

    async def start(self, line: str, **more: str) -> Running:
        """Begin a command, as ``baton ask "Go on?"``."""
        words = shlex.split(line)
        assert words[0] == "baton", line
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *words,
            env={**self.variables, **more}, cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._running.append(Running(process))
        return self._running[-1]

    async def type(self, line: str, **more: str) -> Done:
        """Run a command to its end."""
        return await (await self.start(line, **more)).done()

    async def close(self) -> None:
        for each in self._running:
            await each.close()


class Office:
    """Terminals of one machine, and the server that they talk to."""

    def __init__(self, box: BatonInABox, folder: Path) -> None:
        self.box = box
        self.folder = folder
        self.port = 0
        self.terminals: list[Terminal] = []
        self._up: AsyncExitStack | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Let the server listen, at the same place each time."""
        taken = listen("127.0.0.1", self.port)
        self.port = port_of(taken)
        self._up = AsyncExitStack()
        self._up.callback(taken.close)
        await self._up.enter_async_context(serving(self.box.life.baton, taken, None))

    async def shut(self) -> None:
        if self._up is not None:
            await self._up.aclose()
        self._up = None

    async def restart(self) -> None:
        await self.shut()
        await self.box.restart()
        await self.open()

    async def terminal(self, of: str) -> Terminal:
        """Return a shell in which *of* is logged in."""
        life = self.box.life
        request = {"source": f"laptop-{of}", "scopes": LAPTOP, "owner": PEOPLE[of]}
        request |= {"namespace": "ci", "channel": "#releases"}
        made = await create_token(life.door, life.world, request)
        home = self.folder / of
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        variables = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "BATON_URL": self.url}
        self.terminals.append(Terminal({**variables, "BATON_TOKEN": str(made["token"])}, home))
        return self.terminals[-1]

    async def close(self) -> None:
        for each in self.terminals:
            await each.close()
        await self.shut()


@asynccontextmanager
async def open_office(box: BatonInABox, folder: Path) -> AsyncIterator[Office]:
    office = Office(box, folder)
    folder.mkdir()
    await office.open()
    try:
        yield office
    finally:
        await office.close()
