"""What people do about single steps of a run: try again from one, leave one out, say what became of one.

Each is one durable decision, told once.
"""

from typing import Any

from coordination import outbox, outline, wakeups
from coordination.database import Row, Transaction
from coordination.errors import Conflict, InvalidInputs
from coordination.failing import failed_the_run
from coordination.orders import (
    Order,
    Telling,
    Told,
    allow,
    ending_of,
    refuse_halted,
    refuse_pending,
    refuse_queued,
    repeated,
    run_of,
    step_of,
    tell,
)
from coordination.outbox import Lane, Notice
from coordination.outline import UNDO
from coordination.ports import RunStatus, StepStatus
from coordination.questions import mention
from coordination.store import orders as store
from coordination.trail import escape
from coordination.votes import Judging
from coordination.wakeups import Wakeup

OUTCOMES = ("retry", "done", "fail")
RUN_AGAIN = frozenset(
    {StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.COMPENSATED}
)
TO_LEAVE_OUT = frozenset(
    {StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING, StepStatus.UNKNOWN}
)


def retry(tx: Transaction, order: Order, *, from_path: str | None, judging: Judging) -> Told:
    """Run what failed again, and what did not run because of it; what completed stays as it is.

    Where *from_path* names a step, that one runs again too, with all that depends on it.

    Raises:
        NotAllowed: by neither an operator, its starter nor one of its approvers.
        Conflict: the run has not failed, is being retried already, or *from_path* did not run.
        NotFound: it has no such step.
    """
    run = run_of(tx, order)
    allow(tx, order, "retry", run, judging)
    payload = {"by": order.by, "from_path": from_path}
    if known := repeated(tx, order, "retry", payload):
        return known
    refuse_halted(run)
    if run.status == RunStatus.UNKNOWN:
        raise Conflict(f"A step of R-{run.number} is unknown: resolve it, then it goes on.")
    if run.status != RunStatus.FAILED:
        raise Conflict(f"R-{run.number} has not failed, it is {run.status}: nothing to retry.")
    if from_path is not None:
        _refuse_from(run, step_of(tx, run, from_path))
    _refuse_other_way(tx, run)
    where = f" from `{escape(from_path)}`" if from_path else ""
    telling = Telling("retry", payload, f"Retried by {mention(order.by)}{where}")
    return tell(tx, order, run, telling, judging)


def _refuse_from(run: Row, step: Row) -> None:
    why = why_not_again(run.definition, step.path, StepStatus(step.status))
    if why is not None:
        raise Conflict(f"`{step.path}` {why}")


def why_not_again(body: Any, path: str, status: StepStatus) -> str | None:
    """Say why a step cannot run again, as the rest of a sentence; None: it can. Pure."""
    place = outline.place_of(body, path)
    if path.endswith(UNDO) or (place is not None and place.ending):
        return "belongs to the end of the run: retry a step of its work."
    if status is StepStatus.SKIPPED:
        return "was left out, so there is nothing of it to run again: name a step that ran."
    if status not in RUN_AGAIN:
        return "was never reached: retry what failed, and it follows."
    return None


def _refuse_other_way(tx: Transaction, run: Row) -> None:
    """Refuse what would revive a run that is being revived, or taken back, by somebody already."""
    for kind, doing in (
        ("retry", "being retried"),
        ("skip", "going on"),
        ("rollback", "being rolled back"),
    ):
        refuse_pending(tx, run, kind, doing)


def skip(tx: Transaction, order: Order, path: str, *, judging: Judging) -> Told:
    """Leave a step out: one that is to come or at work, or one that failed the run, which revives it.

    Raises:
        NotAllowed: as for `retry`.
        NotFound: the run has no such step.
        Conflict: the step has ended, asks people, or the run is over.
    """
    run = run_of(tx, order)
    allow(tx, order, "skip", run, judging)
    refuse_queued(run, "Leave a step out once it runs, or cancel it.")
    step = step_of(tx, run, path)
    payload = {"by": order.by, "path": path}
    if known := repeated(tx, order, "skip", payload):
        return known
    refuse_halted(run)
    _refuse_over(tx, run)
    why = why_not_left_out(path, step.kind, StepStatus(step.status), RunStatus(run.status))
    if why is None and run.status == RunStatus.FAILED:
        why = _why_not_its_failure(tx, run, step)
    if why is not None:
        raise Conflict(f"`{path}` {why}")
    _refuse_skipped(tx, run, path)
    telling = Telling("skip", payload, f"`{escape(path)}` is left out by {mention(order.by)}")
    return tell(tx, order, run, telling, judging)


