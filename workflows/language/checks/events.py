"""Checks the names of events: their parts, their status, and what was probably meant."""

from typing import Final

from baton.status import Status
from workflows.language.event_names import GENERAL, OLDER
from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean, nearest

__all__ = ["check_event_name"]

CATEGORIES: Final = [
    "build",
    "test",
    "deploy",
    "pipeline",
    "job",
    "task",
    "agent",
    "turn",
    "tool",
    "mcp_tool",
    "synthesis",
    "alert",
    "incident",
    "approval",
    "run",
    "other",
]
SOURCES: Final = [
    "a2a",
    "agent-hook",
    "alertmanager",
    "cdevents",
    "circleci",
    "claude-code",
    "codex",
    "cursor",
    "github",
    "gitlab",
    "grafana",
    "junit",
    "sentry",
    "slack",
]
STATUSES: Final = (*(str(status) for status in Status), "ended")


def check_event_name(path: Path, name: str, findings: Findings) -> None:
    """Check the name of an event that stands at *path*: of a trigger, or of a wait."""
    if name in GENERAL or name in OLDER or has_template(name):
        return  # a template is complained about as such
    stem, dot, rest = name.partition(".")
    if not dot or not all(name.split(".")):
        findings.add(
            "event", path, f"`{name[:80]}` is no name of an event",
            did_you_mean(name, [f"process.{status}" for status in STATUSES])
            or "Events are named as `process.completed`, `test.failed` or `github.push`.",
        )  # fmt: skip
    elif stem == "process" or stem in CATEGORIES:
        if rest not in (*STATUSES, "*"):
            hint = did_you_mean(rest, STATUSES) or f"There are {', '.join(STATUSES)}."
            findings.add("event", path, f"there is no status `{rest[:80]}`", hint)
    elif stem != "*" and stem not in SOURCES:
        kind = "category" if rest in STATUSES else "kind of source"
        known = [*CATEGORIES, "process"] if rest in STATUSES else [*SOURCES, *CATEGORIES, "process"]
        near = nearest(stem, known)
        findings.warn(
            "event",
            path,
            f"no {kind} that Baton knows is called `{stem[:80]}`",
            f"Did you mean `{near}.{rest}`?" if near else None,
        )
