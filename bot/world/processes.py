"""Programs on this machine: a list of arguments, a process group of their own, a bounded tail."""

import asyncio
import codecs
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from baton.connector import Failed, Finished, NotStarted, OnOutput
from bot.world.leash import leash

TAIL = 256 * 1024  # bytes of each stream that are kept
CHUNK = 64 * 1024
LATE_OUTPUT = 1.0  # s that a program's own children may hold its output open after its end

Stream = Literal["stdout", "stderr"]


@dataclass(slots=True)
class Tail:
    """The end of a stream, and whether there was more."""

    kept: bytearray = field(default_factory=bytearray)
    truncated: bool = False

    def add(self, chunk: bytes) -> None:
        self.kept += chunk
        if len(self.kept) > TAIL:
            del self.kept[: len(self.kept) - TAIL]
            self.truncated = True

    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


class ChildProcesses:
    """Starts only the programs it was given by name; an empty set starts none."""

    def __init__(
        self, *, programs: frozenset[str], grace: timedelta = timedelta(seconds=2)
    ) -> None:
        self._programs = programs
        self._grace = grace.total_seconds()

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: timedelta | None = None,  # noqa: ASYNC109 - the port says why
        on_output: OnOutput | None = None,
    ) -> Finished:
        self._check(argv)
        child = await self._start(argv, cwd, env)
        tails = {"stdout": Tail(), "stderr": Tail()}
        try:
            async with asyncio.timeout(timeout.total_seconds() if timeout else None):
                await self._follow(child, tails, on_output)
        except TimeoutError:
            await self._end(child)
            raise Failed(f"{argv[0]} ran longer than {timeout}.", type="timeout") from None
        except asyncio.CancelledError:
            await asyncio.shield(self._end(child))
            raise
        return Finished(
            exit_code=child.returncode or 0,
            stdout=tails["stdout"].text(),
            stderr=tails["stderr"].text(),
            truncated=any(tail.truncated for tail in tails.values()),
        )

    def _check(self, argv: Sequence[str]) -> None:
        if not argv or argv[0] not in self._programs:
            name = argv[0] if argv else ""
            raise NotStarted(
                f"{name!r} may not be started here: add it to BATON_SHELL_ALLOW.",
                type="not_allowed",
            )

    async def _start(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                preexec_fn=leash(),
            )
        except (OSError, ValueError) as error:
            raise NotStarted(f"{argv[0]} could not be started: {error}", type="spawn") from None

    async def _follow(
        self,
        child: asyncio.subprocess.Process,
        tails: Mapping[str, Tail],
        on_output: OnOutput | None,
    ) -> None:
        """Read both streams to their end; one that outlives the program by much is left."""
        readers = [
            asyncio.ensure_future(pump(child.stdout, "stdout", tails["stdout"], on_output)),
            asyncio.ensure_future(pump(child.stderr, "stderr", tails["stderr"], on_output)),
        ]
        try:
            await child.wait()
            await asyncio.wait(readers, timeout=LATE_OUTPUT)
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)

    async def _end(self, child: asyncio.subprocess.Process) -> None:
        """TERM to the whole group, a moment of grace, then KILL; the group is gone after it."""
        signal_group(child.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), self._grace)
        signal_group(child.pid, signal.SIGKILL)
        await child.wait()


async def pump(
    source: asyncio.StreamReader | None, stream: Stream, tail: Tail, on_output: OnOutput | None
) -> None:
    """Read to the end; a character cut in two by the reading is put together again."""
    if source is None:
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while chunk := await source.read(CHUNK):
        tail.add(chunk)
        if on_output is not None:
            on_output(stream, decoder.decode(chunk))


def signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
