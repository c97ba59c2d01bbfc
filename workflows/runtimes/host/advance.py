"""Everything that one fact changes, written in one unit: all of it is stored, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    SetTimer,
)
from workflows.runs import Entry, RunRecord, StepRecord
from workflows.runtimes.host.reporting import report_process
from workflows.runtimes.host.telling import Telling

__all__ = ["RUN", "Advance", "StepLog", "leave_place", "write"]

RUN = "run"  # the kind of owner of a run's timers


@dataclass(frozen=True, slots=True)
class StepLog:
    """What the programs of the latest attempt at *path* wrote."""

    path: str
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """One move of a run, from *was* to *was* + 1.

    Args:
        run: the run.
        was: the number of the last row of its journal.
        fence: the life that writes.
        now: the wall time.
        entry: the row of the journal; None in a runtime that keeps none.
        values: the columns of the run.
        shown: the status under which the run shows as a process from now on, where it changes.
        commands: what the core asked for.
        children: the runs that they begin, looked at before.
        steps: the records that changed.
        tellings: what Slack is told.
        reports: what the run says about pieces of work, as `baton.notify` does.
        log: of the step that ended.
        wakeup: the row that told the fact.
        spent: nothing of the run can be performed again, so that its secret inputs are dropped.
        seal: closes the outputs of the run for its parent, where they are secret.
        veils: by path of a step, what must not stand in clear of what it waits for.
    """

    run: RunRecord
    was: int
    fence: int
    now: datetime
    entry: Entry | None
    values: Mapping[str, Any]
    shown: Status | None = None
    commands: tuple[Command, ...] = ()
    children: tuple[NewChild, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    tellings: tuple[Telling, ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    log: StepLog | None = None
    wakeup: int | None = None
    spent: bool = False
    seal: Callable[[str], str] | None = None
    veils: Mapping[str, Veil] = field(default_factory=dict)


def write(tx: Transaction, move: Advance, ids: Ids) -> bool:
    """Store *move*; False, with nothing stored, where another life has moved the run."""
    run, now = move.run, move.now
    values = {**move.values, "seq": move.was + 1, "fence": move.fence, "updated_at": now}
    if not store.advance(tx, run.key, was=move.was, fence=move.fence, values=values):
        return False
    _write_records(tx, move)
    for command in move.commands:
        _obey(tx, move, command, ids)
    for child in move.children:
        children.begin(tx, run.key, child, now=now, ids=ids)
    for telling in move.tellings:
        _tell(tx, move, telling, ids)
    for body in move.reports:
        report_process(tx, run, body, now=now, ids=ids)
    if move.shown is not None:
        error = move.values.get("error")
        runs.report(tx, run.key, move.shown, now=now, ids=ids, error=error)
    if move.wakeup is not None:
        wakeups.done(tx, move.wakeup, now=now)
    tx.touch("run", run.id, thread_id=run.thread_id)
    return True


def _write_records(tx: Transaction, move: Advance) -> None:
    key = move.run.key
    if move.entry is not None:
        store.add_entry(tx, key, move.entry)
    for step in move.steps:
        store.write_step(tx, key, step)
    if move.spent:
        run_secrets.forget(tx, key)
    if move.log is not None:
        store.set_log(tx, key, move.log.path, blobs.put(tx, move.log.text))


def _obey(tx: Transaction, move: Advance, command: Command, ids: Ids) -> None:
    """Store what a command asks for. Actions are performed after the commit."""
    key, now = move.run.key, move.now
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
            _reach_other_runs(tx, move, command)


def _reach_other_runs(tx: Transaction, move: Advance, command: Command) -> None:
    """Store what a command means to the child or to the parent of the run."""
    key, now = move.run.key, move.now
    match command:
        case CancelChild(path, attempt, mode):
            children.cancel(tx, key, path, attempt, mode=mode, now=now)
        case CompleteRun() | FailRun() | CancelRun():
            if move.run.parent_key is not None:
                children.tell_parent(tx, key, _end(command, move.seal), seq=move.was + 1, now=now)
            leave_place(tx, move.run)
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


def _tell(tx: Transaction, move: Advance, telling: Telling, ids: Ids) -> None:
    if move.run.thread_key is None:
        return
    body = telling.body
    if telling.content is not None:
        body = {**body, "blob": blobs.put(tx, telling.content)}
    notice = Notice(move.run.thread_key, telling.slot, telling.lane, telling.kind, body)
    outbox.add(tx, notice, id=telling.id or ids.new("nt"), now=move.now)
