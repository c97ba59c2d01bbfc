"""What an action is handed: the World's parts, its keys, and a log that is kept."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

import structlog

from baton.connector import (
    Files,
    Finished,
    Http,
    Log,
    OnOutput,
    Processes,
    RunInfo,
)
from coordination.world import World
from workflows.core.commands import RunAction
from workflows.runs import RunRecord
from workflows.runtimes.host.hearing import folder_of
from workflows.runtimes.host.limits import HostSettings

__all__ = ["StepContext", "Transcript", "Watched"]

LONGEST = 8 * 2**20  # characters of a log; of a longer one the beginning is kept
CUT = "\n… the log is cut here\n"

log = structlog.get_logger(__name__)


class Transcript:
    """Everything that the programs of one attempt wrote, in the order in which it came."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = LONGEST

    def hear(self, text: str) -> None:
        """Take in a piece of output; after the longest log nothing more is kept."""
        if self._room <= 0:
            return
        self._parts.append(text[: self._room])
        self._room -= len(text)
        if self._room <= 0:
            self._parts.append(CUT)

    @property
    def text(self) -> str:
        return "".join(self._parts)


class Watched:
    """Processes whose output also goes into a transcript."""

    def __init__(self, inner: Processes, transcript: Transcript) -> None:
        self._inner = inner
        self._transcript = transcript

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: timedelta | None = None,  # noqa: ASYNC109 - the port says why
        on_output: OnOutput | None = None,
    ) -> Finished:
        def hear(stream: Literal["stdout", "stderr"], text: str) -> None:
            self._transcript.hear(text)
            if on_output is not None:
                on_output(stream, text)

        return await self._inner.run(argv, cwd=cwd, env=env, timeout=timeout, on_output=hear)


@dataclass(slots=True, eq=False, repr=False)  # not frozen: each step makes one
class StepContext:
    """Satisfies `baton.connector.ActionContext`; what few actions ask for is made when one does.

    Args:
        _world: of this life.
        _settings: of the host.
        _run: in whose name the action is performed.
        _action: what is performed.
        _transcript: hears what its programs write.
        _cancelled: gives what is set when the attempt is no longer wanted.
        deadline: when it is cancelled.
        secrets: by name; only those that the step names.
    """

    _world: World
    _settings: HostSettings
    _run: RunRecord
    _action: RunAction
    _transcript: Transcript
    _cancelled: Callable[[], asyncio.Event]
    deadline: datetime | None
    secrets: Mapping[str, str]
    _info: RunInfo | None = None

    @property
    def idempotency_key(self) -> str:
        return self._settings.step_key(self._run.id, self._action.path, self._action.redo)

    @property
    def attempt(self) -> int:
        return self._action.attempt

    @property
    def run(self) -> RunInfo:
        if self._info is None:
            run, step = self._run, self._action.path
            folder = _folder(self._world.files.root, run.id)
            self._info = RunInfo(run.id, run.number, run.workflow, step, folder, run.thread_id)
        return self._info

    @property
    def http(self) -> Http:
        return self._world.http

    @property
    def processes(self) -> Processes:
        given = self._settings.programs
        inner = given(self._run.key, self._action.action) if given else self._world.processes
        return Watched(inner, self._transcript)

    @property
    def files(self) -> Files:
        given = self._settings.files
        return given(self._run.key) if given else self._world.files

    @property
    def cancelled(self) -> asyncio.Event:
        return self._cancelled()

    @property
    def log(self) -> Log:
        action = self._action
        return log.bind(run_id=self._run.id, path=action.path, attempt=action.attempt)  # type: ignore[no-any-return]  # of structlog

    def heartbeat(self, text: str | None = None, fraction: float | None = None) -> None:
        """Note that the work goes on; the step record shows that it is running."""
        self.log.info("heartbeat", text=text, fraction=fraction)


@lru_cache(maxsize=1024)  # the steps of a run have the same one
def _folder(root: Path, run_id: str) -> Path:
    return root / folder_of(run_id)
