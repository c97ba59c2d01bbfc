"""What a rehearsal shows: entries with their time, and where everything stood in the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from workflows.core.codec import to_json
from workflows.language.expressions import MalformedHandle, from_json, mask
from workflows.runtimes.host.masks import HIDDEN, covering, texts_in

__all__ = ["Entry", "Kind", "Rehearsal", "StepEnd", "Timeline", "seconds", "shown"]

Kind: TypeAlias = Literal[
    "started",
    "skipped",
    "not_taken",
    "waiting",
    "asked",
    "decided",
    "posted",
    "would_call",
    "completed",
    "failed",
    "cancelled",
    "compensated",
    "ended",
]
NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened *at* so many seconds from the start; *more* holds its other members.

    The path of the run itself is empty. Steps of a child stand behind the path of the step that runs
    it, and a slash.
    """

    at: float
    path: str
    kind: Kind
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"at": self.at, "path": self.path, "kind": self.kind, **self.more}


@dataclass(frozen=True, slots=True)
class StepEnd:
    """Where a step stood in the end."""

    path: str
    status: str
    attempts: int

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "status": self.status, "attempts": self.attempts}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a rehearsal went. *notes* say what of the script was never needed."""

    status: str
    outputs: Mapping[str, Any] | None
    waiting_for: str | None
    steps: tuple[StepEnd, ...]
    timeline: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the report as `dry-run --json` prints it."""
        waits = {} if self.waiting_for is None else {"waiting_for": self.waiting_for}
        return {
            "status": self.status,
            "outputs": self.outputs,
            **waits,
            "steps": [each.to_json() for each in self.steps],
            "timeline": [each.to_json() for each in self.timeline],
        }


class Timeline:
    """Takes entries in, in the order in which they happen, without what must not be seen."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.entries: list[Entry] = []
        self._hidden: dict[str, str] = {}
        self._cover: Callable[[Any], Any] = covering({})

    def add(self, at: datetime, path: str, kind: Kind, **more: Any) -> None:
        """Note what happened; members that are None are left out, unless they are an output."""
        kept = {
            name: self.cover(value)
            for name, value in more.items()
            if value is not None or name == "output"
        }
        self.entries.append(Entry(seconds(at - self.start), path, kind, kept))

    def hide(self, value: Any) -> None:
        """Cover every text in *value* from now on."""
        known = len(self._hidden)
        self._hidden.update((text, HIDDEN) for text in texts_in(value))
        if len(self._hidden) > known:
            self._cover = covering(self._hidden)

    def cover(self, value: Any) -> Any:
        """Return *value* without what is hidden."""
        return self._cover(value)


def seconds(span: timedelta) -> float:
    """Return *span* in seconds, whole where it is."""
    found = span.total_seconds()
    return int(found) if found.is_integer() else found


def shown(value: Any) -> Any:
    """Return params as people may see them: handles of secrets as their names."""
    try:
        return mask(from_json(to_json(value)))
    except MalformedHandle:
        return value
