"""What an action is, what it may touch, and how it says that it did not succeed.

A connector is one service: its actions, as values. Everything an action touches it is handed in an
:class:`ActionContext`, so that it can be tested, simulated and stopped::

    class NewIssue(Params):
        title: str


    @action("tracker.create", repeatable=False)
    async def create(params: NewIssue, ctx: ActionContext) -> Issue: ...


    connector = Connector("tracker", actions=(create,))
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict

from baton.errors import BatonError
from baton.outcome import Result

__all__ = [
    "Action",
    "ActionContext",
    "ActionFailure",
    "Connector",
    "Failed",
    "FileEntry",
    "Files",
    "Finished",
    "Http",
    "HttpResponse",
    "Log",
    "NotStarted",
    "OnOutput",
    "Params",
    "Processes",
    "Result",
    "RunInfo",
    "Unknown",
    "action",
]

_NAME = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)+")
_EMPTY: Mapping[str, str] = MappingProxyType({})

FailureClass = Literal["not_started", "failed", "unknown"]
OnOutput = Callable[[Literal["stdout", "stderr"], str], None]


class ActionFailure(BatonError):
    """An action did not succeed. Raise one of the three kinds below.

    Args:
        message: one sentence for people.
        type: a word that ``retry.on`` and ``on_error`` can name.
        status: the status of an HTTP answer, or the exit code of a process.
        retry_after: how long the other side asks us to wait.
    """

    class_: FailureClass = "failed"

    def __init__(
        self,
        message: str,
        *,
        type: str = "failed",  # noqa: A002 - the word of the error object that workflows see
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.status = status
        self.retry_after = retry_after


class NotStarted(ActionFailure):
    """Nothing happened out there: no such host, connection refused, no such program."""

    class_: FailureClass = "not_started"


class Failed(ActionFailure):
    """The other side gave a definite answer, and it was no."""

    class_: FailureClass = "failed"


class Unknown(ActionFailure):
    """It was sent and the answer was lost: it may have happened. A person may have to look."""

    class_: FailureClass = "unknown"


class Params(BaseModel):
    """The parameters of an action; the model gives its schema, its check and its help."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer over HTTP; *url* is where it came from, *headers* have lower-case names."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """The way out to the web. Redirects are not followed."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _EMPTY,
        content: bytes | None = None,
        timeout: timedelta,  # noqa: ASYNC109 - the limit belongs to the request, not to its caller
        allow: Collection[str] = (),
    ) -> HttpResponse:
        """Send one request and return the answer, whatever its status.

        Args:
            method: in capitals.
            url: absolute; https to a public address, unless *allow* names its ``host:port``.
            headers: as they are sent; the names are not case-sensitive.
            content: the body.
            timeout: until the last byte of the answer.
            allow: the ``host:port`` pairs that may be reached although they are not public https.

        Raises:
            NotStarted: nothing was sent: the address is refused, unknown or not listening.
            Unknown: the connection was lost, or time ran out, after something was sent.
        """


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended; *exit_code* is below 0 when a signal of that number ended it.

    *stdout* and *stderr* hold the end of what it wrote; *truncated* says that there was more.
    """

    exit_code: int
    stdout: str
    stderr: str
    truncated: bool = False


class Processes(Protocol):
    """The way to run a program on this machine."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: timedelta | None = None,  # noqa: ASYNC109 - as for a request
        on_output: OnOutput | None = None,
    ) -> Finished:
        """Run *argv* in a process group of its own, without a shell, and wait for its end.

        On cancellation, and when *timeout* has passed, the whole group is sent TERM, is given a
        moment, and is then killed. *on_output* is told each piece of output as it arrives.

        Raises:
            NotStarted: there is no such program, or it may not be run.
            Failed: of type ``timeout``, when the time ran out.
        """


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What lies at *path*, relative to the root; *size* is in bytes. A link is ``other``."""

    path: str
    kind: Literal["file", "folder", "other"]
    size: int
    modified: datetime


class Files(Protocol):
    """The files below one folder; no path leads out of it, not through a link either."""

    @property
    def root(self) -> Path: ...

    async def read(self, path: str, *, limit: int) -> bytes:
        """Return the file at *path*, which is relative to the root.

        Raises:
            Failed: there is no such file, it has more than *limit* bytes, or lies outside.
        """

    async def write(self, path: str, content: bytes) -> Path:
        """Write the file at *path* whole or not at all, with its folders; return where it is.

        Raises:
            Failed: it lies outside the root, or cannot be written.
        """

    async def append(self, path: str, content: bytes) -> int:
        """Put *content* at the end of the file, all of it or nothing; return its size. Raises: Failed."""

    async def copy(self, source: str, target: str, *, replace: bool) -> int:
        """Copy the file *source*, whole or not at all; return its size.

        Raises:
            Failed: there is no such file, or *target* is there and *replace* is not said.
        """

    async def move(self, source: str, target: str, *, replace: bool) -> None:
        """Give the file or folder *source* another place in one move.

        Raises:
            Failed: as for copying.
        """

    async def delete(self, path: str, *, recursive: bool) -> bool:
        """Delete what lies at *path*, and say whether anything did. The root is never deleted.

        Raises:
            Failed: it is a folder that holds something, and *recursive* is not said.
        """

    async def entries(self, path: str, *, recursive: bool, most: int) -> Sequence[FileEntry]:
        """Return what lies in the folder at *path*, sorted by path; ``.`` is the root.

        Raises:
            Failed: there is no such folder, or it holds over *most* entries.
        """


