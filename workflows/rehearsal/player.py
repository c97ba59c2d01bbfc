"""Plays one run: the real core hears the facts, and nothing that it asks for is performed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from coordination.ports import RunStatus
from workflows.core.codec import error_to_json
from workflows.core.commands import (
    AskApproval,
    CancelAction,
    CancelChild,
    ClearTimer,
    CloseApproval,
    CloseWait,
    Command,
    OpenWait,
    RunAction,
    SetTimer,
    StartChild,
)
from workflows.core.core import CORE_VERSION, Core
from workflows.core.facts import (
    EventDelivered,
    Fact,
    RunStarted,
    SignalReceived,
    StepResolved,
    TimerFired,
)
from workflows.core.hiding import hidden
from workflows.core.state import UNKNOWN
from workflows.core.state import RunStatus as CoreStatus
from workflows.rehearsal.acting import Acting
from workflows.rehearsal.asking import Asking
from workflows.rehearsal.children import Children
from workflows.rehearsal.company import Rehearsable
from workflows.rehearsal.hall import ADDRESS, Arrived, Began, Hall, Run
from workflows.rehearsal.happenings import Signal
from workflows.rehearsal.marking import Marking
from workflows.rehearsal.posting import Posting
from workflows.rehearsal.script import InvalidScript, Problem
from workflows.rehearsal.timeline import Kind
from workflows.rehearsal.waits import Waits
from workflows.runs import RunRecord
from workflows.runtimes.host.hearing import folder_of
from workflows.runtimes.host.telling import unknown_attempts

__all__ = ["Player"]

OUTCOMES = ("retry", "done", "fail")


class Player:
    """One run at work. Whatever follows from a fact is planned on the stage, never done at once."""

    def __init__(self, hall: Hall, piece: Rehearsable, began: Began) -> None:
        self.hall, self.piece = hall, piece
        self.prefix, self.depth = began.prefix, began.depth
        self.core = Core(hidden(piece.plan) if began.hides else piece.plan)
        self.record = _record(piece, began, next(hall.runs), hall.stage.now)
        self.asking = Asking(self)
        self._acting = Acting(self)
        self._children = Children(self)
        self._waits = Waits(self.record.id, len(hall.arrived))
        self._marking = Marking(self, self._acting.samples)
        self._posting = Posting(self)
        self._timers: dict[str, datetime] = {}
        self._over, self._noted_end = began.over, False
        self._do: Mapping[type[Command], Callable[[Any], object]] = {
            RunAction: self._acting.begin,
            CancelAction: lambda it: self._acting.cancel(it.path, it.attempt),
            SetTimer: self._set_timer,
            ClearTimer: lambda it: self._timers.pop(it.slot, None),
            AskApproval: self.asking.ask,
            CloseApproval: lambda it: self.asking.close(it.path),
            OpenWait: self._open_wait,
            CloseWait: lambda it: self._waits.close(it.path, it.attempt),
            StartChild: self._children.begin,
            CancelChild: self._children.cancel,
        }
        hall.audience.append(self)

    def begin(self, why: str) -> None:
        """Start the run; *why* says what started it."""
        record, workflow = self.record, self.piece.workflow
        for name, value in record.inputs.items():
            if workflow.inputs[name].secret:
                self.hall.timeline.hide(value)
        self.note("", "started", params=dict(record.inputs) or None, text=why)
        self.tell(_started(self.piece, record, self.hall.stage.now))

    def tell(self, fact: Fact) -> None:
        """Have the core hear *fact*, and do what follows."""
        unknown = unknown_attempts(self.core)
        commands = self.core.apply(fact)
        self._marking.mark(self.core.changed)
        for command in commands:
            do = self._do.get(type(command))
            if do is not None:
                do(command)
        self._posting.tell(commands, unknown, self.asking.open())
        if self.core.state.ended is not None and not self._noted_end:
            self._noted_end = True
            self._end()
        for path in unknown_attempts(self.core).keys() - unknown.keys():
            self._resolve(path)

    def child_at(self, path: str) -> Run | None:
        """Return the child that the step at *path* waits for, if it is rehearsed too."""
        return self._children.at(path)

    def note(self, path: str, kind: Kind, **more: Any) -> None:
        """Put a line about the step at *path* into the timeline; the run itself has no path."""
        place = self.prefix + path if path else self.prefix.removesuffix("/")
        self.hall.timeline.add(self.hall.stage.now, place, kind, **more)

    def hear(self, arrived: Arrived) -> None:
        for wait in self._waits.answered(arrived):
            self._deliver(wait, arrived)

    def signalled(self, signal: Signal) -> None:
        if self.core.state.ended is None:
            now = self.hall.stage.now
            self.tell(SignalReceived(now, signal.name, signal.payload, signal.by))

    def _set_timer(self, command: SetTimer) -> None:
        self._timers[command.slot] = command.due_at
        self.hall.stage.on_time(command.due_at, partial(self._fire, command))

    def _fire(self, command: SetTimer) -> None:
        if self._timers.get(command.slot) == command.due_at:
            del self._timers[command.slot]
            self.tell(TimerFired(self.hall.stage.now, command.slot))

    def _open_wait(self, wait: OpenWait) -> None:
        arrived = self._waits.put(wait, self.hall.arrived)
        if arrived is not None:
            self.hall.stage.soon(partial(self._deliver, wait, arrived))

    def _deliver(self, wait: OpenWait, arrived: Arrived) -> None:
        now = self.hall.stage.now
        self.tell(EventDelivered(now, wait.path, wait.attempt, arrived.told))

    def _resolve(self, path: str) -> None:
        """Say what became of an unknown step, where the script does."""
        decision = self.hall.decisions.next(self.prefix + path)
        if decision is None:
            return
        if decision.choice not in OUTCOMES:
            text = f"an unknown step takes {', '.join(OUTCOMES)}, not {decision.choice}"
            raise InvalidScript([Problem(("decide", self.prefix + path), text)])
        self.hall.stage.soon(partial(self._resolved, path, decision), after=decision.after)

    def _resolved(self, path: str, decision: Any) -> None:
        if self.core.steps[path].status is UNKNOWN:
            self.note(path, "decided", status=decision.choice, text=decision.comment)
            by = decision.by or "rehearsal"
            self.tell(StepResolved(self.hall.stage.now, path, decision.choice, by))

    def _end(self) -> None:
        """Show how the run ended, and tell whoever waits for it."""
        core, state = self.core, self.core.state
        more: dict[str, Any] = {"text": state.note}
        if core.status is CoreStatus.COMPLETED:
            more["output"] = dict(state.outputs or {})
        if state.error is not None:
            more["error"] = error_to_json(state.error) | {"path": state.error_path}
        self.note("", "ended", status=core.status.value, **more)
        if self._over is not None:
            self.hall.stage.soon(partial(self._over, self))


def _record(piece: Rehearsable, began: Began, number: int, now: datetime) -> RunRecord:
    """Return a run that is in no store."""
    own = "run_rehearsal" if number == 1 else f"run_rehearsal_{number}"
    return RunRecord(
        key=number,
        id=own,
        number=number,
        workflow=piece.workflow.name,
        hash=piece.plan.revision,
        core_version=CORE_VERSION,
        status=RunStatus.QUEUED,
        trigger=began.trigger,
        inputs=began.inputs,
        started_by=began.by,
        requested_by=None,
        thread_key=number,
        thread_id=None,
        thread_url=f"{ADDRESS}/threads/1",
        seq=0,
        created_at=now,
        started_at=now,
    )


def _started(piece: Rehearsable, record: RunRecord, now: datetime) -> RunStarted:
    run = {
        "id": record.id,
        "number": record.number,
        "url": f"{ADDRESS}/r/R-{record.number}",
        "thread_url": record.thread_url,
        "folder": folder_of(record.id),
        "inputs": dict(record.inputs),
        "started_by": record.started_by,
        "started_at": now.isoformat(),
    }
    return RunStarted(
        at=now,
        inputs=dict(record.inputs),
        trigger=dict(record.trigger),
        run=run,
        workflow={"name": record.workflow, "revision": record.hash},
        seed="rehearsal",
        children=dict.fromkeys(piece.plan.children, "rehearsal"),
    )
