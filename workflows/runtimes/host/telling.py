"""What Slack is told about a run: ids of what changed, in the commit that changed it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coordination.outbox import ROOT, Lane
from coordination.store.whereabouts import LINKED
from coordination.trail import escape
from workflows.actions.notices import Post, Upload
from workflows.core.commands import Command, Tell
from workflows.core.core import Core
from workflows.core.state import UNKNOWN
from workflows.runs import RunRecord

__all__ = ["Telling", "posted", "tellings", "unknown_attempts"]

_NAMES = re.compile(r"&lt;(@[UW][A-Z0-9]{1,30}|#C[A-Z0-9]{1,30})&gt;")
_LOUDER: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "attention": frozenset({"failed", "not_undone"}),
    "milestones": frozenset({"failed", "not_undone", "thread"}),
    "all": frozenset({"failed", "not_undone", "thread", "retrying"}),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice in the making; the thread is that of the run, the row's id is taken at the commit."""

    slot: str
    lane: Lane
    kind: str
    body: Mapping[str, Any]
    id: str | None = None  # where the row must have this one
    content: bytes | None = None  # of a file


def unknown_attempts(core: Core) -> dict[str, int]:
    """Return the attempt of every step that people are asked about."""
    opened = core.state.open
    if "unknown" not in opened.values():
        return {}
    return {path: core.steps[path].attempts for path in opened if opened[path] == "unknown"}


def tellings(
    run: RunRecord, core: Core, commands: Iterable[Command], asked_before: Mapping[str, int]
) -> list[Telling]:
    """Return what one fact gives to tell.

    Args:
        run: whose fact it was.
        core: after it.
        commands: what came of it.
        asked_before: `unknown_attempts` before it; cards of those that were answered are redrawn.
    """
    told = []
    for path, attempt in asked_before.items():
        if core.steps[path].status is not UNKNOWN:
            told.append(_unknown(run, path, attempt))
    for command in commands:
        if isinstance(command, Tell):
            told += _of_step(run, core, command)
    if "thread" in _LOUDER.get(core.plan.notify, ()) and core.changed:
        told.append(_card(core))
    return told


def posted(post: Post) -> Telling:
    """Return what `slack.post` says: people and channels may be named, all else is plain text."""
    if isinstance(post, Upload):
        return _shared(post)
    text = _NAMES.sub(r"<\1>", escape(post.text))
    body: dict[str, Any] = {"text": text} | ({"channel": post.channel} if post.channel else {})
    if post.awaited:
        body[LINKED] = True
    slot = f"reply:{post.instead_of or post.id}"  # a slot is one message, and shows its newest text
    return Telling(slot, Lane.RESULT, "reply", body, post.id)


def _shared(file: Upload) -> Telling:
    body = {
        "text": escape(file.text),
        "name": file.name,
        "title": file.title,
        "size": len(file.content),
    }
    return Telling(f"file:{file.id}", Lane.RESULT, "file", body, file.id, file.content)


def _of_step(run: RunRecord, core: Core, tell: Tell) -> list[Telling]:
    attempt = core.steps[tell.path].attempts
    if tell.kind == "unknown":
        return [_unknown(run, tell.path, attempt)]
    notify = core.node(tell.path).step.notify or core.plan.notify
    if tell.kind not in _LOUDER.get(notify, frozenset()):
        return []
    if tell.kind == "retrying":
        return [_another_try(run, core, tell)]
    slot = f"failure:{run.id}:{tell.path}:{attempt}"
    return [Telling(slot, Lane.FAILURE, "failure", {"run_id": run.id, "path": tell.path})]


def _another_try(run: RunRecord, core: Core, tell: Tell) -> Telling:
    """Say that a step failed and is tried again: one message a step, which shows the newest try."""
    name = core.node(tell.path).step.name or tell.path
    failures = core.steps[tell.path].failures
    text = f"`{escape(name)}` failed (try {failures}) and is tried again: {escape(tell.text)}"
    return Telling(f"reply:tries:{run.id}:{tell.path}", Lane.PROGRESS, "reply", {"text": text})


def _unknown(run: RunRecord, path: str, attempt: int) -> Telling:
    body = {"run_id": run.id, "path": path, "attempt": attempt}
    return Telling(f"unknown:{run.id}:{path}:{attempt}", Lane.DECISION, "unknown", body)


def _card(core: Core) -> Telling:
    lane = Lane.PROGRESS if core.state.ended is None else Lane.RESULT
    return Telling(ROOT, lane, "thread", {})
