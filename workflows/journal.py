"""The journal of a run: how a row is written and sealed, and how the rows give the run back.

A row holds a fact, what expressions gave when it was first applied, and a digest of the commands
that followed from it. Replay evaluates nothing: it must come to the same commands or halt. A row of
the kind `intent` holds no fact; it says that an action which must not repeat itself was about to
start. Where a step gives what must not be seen, all that the rows of facts hold is sealed.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from workflows.core.codec import (
    canonical,
    digest,
    fact_from_json,
    fact_to_json,
)
from workflows.core.commands import (
    CancelAction,
    Command,
    RunAction,
)
from workflows.core.core import Core, ReplayDiverged
from workflows.core.errors import InvariantBroken, UnknownFact
from workflows.core.facts import Fact, StepCompleted, StepFailed, StepUnknown
from workflows.core.plan import Plan
from workflows.runs import Entry, Faulted

__all__ = ["INTENT", "Flight", "Place", "Replayed", "fact_entry", "intent_entry", "replay"]

INTENT = "intent"
SEALED = "sealed"
_ANSWERS = (StepCompleted, StepFailed, StepUnknown)


class Place(NamedTuple):
    """Where a row goes: the run, its number in the journal, and the life that writes it."""

    run_id: str
    seq: int
    fence: int


class Flight:
    """The actions that were asked for and have not been answered, by path."""

    def __init__(self) -> None:
        self.actions: dict[str, RunAction] = {}

    def follow(self, fact: Fact, commands: Iterable[Command]) -> None:
        """Take in what *fact* ended and what *commands* began."""
        if isinstance(fact, _ANSWERS):
            self._drop(fact.path, fact.attempt)
        for command in commands:
            if isinstance(command, RunAction):
                self.actions[command.path] = command
            elif isinstance(command, CancelAction):
                self._drop(command.path, command.attempt)

    def _drop(self, path: str, attempt: int) -> None:
        standing = self.actions.get(path)
        if standing is not None and standing.attempt == attempt:
            del self.actions[path]


@dataclass(slots=True)
class Replayed:
    """A run as its journal tells it; *intents* are the newest attempt of each path that had one."""

    core: Core
    seq: int = 0
    flight: Flight = field(default_factory=Flight)
    intents: dict[str, int] = field(default_factory=dict)


def fact_entry(
    place: Place,
    fact: Fact,
    *,
    derived: Any,
    commands: Sequence[Command],
    delivery_id: str | None = None,
    seal: Callable[[str], str] | None = None,
) -> Entry:
    """Write the row of *fact*, with what came of it; *seal* closes what it holds."""
    written = fact_to_json(fact)
    data = {"fact": written, "derived": derived, "commands": digest(commands)}
    if seal is not None:
        data = {SEALED: seal(canonical(data).decode())}
    attempt = getattr(fact, "attempt", None)
    path = getattr(fact, "path", None)
    parts = (path, type(fact).__name__, attempt, delivery_id)
    return _sealed(place, parts, fact.at, written["at"], data)


def intent_entry(place: Place, action: RunAction, *, at: datetime) -> Entry:
    """Write that *action* is about to start: after a crash, only a person can say whether it did."""
    data = {"action": action.action, "redo": action.redo, "digest": action.covered}
    parts = (action.path, INTENT, action.attempt, None)
    return _sealed(place, parts, at, at.isoformat(), data)


def replay(
    plan: Plan,
    run_id: str,
    entries: Iterable[Entry],
    *,
    core_version: int,
    unseal: Callable[[str], str | None] | None = None,
) -> Replayed:
    """Fold the rows of a journal again; *unseal* opens those that are sealed.

    Raises:
        Faulted: a row is damaged or absent, or this program comes to other commands than the one
            that wrote it.
    """
    try:
        replayed = Replayed(Core(plan, core_version=core_version))
    except ValueError as error:
        raise Faulted(str(error)) from error
    for entry in entries:
        _check(run_id, entry, replayed.seq + 1)
        replayed.seq = entry.seq
        if entry.kind == INTENT:
            replayed.intents[entry.path or ""] = entry.attempt or 0
        else:
            _fold(replayed, entry, _opened(entry, unseal))
    return replayed


def _opened(entry: Entry, unseal: Callable[[str], str | None] | None) -> Mapping[str, Any]:
    """Return what a row holds."""
    data: Mapping[str, Any] = json.loads(entry.data)
    if SEALED not in data:
        return data
    text = None if unseal is None else unseal(data[SEALED])
    if text is None:
        raise Faulted(
            f"row {entry.seq} of the journal is sealed under another instance key: bring that back"
        )
    opened: Mapping[str, Any] = json.loads(text)
    return opened


def _fold(replayed: Replayed, entry: Entry, data: Mapping[str, Any]) -> None:
    try:
        fact = fact_from_json(data["fact"])
        commands = replayed.core.apply(fact, derived=data["derived"])
    except (ReplayDiverged, InvariantBroken, UnknownFact, KeyError) as error:
        raise Faulted(f"row {entry.seq} of the journal cannot be replayed: {error}") from error
    if digest(commands) != data["commands"]:
        raise Faulted(
            f"row {entry.seq} of the journal led to other commands when it was written; this "
            f"program would go another way"
        )
    replayed.flight.follow(fact, commands)


def _check(run_id: str, entry: Entry, expected: int) -> None:
    if entry.seq != expected:
        raise Faulted(f"row {expected} of the journal is missing; the next one is {entry.seq}")
    parts = (entry.path, entry.kind, entry.attempt, entry.delivery_id)
    place = Place(run_id, entry.seq, entry.fence)
    if _sum(place, parts, entry.at.isoformat(), entry.data.encode()) != entry.sum:
        raise Faulted(f"row {entry.seq} of the journal is damaged: its checksum does not fit")


_Parts = tuple[str | None, str, int | None, str | None]


def _sealed(
    place: Place, parts: _Parts, at: datetime, stamp: str, data: Mapping[str, Any]
) -> Entry:
    """Write a row; *stamp* is the time *at* in ISO 8601, which takes long enough to be written once."""
    text = canonical(data)
    seal = _sum(place, parts, stamp, text)
    return Entry(place.seq, *parts, at, place.fence, text.decode(), seal)


def _sum(place: Place, parts: _Parts, stamp: str, text: bytes) -> str:
    """Return the checksum of a row: SHA-256 over the list of its columns, the last of them *text*."""
    head = canonical([*place, *parts, stamp])
    return hashlib.sha256(head[:-1] + b"," + text + b"]").hexdigest()