class Log(Protocol):
    """Events with fields, never secrets."""

    def info(self, event: str, /, **fields: Any) -> Any: ...
    def warning(self, event: str, /, **fields: Any) -> Any: ...
    def error(self, event: str, /, **fields: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run and the step in whose name an action is performed."""

    id: str
    number: int
    workflow: str
    step: str
    folder: Path
    thread_id: str | None = None


class ActionContext(Protocol):
    """Everything an action may touch."""

    @property
    def idempotency_key(self) -> str:
        """The same for each attempt at the same step; send it where the other side takes one."""

    @property
    def attempt(self) -> int:
        """Counted from 1."""

    @property
    def deadline(self) -> datetime | None:
        """When the attempt is cancelled."""

    @property
    def run(self) -> RunInfo: ...
    @property
    def http(self) -> Http: ...
    @property
    def processes(self) -> Processes: ...
    @property
    def files(self) -> Files: ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """By name; only those that the step names."""

    @property
    def cancelled(self) -> asyncio.Event:
        """Set when the step is no longer wanted."""

    @property
    def log(self) -> Log: ...

    def heartbeat(self, text: str | None = None, fraction: float | None = None) -> None:
        """Say that the work goes on; shown in the thread. Cheap, and never blocks."""


Call = Callable[[Any, ActionContext], Awaitable[Any]]
Repeatable = bool | Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Action:
    """A verb that a step may use: its schema, its code and its help.

    *result* is the model of the output, where the function is said to return one, or a `Result` of
    one. Calling the action calls its code.
    """

    name: str
    params: type[Params]
    result: type[BaseModel] | None
    repeatable: Repeatable
    doc: str
    call: Call = field(repr=False)
    pure: bool = False

    async def __call__(self, params: Params, ctx: ActionContext) -> Any:
        return await self.call(params, ctx)

    def may_repeat(self, params: Params) -> bool:
        """Say whether the action may run again after a crash in the middle of this very call."""
        return self.repeatable if isinstance(self.repeatable, bool) else self.repeatable(params)


def action(name: str, *, repeatable: Repeatable, pure: bool = False) -> Callable[[Call], Action]:
    """Declare ``async def verb(params, ctx)`` as the action *name*, ``service.verb``.

    Args:
        name: lower case, at least two parts.
        repeatable: may it run twice? True, False, or a function of the params. There is no
            default, because after a crash in the middle of a call nobody must guess.
        pure: what it returns follows from its params and its idempotency key alone: it reads
            nothing, changes nothing and waits for nobody. Such a step is stored together with what
            led to it, and may be worked out anew after a crash.

    Raises:
        ValueError, TypeError: at declaration: the name, or the function, is not of this form.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"an action is named service.verb in lower case, not {name!r}")
    if pure and repeatable is not True:
        raise ValueError(f"the action {name!r} is pure, so it is repeatable: say so")

    def declare(call: Call) -> Action:
        params, result = _models(name, call)
        doc = inspect.getdoc(call) or ""
        return Action(name, params, result, repeatable, doc, call, pure)

    return declare


def _models(name: str, call: Call) -> tuple[type[Params], type[BaseModel] | None]:
    hints = get_type_hints(call)
    first = next(iter(inspect.signature(call).parameters), "")
    params = hints.get(first)
    if not inspect.iscoroutinefunction(call):
        raise TypeError(f"the action {name!r} is not an async function")
    if not (isinstance(params, type) and issubclass(params, Params)):
        raise TypeError(f"the first argument of the action {name!r} is no subclass of Params")
    result = hints.get("return")
    if get_origin(result) is Result:
        (result,) = get_args(result)
    is_model = isinstance(result, type) and issubclass(result, BaseModel)
    return params, result if is_model else None


@dataclass(frozen=True, slots=True)
class Connector:
    """One service and its actions; each action's name begins with the connector's.

    Raises:
        ValueError: an action is named for another service, or two have one name.
    """

    name: str
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        names = [each.name for each in self.actions]
        for name in names:
            if not name.startswith(f"{self.name}."):
                raise ValueError(f"the connector {self.name!r} cannot offer the action {name!r}")
            if names.count(name) > 1:
                raise ValueError(f"the connector {self.name!r} offers {name!r} twice")
