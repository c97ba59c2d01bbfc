"""Everything that a fact changes, written in one unit: all of it is stored, or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from baton.status import Status
from coordination import approvals, children, outbox, queues, runs, timers, waits, wakeups
from coordination.children import End, NewChild
from coordination.database import Transaction
from coordination.outbox import Notice
from coordination.store import blobs, run_secrets
from coordination.store import runs as run_store
from coordination.wait_veils import Veil
from coordination.world import Ids
from workflows import store
from workflows.core.codec import canonical
from workflows.core.commands import (
    AskApproval,
    CancelChild,
    CancelRun,
    ClearTimer,
    CloseApproval,
    CloseWait,
    Command,
    CompleteRun,
    FailRun,
    OpenWait,
    RunAction,
    SetTimer,
)
from workflows.runs import Entry, RunRecord, StepPlace, StepRecord
from workflows.runtimes.host import intents
from workflows.runtimes.host.intents import Intent
from workflows.runtimes.host.reporting import report_process
from workflows.runtimes.host.telling import Telling

__all__ = ["RUN", "Advance", "Move", "Outcome", "StepLog", "leave_place", "write"]

RUN = "run"  # the kind of owner of a run's timers
Outcome: TypeAlias = Literal["stored", "cancelled", "stale"]
"""Stale: another life has moved the run, and nothing is stored."""


@dataclass(frozen=True, slots=True)
class StepLog:
    """What the programs of the latest attempt at *path* wrote."""

    path: str
    text: bytes


@dataclass(slots=True, kw_only=True)  # not frozen, as `RunAction`: each step makes one
class Move:
    """What one fact does.

    Args:
        at: the wall time.
        seq: the number of its row in the journal.
        entry: that row; None in a runtime that keeps none.
        changed: the paths of the steps that it changed.
        pinned: the revisions of its children, which hold from now on.
        shown: the status under which the run shows as a process from now on, where it changes.
        error: what ended the run, where that is shown.
        commands: what the core asked for.
        actions: those of them that begin an action.
        children: the runs that they begin, looked at before.
        tellings: what Slack is told.
        reports: what the run says about pieces of work, as `baton.notify` does.
        log: of the step that ended.
        wakeup: the row that told the fact.
        spent: nothing of the run can be performed again, so that its secret inputs are dropped.
        seal: closes the outputs of the run for its parent, where they are secret.
        veils: by path of a step, what must not stand in clear of what it waits for.
    """

    at: datetime
    seq: int
    entry: Entry | None
    changed: frozenset[str] = frozenset()
    pinned: Mapping[str, str] | None = None
    shown: Status | None = None
    error: Any = None
    commands: tuple[Command, ...] = ()
    actions: Sequence[RunAction] = ()
    children: tuple[NewChild, ...] = ()
    tellings: tuple[Telling, ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    log: StepLog | None = None
    wakeup: int | None = None
    spent: bool = False
    seal: Callable[[str], str] | None = None
    veils: Mapping[str, Veil] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)  # likewise
class Advance:
    """Some moves of a run, one after the other, and where they lead.

    Args:
        run: the run.
        fence: the life that writes.
        moves: at least one.
        values: the columns of the run after them.
        same: the row of the run should hold these already.
        stays: it should hold the status, at least.
        steps: the records that they changed, after them.
        untouched: the steps, of a run that begins, that they did not get to.
        intents: the actions that start with the commit, although they must not happen twice.
        journaled: whether the run has a journal.
    """

    run: RunRecord
    fence: int
    moves: Sequence[Move]
    values: Mapping[str, Any]
    same: bool = False
    stays: bool = False
    steps: Sequence[StepRecord] = ()
    untouched: Sequence[StepPlace] = ()
    intents: Sequence[Intent] = ()
    journaled: bool = True

    @property
    def starts(self) -> bool:
        """Whether an action starts after it."""
        return any(move.actions for move in self.moves)


def write(tx: Transaction, done: Advance, ids: Ids) -> Outcome:
    """Store *done*; where somebody has cancelled the run meanwhile, without the start of anything."""
    run, first, last = done.run, done.moves[0], done.moves[-1]
    was, at = first.seq - 1, last.at
    values = {**done.values, "seq": last.seq, "fence": done.fence, "updated_at": at}
    counted = done.same and store.count_up(
        tx, run.key, was=was, values=values, more=len(done.intents)
    )
    if not counted and not store.move_on(tx, run.key, was=was, values=values, stays=done.stays):
        return "stale"
    for move in done.moves:
        if move.entry is not None:
            store.add_entry(tx, run, move.entry)
    store.add_steps(tx, run.key, done.untouched)
    for step in done.steps:
        store.write_step(tx, run.key, step, new=first.seq == 1 or step.status == "pending")
    for move in done.moves:
        _obey_all(tx, run, move, ids)
        _tell_all(tx, run, move, ids)
    tx.touch("run", run.id, thread_id=run.thread_id)
    return _begin(tx, done, counted=counted)


def _begin(tx: Transaction, done: Advance, *, counted: bool) -> Outcome:
    """Store the intents, unless the run was told to end: what that undoes must not start after it.

    *counted*: it was not, and they stand in the number of rows already.
    """
    run, seq = done.run, done.moves[-1].seq
    if not counted and done.starts and wakeups.is_cancelled(tx, run.key):
        return "cancelled"
    for intent in done.intents:
        intents.note(tx, run, intent, journaled=done.journaled)
    if done.intents and not counted:
        store.count_on(tx, run.key, was=seq, fence=done.fence, seq=seq + len(done.intents))
    return "stored"


def _obey_all(tx: Transaction, run: RunRecord, move: Move, ids: Ids) -> None:
    """Store what a move asks for, and what goes with it."""
    if move.pinned:
        store.pin(tx, run.key, move.pinned)
    if move.spent:
        run_secrets.forget(tx, run.key)
    if move.log is not None:
        store.set_log(tx, run.key, move.log.path, blobs.put(tx, move.log.text))
    for command in move.commands:
        if type(command) is not RunAction:  # those are performed after the commit
            _obey(tx, run, move, command, ids)
    for child in move.children:
        children.begin(tx, run.key, child, now=move.at, ids=ids)


def _tell_all(tx: Transaction, run: RunRecord, move: Move, ids: Ids) -> None:
    """Store what a move says to people, to triggers, and to whoever told the run of its fact."""
    now = move.at
    for telling in move.tellings:
        _tell(tx, run, telling, now, ids)
    for body in move.reports:
        report_process(tx, run, body, now=now, ids=ids)
    if move.shown is not None:
        runs.report(tx, run.key, move.shown, now=now, ids=ids, error=move.error)
    if move.wakeup is not None:
        wakeups.done(tx, move.wakeup, now=now)


def _obey(tx: Transaction, run: RunRecord, move: Move, command: Command, ids: Ids) -> None:
    """Store what a command asks for."""
    key, now = run.key, move.at
    match command:
        case SetTimer(slot, due_at):
            timers.set(tx, RUN, key, slot, due_at)
        case ClearTimer(slot):
            timers.clear(tx, RUN, key, slot)
        case AskApproval(path, question):
            approvals.open(tx, question, run_key=key, path=path, now=now, ids=ids)
        case CloseApproval(path, note):
            approvals.close(tx, run_key=key, path=path, note=note, now=now, ids=ids)
        case OpenWait(path):
            veil = move.veils.get(path)
            waits.open(tx, command, run_key=key, now=now, ids=ids, veil=veil)
        case CloseWait(path, attempt):
            waits.close(tx, run_key=key, path=path, attempt=attempt)
        case _:
            _reach_other_runs(tx, run, move, command)


def _reach_other_runs(tx: Transaction, run: RunRecord, move: Move, command: Command) -> None:
    """Store what a command means to the child or to the parent of the run."""
    key, now = run.key, move.at
    match command:
        case CancelChild(path, attempt, mode):
            children.cancel(tx, key, path, attempt, mode=mode, now=now)
        case CompleteRun() | FailRun() | CancelRun():
            if run.parent_key is not None:
                children.tell_parent(tx, key, _end(command, move.seal), seq=move.seq, now=now)
            leave_place(tx, run)
        case _:
            pass  # what is told and how the run stands is in the move already


def leave_place(tx: Transaction, run: RunRecord) -> None:
    """Let in whoever waits for the place of a run that is over."""
    row = run_store.by_key(tx, run.key) if run.counted else None
    if row is not None:
        queues.leave(tx, row)


def _end(
    command: CompleteRun | FailRun | CancelRun, seal: Callable[[str], str] | None = None
) -> End:
    """Say how a run ended, to who waits for it; *seal* closes what only they may read."""
    if isinstance(command, CompleteRun):
        if seal is None:
            return End(outputs=command.outputs)
        return End(sealed=seal(canonical(command.outputs).decode()))
    if isinstance(command, CancelRun):
        return End(problem=f"was cancelled: {command.reason}")
    where = f" at `{command.path}`" if command.path else ""
    return End(problem=f"failed{where}: {command.error.message}")


def _tell(tx: Transaction, run: RunRecord, telling: Telling, now: datetime, ids: Ids) -> None:
    if run.thread_key is None:
        return
    body = telling.body
    if telling.content is not None:
        body = {**body, "blob": blobs.put(tx, telling.content)}
    notice = Notice(run.thread_key, telling.slot, telling.lane, telling.kind, body)
    outbox.add(tx, notice, id=telling.id or ids.new("nt"), now=now)