def _refuse_over(tx: Transaction, run: Row) -> None:
    if run.status in (RunStatus.COMPLETED, RunStatus.CANCELLED):
        raise Conflict(f"R-{run.number} has ended already: {ending_of(run)}. Nothing is left out.")
    if run.status == RunStatus.FAILED:
        _refuse_other_way(tx, run)
        return
    said = store.ending(tx, run.key)
    if said is not None and said.kind == "cancel" and not said.heard:
        raise Conflict(f"R-{run.number} is being cancelled, by {mention(said.payload['by'])}.")


def why_not_left_out(path: str, kind: str, status: StepStatus, run: RunStatus) -> str | None:
    """Say why a step cannot be left out, as the rest of a sentence; None: it can. Pure."""
    if kind == "approval" and not path.endswith(outline.GATE):
        return "asks people: answer it, or cancel the run."
    if run is RunStatus.FAILED:
        failed = status is StepStatus.FAILED
        return None if failed else f"is {_word(status)}, and did not fail the run: skip what did."
    if status in TO_LEAVE_OUT:
        return None
    return f"is {_word(status)} already: only a step that is to come, or at work, can be left out."


def _why_not_its_failure(tx: Transaction, run: Row, step: Row) -> str | None:
    if failed_the_run(run.definition, step, store.steps_of(tx, run.key)):
        return None
    return "failed without failing the run: skip what did."


def _word(status: StepStatus) -> str:
    return status.value.replace("_", " ")


def _refuse_skipped(tx: Transaction, run: Row, path: str) -> None:
    for told in wakeups.pending(tx, run.key):
        if told.kind == "skip" and told.payload["path"] == path:
            raise Conflict(f"`{path}` is left out already, by {mention(told.payload['by'])}.")


def resolve(
    tx: Transaction, order: Order, path: str, outcome: str, *, output: Any, judging: Judging
) -> Told:
    """Say what happened to a step that is unknown: retry (it did not), done (it did), or fail.

    Raises:
        NotAllowed: by neither an operator nor an approver of that very step.
        Conflict: it is not unknown; the sentence says who resolved it and how.
        InvalidInputs: no such outcome, or an output beside another one than ``done``.
    """
    run = run_of(tx, order)
    allow(tx, order, "resolve", run, judging, path)
    step = step_of(tx, run, path)
    _refuse_outcome(outcome, output)
    payload = {"by": order.by, "path": path, "outcome": outcome, "output": output}
    if known := repeated(tx, order, "resolve", payload):
        return known
    refuse_halted(run)
    _refuse_resolved(tx, run, step)
    said = f"{mention(order.by)} says of `{escape(path)}`: {outcome}"
    told = tell(tx, order, run, Telling("resolve", payload, said), judging)
    _redraw_unknown(tx, run, step, judging)
    return told


def _refuse_outcome(outcome: str, output: Any) -> None:
    problems = []
    if outcome not in OUTCOMES:
        problems.append(("outcome", f"{outcome[:100]!r} is none of {', '.join(OUTCOMES)}"))
    if output is not None and outcome != "done":
        problems.append(("output", "only a step that is done has an output; leave it out"))
    if problems:
        raise InvalidInputs(problems)


def _refuse_resolved(tx: Transaction, run: Row, step: Row) -> None:
    """Refuse unless the step is unknown now and nobody has said yet what happened to it."""
    answers = [
        told
        for told in wakeups.of_run(tx, run.key)
        if told.kind == "resolve" and told.payload["path"] == step.path
    ]
    if step.status == StepStatus.UNKNOWN:
        answers = [told for told in answers if told.done_at is None]
    if answers:
        raise Conflict(_answered(answers[-1]))
    if step.status != StepStatus.UNKNOWN:
        raise Conflict(f"`{step.path}` is {step.status}, not unknown: there is nothing to resolve.")


def _answered(told: Wakeup) -> str:
    said = told.payload
    return (
        f"{mention(said['by'])} said of `{said['path']}` at {told.created_at:%H:%M} UTC: "
        f"{said['outcome']}. Nothing was changed."
    )


def _redraw_unknown(tx: Transaction, run: Row, step: Row, judging: Judging) -> None:
    if run.thread_key is None:
        return
    body = {"run_id": run.id, "path": step.path, "attempt": step.attempts}
    slot = f"unknown:{run.id}:{step.path}:{step.attempts}"
    notice = Notice(run.thread_key, slot, Lane.DECISION, "unknown", body)
    outbox.add(tx, notice, id=judging.ids.new("nt"), now=judging.now)
