"""Report what your tools do to Baton, the place where a software team's tools meet.

::

    import baton

    with baton.process("Nightly build", category="build") as p:
        p.progress(3, 10, "compiling")
        p.link("https://ci.example/builds/7")
        p.result(tests=412)

    if baton.ask("Deploy v2.0 to production?", approvers="@sre"):
        deploy()

Where to report is in ``BATON_URL`` and ``BATON_TOKEN``; without them nothing happens. Nothing in
here raises into your program, holds it up for more than two seconds (but to wait for people, where
you ask it to), or writes to its stdout.
"""

from baton.client import Client, default_client
from baton.errors import BatonError
from baton.process import Process, current_process, process
from baton.tracked import tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from baton.answers import Result
    from baton.questions import Decision
    from baton.seeds import (
        ProcessSource,
        ProcessStatus,
        TriggerType,
        emit_mcp_tool_complete,
        emit_process_complete,
        emit_synthesis_complete,
        emit_test_complete,
        notify_mcp_tool_complete,
        notify_process_completed,
        notify_process_failed,
        notify_process_progress,
        notify_process_started,
        notify_synthesis_complete,
        notify_test_complete,
        request_approval,
        with_workflow_notifications,
    )

__all__ = [
    "BatonError",
    "Client",
    "Decision",
    "Process",
    "ProcessSource",
    "ProcessStatus",
    "Result",
    "TriggerType",
    "ask",
    "current_process",
    "emit_mcp_tool_complete",
    "emit_process_complete",
    "emit_synthesis_complete",
    "emit_test_complete",
    "notify",
    "notify_mcp_tool_complete",
    "notify_process_completed",
    "notify_process_failed",
    "notify_process_progress",
    "notify_process_started",
    "notify_synthesis_complete",
    "notify_test_complete",
    "process",
    "request_approval",
    "tracked",
    "wait",
    "with_workflow_notifications",
]


def notify(
    process_id: str | None = None, status: str | None = None, **fields: object
) -> "Result | None":
    """Report one event; see :meth:`Client.notify`. Returns None when no answer came in time."""
    return default_client().notify(process_id, status, **fields)


def ask(prompt: str, *, client: Client | None = None, **options: "Any") -> "Decision":
    """Ask people, and wait for their answer; see :meth:`Client.ask`. It is true only for a yes."""
    return (client or default_client()).ask(prompt, **options)


def wait(what: str, *, client: Client | None = None, **options: "Any") -> "Decision":
    """Wait for an approval or the end of a process; see :meth:`Client.wait`."""
    return (client or default_client()).wait(what, **options)


def __getattr__(name: str) -> object:
    """Load on first use what most programs do without: ``import baton`` stands in all of them."""
    if name not in __all__:
        raise AttributeError(f"module 'baton' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    home = {"Decision": "questions", "Result": "answers"}.get(name, "seeds")
    value: object = getattr(import_module(f"baton.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
