"""A context for actions: what they ask of the world is recorded, what it answers is scripted."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from baton.connector import Finished, HttpResponse, OnOutput, RunInfo
from bot.world.files import RootedFiles

Perform = Callable[[str, dict[str, Any]], Awaitable[Any]]


@dataclass
class ScriptedHttp:
    answer: HttpResponse | Exception | None = None
    sent: list[tuple[str, str, dict[str, str], bytes | None]] = field(default_factory=list)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: timedelta,
        allow: Collection[str] = (),
    ) -> HttpResponse:
        self.sent.append((method, url, dict(headers or {}), content))
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None, "the test scripted no answer"
        return self.answer

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = HttpResponse(status, "https://there", named, body)


@dataclass
class ScriptedProcesses:
    finished: Finished = field(default_factory=lambda: Finished(0, "", ""))
    started: list[tuple[tuple[str, ...], Path, dict[str, str]]] = field(default_factory=list)

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: timedelta | None = None,
        on_output: OnOutput | None = None,
    ) -> Finished:
        self.started.append((tuple(argv), cwd, dict(env)))
        return self.finished


class RecordingLog:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, /, **fields: Any) -> None:
        self.lines.append((event, fields))

    warning = error = info


@dataclass
class Context:
    files: RootedFiles
    run: RunInfo
    http: ScriptedHttp = field(default_factory=ScriptedHttp)
    processes: ScriptedProcesses = field(default_factory=ScriptedProcesses)
    log: RecordingLog = field(default_factory=RecordingLog)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    idempotency_key: str = "0123456789abcdef" * 4
    attempt: int = 1
    deadline: datetime | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)

    def heartbeat(self, text: str | None = None, fraction: float | None = None) -> None:
        """Nobody listens."""
