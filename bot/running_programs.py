"""The programs of runs: as those of the World, and when each was at work is noted.

Nothing is noted as long as no workflow watches files, nor of programs that only look.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from baton.connector import Finished, OnOutput, Processes
from bot.moments import moment_in
from bot.written_files import WrittenFiles
from coordination import programs
from coordination.database import Transaction, Unavailable
from coordination.programs import Span
from coordination.world import World

__all__ = ["ProgramsOfRun", "RunningPrograms"]

LOOKING = frozenset({"git.status", "git.log", "git.diff"})
OWN = frozenset({"git.commit"})  # writes into `.git` alone, which nobody watches

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunningPrograms:
    """Hands out the programs of each run."""

    world: World
    written: WrittenFiles

    def of(self, run_key: int, action: str) -> Processes:
        """Return the programs for one action of one run."""
        inner = self.world.processes
        return inner if action in LOOKING | OWN else ProgramsOfRun(self, inner, run_key)


@dataclass(frozen=True, slots=True)
class ProgramsOfRun:
    """Satisfies `baton.connector.Processes`."""

    running: RunningPrograms
    inner: Processes
    run_key: int

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: timedelta | None = None,  # noqa: ASYNC109 - the port says why
        on_output: OnOutput | None = None,
    ) -> Finished:
        async with self._at_work():
            return await self.inner.run(
                argv, cwd=cwd, env=env, timeout=timeout, on_output=on_output
            )

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        written, world = self.running.written, self.running.world
        if not await written.watched():
            yield
            return
        root, name = world.files.root, world.ids.new("pr")
        begun, owner = await asyncio.to_thread(moment_in, root, world.clock.now())
        span = Span(name, self.run_key, owner, begun)
        await self._note(lambda tx, now: programs.begin(tx, span, now=now))
        try:
            yield
        finally:
            at, _ = await asyncio.to_thread(moment_in, root, world.clock.now())
            await self._note(lambda tx, now: programs.end(tx, name, at=at, now=now))

    async def _note(self, unit: Callable[[Transaction, datetime], None]) -> None:
        """Store a note; the step does not fail for it, and at worst a change counts once too often."""
        written, now = self.running.written, self.running.world.clock.now()
        try:
            await written.door.write(lambda tx: unit(tx, now))
        except Unavailable as error:
            log.warning("program_not_noted", run_key=self.run_key, error=str(error))
