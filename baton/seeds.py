"""The functions by which earlier programs told Slack and their workflows what they do.

All of them report one event and return the id of its thread, or None where no server is configured
or none answered in time. New programs say it shorter: see :func:`baton.process`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache, wraps
from typing import Any, ParamSpec

from baton.client import default_client, new_id
from baton.status import Status as ProcessStatus

__all__ = [
    "ProcessSource",
    "ProcessStatus",
    "TriggerType",
    "emit_mcp_tool_complete",
    "emit_process_complete",
    "emit_synthesis_complete",
    "emit_test_complete",
    "notify_mcp_tool_complete",
    "notify_process_completed",
    "notify_process_failed",
    "notify_process_progress",
    "notify_process_started",
    "notify_synthesis_complete",
    "notify_test_complete",
    "request_approval",
    "with_workflow_notifications",
]

_MOST_TEXT = 2000
_MOST_NAMES = 200
_Said = tuple[object, object, object]
_Given = ParamSpec("_Given")


class ProcessSource(StrEnum):
    """Which kind of tool reports. The token decides; this is kept as a detail."""

    CLAUDE_CODE = "claude_code"
    PYCHARM = "pycharm"
    MCP_SERVER = "mcp_server"
    WEB_CHAT = "web_chat"
    API = "api"
    WORKFLOW_ENGINE = "workflow_engine"


class TriggerType(StrEnum):
    """What starts a workflow, under its earlier name; :attr:`event` is the name in a definition."""

    PROCESS_COMPLETE = "process_complete"
    PROCESS_FAILED = "process_failed"
    MCP_TOOL_COMPLETE = "mcp_tool_complete"
    SYNTHESIS_COMPLETE = "synthesis_complete"
    TEST_COMPLETE = "test_complete"
    WEBHOOK = "webhook"
    MANUAL = "manual"
    SCHEDULED = "scheduled"

    @property
    def event(self) -> str | None:
        """Return the event's name as a trigger in YAML has it; None where there is no single one."""
        return _EVENTS.get(self.value)


_EVENTS = {
    "process_complete": "process.completed",
    "process_failed": "process.failed",
    "mcp_tool_complete": "mcp_tool.ended",
    "synthesis_complete": "synthesis.ended",
    "test_complete": "test.ended",
}
_SOURCES = {"mcp_server": "mcp", "workflow_engine": "baton"}


def _never_raising(function: Callable[_Given, str | None]) -> Callable[_Given, str | None]:
    @wraps(function)
    def call(*args: _Given.args, **kwargs: _Given.kwargs) -> str | None:
        with default_client().quietly:
            return function(*args, **kwargs)
        return None

    return call


@_never_raising
def notify_process_started(
    process_id: str,
    process_name: str,
    source: str,
    metadata: Mapping[str, object] | None = None,
) -> str | None:
    """Report that a process has begun."""
    return _tell(process_id, "started", name=process_name, source=source, metadata=metadata)


@_never_raising
def notify_process_progress(
    process_id: str,
    process_name: str,
    source: str,
    message: str | None = None,
    progress: float | str | Mapping[str, object] | None = None,
) -> str | None:
    """Report how far a process is: ``0.4``, ``40``, ``"3/7"`` or an object."""
    return _tell(
        process_id,
        "in_progress",
        name=process_name,
        source=source,
        message=message,
        progress=progress,
    )


@_never_raising
def notify_process_completed(
    process_id: str,
    process_name: str,
    source: str,
    results: Mapping[str, object] | None = None,
    next_steps: Sequence[object] | None = None,
) -> str | None:
    """Report that a process has ended well."""
    _ledger().remember("notify", "process", str(process_name), process_id)
    return _tell(
        process_id,
        "completed",
        name=process_name,
        source=source,
        result=results,
        next_steps=next_steps,
    )


@_never_raising
def notify_process_failed(
    process_id: str, process_name: str, source: str, error: object
) -> str | None:
    """Report that a process has ended badly."""
    _ledger().remember("notify", "process", str(process_name), process_id)
    return _tell(process_id, "failed", name=process_name, source=source, error=_error(error))


@_never_raising
def request_approval(
    process_id: str, process_name: str, description: str, timeout_minutes: float
) -> str | None:
    """Ask people, and go on at once; :func:`baton.wait` waits for the answer."""
    approval = {"prompt": description, "expires_at": _after(timeout_minutes)}
    return _tell(process_id, "pending_approval", name=process_name, approval=approval)


@_never_raising
def notify_synthesis_complete(
    query: str, response: str, cost: float | None, source: str
) -> str | None:
    """Report that answers have been brought together."""
    return _synthesis("notify", (query, response, cost), source, None)


@_never_raising
def notify_mcp_tool_complete(
    tool_name: str, params: Mapping[str, object] | None, result: object, source: str
) -> str | None:
    """Report that an MCP tool has been called."""
    return _mcp_tool("notify", (tool_name, params, result), source, None)


@_never_raising
def notify_test_complete(
    test_suite: str,
    tests_passed: int,
    tests_failed: int,
    coverage: float | None,
    source: str = "pytest",
) -> str | None:
    """Report a run of tests; it has failed where one of them has."""
    counts = (tests_passed, tests_failed, coverage)
    return _test("notify", test_suite, counts, source, None)


