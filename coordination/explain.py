"""Why an event did what it did: the record that is kept beside it, and how people read it.

The record is written when the event is taken and completed when it is dispatched. It is never worked
out again: it says what happened, and not what would happen today.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from baton.events import format_time
from coordination import reasons
from coordination.correlation import Step
from coordination.incoming import Incoming
from coordination.keys import kind_of
from coordination.taking import Taken

__all__ = [
    "Explanation",
    "KeyLine",
    "NoticeLine",
    "StepLine",
    "of",
    "read_keys",
    "read_rule",
    "read_steps",
]

_ASKED = ("run_id", "process", "parent")  # evidence that is looked for in every event
_WORDS = {
    "run_id": "run id",
    "process": "process",
    "parent": "parent",
    "corr": "correlation id",
    "trace": "trace",
}
_LANES = {1: "a decision", 2: "a result", 3: "a failure", 4: "progress"}


def of(incoming: Incoming, taken: Taken, told: Sequence[str]) -> dict[str, Any]:
    """Return the record of one event, without what did not matter.

    Args:
        incoming: the event and what its credential says.
        taken: what it led to.
        told: the ids of the notices that it caused.
    """
    identity = incoming.identity
    record: dict[str, Any] = {
        "by": {name: value for name, value in incoming.origin.items() if value},
        "identity": (identity.name, identity.origin) if identity is not None else None,
        "answer": _answered(taken) if identity is not None else None,
        "correlation": [_kept(step, taken) for step in taken.steps if step.value is not None],
        "keys": [(each.key, each.thread_id, each.note) for each in taken.tied],
        "rule": reasons.shortened(taken.because) if taken.because else None,
        "status": (taken.was, str(taken.status)) if taken.status is not None else None,
        "outbox": told,
    }
    return {name: value for name, value in record.items() if value}


def _kept(step: Step, taken: Taken) -> tuple[str, ...]:
    """Return what is known of a piece of evidence; the row of the event says which process it is."""
    evidence, value, outcome = step
    if evidence == "process" and value == taken.event.process_id:
        return evidence, outcome
    return evidence, value or "", outcome


def _answered(taken: Taken) -> dict[str, Any]:
    """Return what the tool was told and the event's row does not say, for a repeat."""
    more = {
        "run_id": taken.run_id,
        "approval_id": taken.approval_id,
        "thread_url": taken.thread_url,
        "warnings": [taken.note] if taken.note else None,
    }
    return {name: value for name, value in more.items() if value}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One kind of evidence and what came of it."""

    evidence: str
    value: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key of the event; *thread_id* is its owner, None for a key that leads nowhere."""

    key: str
    thread_id: str | None
    note: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Something that Slack was told because of the event, and how far that came."""

    id: str
    slot: str
    lane: int
    state: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that can be said of how one event was taken."""

    event_id: str
    id: str
    type: str
    source: str
    process: str | None  # namespace:process_id
    attempt: int | None
    received_at: datetime
    dispatched_at: datetime | None
    adapter: str
    thread_id: str | None
    effect: str
    applied: bool
    token: str | None = None
    scheme: str | None = None
    identity: tuple[str, str] | None = None  # the name, and what gave it
    fields: Mapping[str, str] = field(default_factory=dict)  # under which other name one came
    steps: tuple[StepLine, ...] = ()
    keys: tuple[KeyLine, ...] = ()
    rule: tuple[str, str] | None = None
    was: str | None = None
    status: str | None = None
    triggers: tuple[Mapping[str, Any], ...] = ()
    waits: tuple[Mapping[str, Any], ...] = ()
    notices: tuple[NoticeLine, ...] = ()
    warnings: tuple[str, ...] = ()
    rehearsed: bool = False  # it was taken to see what would happen, and undone

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {
            "event_id": self.event_id,
            "id": self.id,
            "type": self.type,
            "process": self.process,
            "attempt": self.attempt,
            "received_at": format_time(self.received_at),
            "dispatched_at": format_time(self.dispatched_at) if self.dispatched_at else None,
            "credential": {"source": self.source, "token": self.token, "scheme": self.scheme},
            "adapter": self.adapter,
            "fields": dict(self.fields),
            "warnings": list(self.warnings),
            "identity": dict(zip(("name", "from"), self.identity, strict=True))
            if self.identity
            else None,
            "keys": [
                {"key": each.key, "thread_id": each.thread_id, "note": each.note}
                for each in self.keys
            ],
            "correlation": [
                {"evidence": each.evidence, "value": each.value, "outcome": each.outcome}
                for each in self.steps
            ],
            "thread_id": self.thread_id,
            "rule": dict(zip(("name", "text"), self.rule, strict=True)) if self.rule else None,
            "status": {"before": self.was, "after": self.status},
            "effect": self.effect,
            "applied": self.applied,
            "triggers": [dict(each) for each in self.triggers],
            "waits": [dict(each) for each in self.waits],
            "outbox": [
                {"id": each.id, "slot": each.slot, "lane": each.lane, "state": each.state}
                for each in self.notices
            ],
        }

    def lines(self) -> tuple[str, ...]:
        """Return it as people read it, in plain text."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        about = f" of {self.process}" if self.process else ""
        attempt = f", attempt {self.attempt}" if self.attempt else ""
        if self.rehearsed:
            yield "A rehearsal: nothing of this is stored"
        yield f"{self.event_id}: {self.type}{about}{attempt}, {format_time(self.received_at)}"
        yield f"From {self.source} ({self._credential()}), read by {self.adapter}"
        yield from (f"  {name} came as {given or 'nothing: made by Baton'}"
                    for name, given in self.fields.items())  # fmt: skip
        yield from (f"  warning: {each}" for each in self.warnings)
        if self.identity is not None:
            yield f"Known as {self.identity[0]}, from {self.identity[1]}"
        yield from self._thread()
        yield self._fold()
        yield from self._triggers()
        yield from self._slack()

    def _credential(self) -> str:
        if self.token is None:
            return "Baton itself" if self.source == "baton" else self.scheme or "no token"
        return f"token {self.token}, {self.scheme or 'bearer'}"

    def _thread(self) -> Iterator[str]:
        opened = not any(step.outcome == "matched" for step in self.steps)
        verb = "opened" if opened and self.effect == "created" else "joined"
        if self.rehearsed:
            verb = f"would have {verb}"
        yield f"Thread: {f'{verb} {self.thread_id}' if self.thread_id else 'none'}"
        for step in self.steps:
            value = f" {step.value}" if step.value is not None else ""
            yield f"  {_word(step.evidence)}{value}: {step.outcome}"
        for each in self.keys:
            yield f"  key {each.key}: {_owner(each)}"

    def _fold(self) -> str:
        moved = f"{self.was or 'new'} → {self.status}" if self.status else "no status"
        rule = f"{self.rule[0]}, {self.rule[1]}; " if self.rule else ""
        return f"Effect: {self.effect} ({rule}{moved})"

    def _triggers(self) -> Iterator[str]:
        if not self.applied:
            yield "Triggers: none, since it changed no status"
            return
        if self.dispatched_at is None:
            looked = "not rehearsed" if self.rehearsed else "not looked at yet"
            yield f"Triggers: {looked}"
            return
        yield "Triggers:" if self.triggers else "Triggers: none has this name of an event"
        for each in self.triggers:
            run = f" {each['run_id']}" if each.get("run_id") else ""
            yield f"  {each['workflow']}, {each['trigger']}: {each['outcome']}{run}"
        for each in self.waits:
            yield f"  {each['run']} waits at {each['path']}: {each['outcome']}"

    def _slack(self) -> Iterator[str]:
        yield "Slack:" if self.notices else "Slack: nothing new to show"
        for each in self.notices:
            lane = _LANES.get(each.lane, f"lane {each.lane}")
            at = f" {format_time(each.sent_at)}" if each.sent_at else ""
            yield f"  {each.slot}, {lane}: {each.state}{at}"


def read_steps(record: Mapping[str, Any], process_id: str | None) -> tuple[StepLine, ...]:
    """Read the evidence of a record, of an event of that process.

    What is looked for in every event and was not given is added.
    """
    given = [_read_step(each, process_id) for each in record.get("correlation", ())]
    missing = [
        StepLine(name, None, "not given")
        for name in _ASKED
        if not any(each.evidence == name for each in given)
    ]
    first = [each for each in given if each.evidence in _ASKED]
    return (*first, *missing, *(each for each in given if each.evidence not in _ASKED))


def _read_step(written: Any, process_id: str | None) -> StepLine:
    if isinstance(written, Mapping):  # as earlier versions wrote it
        return StepLine(written["evidence"], written["value"], written["outcome"])
    if len(written) == 2:
        return StepLine(written[0], process_id, written[1])
    return StepLine(*written)


def read_rule(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """Read by which rule of the bus an event did what it did, and the sentence for it."""
    written = record.get("rule")
    return reasons.read(written) if written else None


def read_keys(record: Mapping[str, Any]) -> tuple[KeyLine, ...]:
    """Read the keys of a record."""
    return tuple(KeyLine(*each) for each in record.get("keys", ()))


def _word(evidence: str) -> str:
    return _WORDS.get(evidence) or kind_of(evidence).shared


def _owner(each: KeyLine) -> str:
    if each.note == "elsewhere":
        return f"stays with {each.thread_id}: the threads are linked"
    if each.note == "unused":
        return "not used: a trace counts only in the thread that it opened"
    if each.note:
        return each.note
    return f"leads to {each.thread_id}" if each.thread_id else "leads here from now on"
