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

from baton.connector import Failed, Finished, NotStarted, OnOutput
from bot.world.leash import leash

TAIL = 256 * 1024  # bytes of each stream that are kept
LATE_OUTPUT = 1.0  # s that a program's own children may hold its output open after its end


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


class Following(asyncio.SubprocessProtocol):
    """Notes what a program says, and when it ends: then, and not when its output is closed.

    asyncio's own `Process.wait` waits for both, so a child that the program left behind would hold
    it up for as long as that child lives.
    """

    def __init__(self, on_output: OnOutput | None) -> None:
        self.stdout, self.stderr = Tail(), Tail()
        self.ended, self.silent = asyncio.Event(), asyncio.Event()
        self._on_output = on_output
        self._open = {1: utf_8(), 2: utf_8()}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        (self.stdout if fd == 1 else self.stderr).add(data)
        self._tell(fd, self._open[fd].decode(data))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        decoder = self._open.pop(fd, None)
        if decoder is not None:
            self._tell(fd, decoder.decode(b"", final=True))
        if not self._open:
            self.silent.set()

    def process_exited(self) -> None:
        self.ended.set()

    def _tell(self, fd: int, text: str) -> None:
        if text and self._on_output is not None:
            self._on_output("stdout" if fd == 1 else "stderr", text)


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
        self._check(argv, env)
        child, following = await self._start(argv, cwd, env, on_output)
        try:
            async with asyncio.timeout(timeout.total_seconds() if timeout else None):
                await following.ended.wait()
            await within(LATE_OUTPUT, following.silent)
        except TimeoutError:
            await self._end(child, following)
            raise Failed(f"{argv[0]} ran longer than {timeout}.", type="timeout") from None
        except asyncio.CancelledError:
            await asyncio.shield(self._end(child, following))
            raise
        finally:
            child.close()
        return Finished(
            exit_code=child.get_returncode() or 0,
            stdout=following.stdout.text(),
            stderr=following.stderr.text(),
            truncated=following.stdout.truncated or following.stderr.truncated,
        )

    def _check(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        if not argv or argv[0] not in self._programs:
            name = argv[0] if argv else ""
            raise NotStarted(
                f"{name!r} may not be started here: add it to BATON_SHELL_ALLOW.",
                type="not_allowed",
            )
        if any("\0" in text for text in (*argv, *env, *env.values())):
            raise NotStarted(  # the system would take what stands before it, and no more
                f"{argv[0]} could not be started: an argument or a variable holds a NUL; leave it out.",
                type="spawn",
            )

    async def _start(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], on_output: OnOutput | None
    ) -> tuple[asyncio.SubprocessTransport, Following]:
        try:
            return await asyncio.get_running_loop().subprocess_exec(
                lambda: Following(on_output),
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

    async def _end(self, child: asyncio.SubprocessTransport, following: Following) -> None:
        """TERM to the whole group, a moment of grace, then KILL; the group is gone after it."""
        group = child.get_pid()
        signal_group(group, signal.SIGTERM)
        await within(self._grace, following.ended)
        signal_group(group, signal.SIGKILL)
        await following.ended.wait()


async def within(seconds: float, event: asyncio.Event) -> None:
    """Return when *event* is set, or after *seconds*."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def utf_8() -> codecs.IncrementalDecoder:
    """Return what puts a character together again that the reading cut in two."""
    return codecs.getincrementaldecoder("utf-8")("replace")


def signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