@_never_raising
def emit_process_complete(
    process_name: str,
    source: str,
    results: Mapping[str, object] | None,
    workflow_id: str | None = None,
) -> str | None:
    """Let what waits for the end of this process go on; the thread is that of its last report."""
    process_id = _process_of("emit", "process", process_name)
    return _tell(
        process_id,
        "completed",
        name=process_name,
        source=source,
        result=results,
        run_id=workflow_id,
    )


@_never_raising
def emit_synthesis_complete(
    query: str, response: str, cost: float | None, source: str, workflow_id: str | None = None
) -> str | None:
    """Let what waits for a synthesis go on."""
    return _synthesis("emit", (query, response, cost), source, workflow_id)


@_never_raising
def emit_mcp_tool_complete(
    tool_name: str,
    params: Mapping[str, object] | None,
    result: object,
    source: str,
    workflow_id: str | None = None,
) -> str | None:
    """Let what waits for a tool go on."""
    return _mcp_tool("emit", (tool_name, params, result), source, workflow_id)


@_never_raising
def emit_test_complete(
    test_suite: str,
    tests_passed: int,
    tests_failed: int,
    coverage: float | None,
    source: str = "pytest",
    workflow_id: str | None = None,
) -> str | None:
    """Let what waits for a run of tests go on."""
    counts = (tests_passed, tests_failed, coverage)
    return _test("emit", test_suite, counts, source, workflow_id)


def with_workflow_notifications(
    process_name: str,
    source: str,
    notify_slack: bool = True,  # noqa: FBT001, FBT002 - the order that earlier programs know
    emit_events: bool = True,  # noqa: FBT001, FBT002
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Report each call of the decorated function as a process; with neither, leave it as it is.

    What Slack shows and what starts workflows is one and the same event here.
    """
    from baton.tracked import tracked  # noqa: PLC0415

    if not (notify_slack or emit_events):
        return lambda function: function
    return tracked(process_name, source=_source(source))


class _Ledger:
    """Which process a name last stood for, so that a report and its event are one process."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], tuple[str, str]] = {}

    def remember(self, verb: str, kind: str, name: str, process_id: str) -> None:
        """Note what *verb* reported; the oldest is forgotten where there are too many."""
        while len(self._ids) >= _MOST_NAMES:
            self._ids.pop(next(iter(self._ids)), None)
        self._ids[kind, name] = (verb, process_id)

    def recall(self, verb: str, kind: str, name: str) -> str | None:
        """Return, once, the process that another verb than *verb* reported under this name."""
        said, process_id = self._ids.get((kind, name), (verb, ""))
        if said == verb:
            return None
        del self._ids[kind, name]
        return process_id


@cache
def _ledger() -> _Ledger:
    return _Ledger()


def _process_of(verb: str, kind: str, name: object) -> str:
    known = _ledger().recall(verb, kind, str(name))
    if known is not None:
        return known
    process_id = new_id()
    _ledger().remember(verb, kind, str(name), process_id)
    return process_id


def _synthesis(verb: str, said: _Said, source: str, run_id: str | None) -> str | None:
    query, response, cost = said
    return _tell(
        _process_of(verb, "synthesis", query),
        "completed",
        name=f"Synthesis: {_short(query, 80)}",
        category="synthesis",
        source=source,
        result={
            "query": _short(query, _MOST_TEXT),
            "response": _short(response, _MOST_TEXT),
            "cost": cost,
        },
        run_id=run_id,
    )


def _mcp_tool(verb: str, said: _Said, source: str, run_id: str | None) -> str | None:
    tool_name, params, result = said
    return _tell(
        _process_of(verb, "mcp_tool", tool_name),
        "completed",
        name=tool_name,
        category="mcp_tool",
        source=source,
        metadata={"params": params} if params else None,
        result=result if isinstance(result, Mapping) else {"value": result},
        run_id=run_id,
    )


def _test(verb: str, suite: str, said: _Said, source: str, run_id: str | None) -> str | None:
    passed, failed, coverage = said
    counts = {"passed": passed, "failed": failed, "coverage": coverage}
    return _tell(
        _process_of(verb, "test", suite),
        "failed" if failed else "completed",
        name=suite,
        category="test",
        source=source,
        result={name: value for name, value in counts.items() if value is not None},
        error={"message": f"{failed} tests failed", "type": "tests"} if failed else None,
        run_id=run_id,
    )


def _tell(process_id: str, status: str, **fields: object) -> str | None:
    given = {name: value for name, value in fields.items() if value is not None}
    if "source" in given:
        given["source"] = _source(given["source"])
    result = default_client().notify(process_id, status, **given)
    return None if result is None else result.thread_id


def _source(source: object) -> str:
    """Return the source in the form that Baton uses: ``claude_code`` is ``claude-code``."""
    word = str(source)
    return _SOURCES.get(word, word.replace("_", "-"))


def _error(error: object) -> object:
    if isinstance(error, BaseException):
        return {"message": str(error) or type(error).__name__, "type": type(error).__name__}
    return error if isinstance(error, Mapping) else {"message": str(error)}


def _short(text: object, most: int) -> str:
    words = str(text)
    return words if len(words) <= most else words[: most - 1] + "…"


def _after(minutes: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + float(minutes) * 60))
