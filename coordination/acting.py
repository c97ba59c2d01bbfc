"""What the Dispatcher does about one event, inside its unit: start runs, count events, say why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from coordination import admission, audit, outbox, threads, windows
from coordination.admission import Terms
from coordination.database import Row, Transaction
from coordination.outbox import Lane, Notice
from coordination.runs import NewRun
from coordination.trail import escape
from coordination.triggers import Trigger
from coordination.windows import Arrived
from coordination.world import Ids

__all__ = ["Acted", "Count", "Item", "Note", "Start", "act"]


@dataclass(frozen=True, slots=True)
class Note:
    """A trigger that starts nothing, and why; *said* where people are told, *refused* in the audit."""

    trigger: Trigger
    outcome: str
    said: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """A run to start."""

    trigger: Trigger
    new: NewRun
    terms: Terms


@dataclass(frozen=True, slots=True)
class Count:
    """An event that counts for a trigger of several."""

    trigger: Trigger
    arrived: Arrived


Item: TypeAlias = Note | Start | Count


class Acted(NamedTuple):
    """The lines that explain what was done, and the runs that may begin."""

    lines: list[Mapping[str, Any]]
    started: list[str]


class _Unit(NamedTuple):
    tx: Transaction
    row: Row  # of the event
    channel: str | None  # of threads that nothing else gives one
    now: datetime
    ids: Ids


def act(
    tx: Transaction,
    row: Row,
    items: Iterable[Item],
    *,
    channel: str | None,
    now: datetime,
    ids: Ids,
) -> Acted:
    """Do what the event asks for, in the order of the triggers."""
    unit, acted = _Unit(tx, row, channel, now, ids), Acted([], [])
    for item in items:
        acted.lines.append(_do(unit, item, acted.started))
    return acted


def _do(unit: _Unit, item: Item, started: list[str]) -> Mapping[str, Any]:
    match item:
        case Start():
            return _start(unit, item, started)
        case Count(trigger, arrived):
            return _line(trigger, windows.take(unit.tx, arrived, now=unit.now, ids=unit.ids))
        case Note():
            _note(unit, item)
            return _line(item.trigger, item.outcome)


def _start(unit: _Unit, item: Start, started: list[str]) -> Mapping[str, Any]:
    new = item.new
    outcome = admission.start(unit.tx, new, item.terms, now=unit.now, ids=unit.ids)
    if outcome.kind == "refused":
        _note(unit, Note(item.trigger, outcome.text, unit.row.thread_key is not None, refused=True))
    if outcome.run_key is None:
        return _line(item.trigger, outcome.text)
    if outcome.kind == "started":
        started.append(new.id)
    return _line(item.trigger, outcome.text, run_id=new.id)


def _note(unit: _Unit, note: Note) -> None:
    if note.said:
        _say(unit, note.trigger, note.outcome)
    if note.refused:
        trigger = note.trigger
        audit.record(
            unit.tx,
            at=unit.now,
            actor=f"trigger:{trigger.spec.id}",
            action="run.refused",
            object=trigger.workflow,
            detail={"event_id": unit.row.id, "why": note.outcome},
        )


def _say(unit: _Unit, trigger: Trigger, why: str) -> None:
    """Tell people that a run did not start: in the thread of the event, or in one of its own."""
    key = unit.row.thread_key
    if key is None:
        key = threads.open_thread(
            unit.tx, title=trigger.workflow, channel=unit.channel, now=unit.now, ids=unit.ids
        ).key
    notice_id = unit.ids.new("nt")
    text = f"`{trigger.workflow}` did not start: {escape(why)}"
    notice = Notice(key, f"reply:{notice_id}", Lane.FAILURE, "reply", {"text": text})
    outbox.add(unit.tx, notice, id=notice_id, now=unit.now)


def _line(trigger: Trigger, outcome: str, **more: str) -> Mapping[str, Any]:
    return {"workflow": trigger.workflow, "trigger": trigger.spec.id, "outcome": outcome, **more}
