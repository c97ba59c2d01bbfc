"""What an action is handed: the World's parts, its keys, and a log that is kept."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from baton.connector import (
    Files,
    Finished,
    Http,
    Log,
    OnOutput,
    Processes,
    RunInfo,
)

__all__ = ["StepContext", "Transcript", "Watched"]

LONGEST = 8 * 2**20  # characters of a log; of a longer one the beginning is kept
CUT = "\n… the log is cut here\n"


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


@dataclass(frozen=True, slots=True)
class StepContext:
    """Satisfies `baton.connector.ActionContext`."""

    key: Callable[[], str] = field(repr=False)  # few actions ask for it
    attempt: int
    deadline: datetime | None
    run: RunInfo
    http: Http
    processes: Processes
    files: Files
    logs: Callable[[], Log] = field(repr=False)  # likewise
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def idempotency_key(self) -> str:
        return self.key()

    @property
    def log(self) -> Log:
        return self.logs()

    def heartbeat(self, text: str | None = None, fraction: float | None = None) -> None:
        """Note that the work goes on; the step record shows that it is running."""
        self.log.info("heartbeat", text=text, fraction=fraction)
