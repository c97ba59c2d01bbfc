"""Runs that a step of another run begins: begun once, cancelled, and their end told. Inside a unit.

A child has its own journal, process and card word, and stands in the thread of its parent, unless
its definition names another channel: then its thread there is linked with that of its parent. Its id
follows from the step that begins it, so that a repeat finds it.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination import admission, wakeups
from coordination.admission import FREE, Outcome, Terms
from coordination.database import Row, Transaction
from coordination.errors import NotFound
from coordination.run_secrets import SealedInput
from coordination.runs import NewRun
from coordination.store import runs as store
from coordination.world import Ids

MOST_DEEP = 16  # runs inside one another, the outermost not counted
KIND = "child"  # of the trigger of a child, and of the wake-up that tells its parent
HIDDEN = "hidden"  # in the trigger of a run: all that it gives is secret
SEALED = "sealed"  # in what a parent is told: outputs that only it may read
_BEHIND = ("actor", "namespace", "process_id")  # of a trigger: who stands behind the run


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChild:
    """What a step wants begun.

    Args:
        path: of the step.
        attempt: of the step; each begins a child of its own.
        workflow: the name of the child's workflow.
        hash: of the revision that was pinned when the parent began.
        inputs: checked, with defaults filled in, and handles in place of what is secret.
        detach: nobody waits for it, and the end of its parent leaves it alone.
        problem: why it cannot be begun.
        channel: that its definition names, where it does: its thread stands there.
        public_url: where people reach Baton.
        terms: on which the child's workflow starts runs.
        sealed: the values of its secret inputs.
        hidden: all that it gives is secret, since the step that begins it says so.
    """

    path: str
    attempt: int
    workflow: str
    hash: str
    inputs: Mapping[str, Any]
    detach: bool
    problem: str | None = None
    channel: str | None = None
    public_url: str | None = None
    terms: Terms = FREE
    sealed: tuple[SealedInput, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: *problem* says why it did not complete. *sealed* stands for secret outputs."""

    outputs: Mapping[str, Any] | None = None
    problem: str | None = None
    sealed: str | None = None


def child_id(parent_id: str, path: str, attempt: int) -> str:
    """Derive the id of the child that an attempt of a step begins: begun twice, it is the same run."""
    digest = hashlib.sha256(f"{parent_id}\n{path}\n{attempt}".encode(errors="surrogatepass"))
    return "run_" + base64.b32hexencode(digest.digest())[:26].decode()


def begin(tx: Transaction, parent_key: int, child: NewChild, *, now: datetime, ids: Ids) -> None:
    """Write the row of a child; the runtime is told of it after the commit.

    Where it cannot be begun, and where nobody waits for its end, the step is told at once. A child
    that gets no place yet is held, as any run is.
    """
    parent = _row(tx, parent_key)
    refusal = _refusal(tx, parent, child)
    if refusal is not None:
        _refuse(tx, parent, child, *refusal, now=now)
        return
    outcome = admission.start(tx, _new_run(parent, child), child.terms, now=now, ids=ids)
    if outcome.run_key is None:
        _refuse(tx, parent, child, "child", outcome.text, now=now)
        return
    _begun(tx, parent, child, outcome, outcome.run_key, now=now)


def _begun(
    tx: Transaction, parent: Row, child: NewChild, outcome: Outcome, key: int, *, now: datetime
) -> None:
    if outcome.kind == "started":
        tx.touch("start", str(key))
    if child.detach:
        run = _row(tx, key)
        url = f"{child.public_url}/r/R-{run.number}" if child.public_url else None
        outputs = {"run_id": run.id, "url": url}
        _tell(tx, parent, child, {"run": run.id, "outputs": outputs}, now=now)


def cancel(
    tx: Transaction, parent_key: int, path: str, attempt: int, *, mode: str, now: datetime
) -> None:
    """Have the child of a step end as its parent ends it, with compensation or without."""
    parent = _row(tx, parent_key)
    child = store.by_id(tx, child_id(parent.id, path, attempt))
    if child is None or child.trigger.get("detached"):
        return
    reason = f"R-{parent.number}, which began it, goes on without it"
    wakeups.add(
        tx,
        run_key=child.key,
        kind="cancel",
        payload={"by": parent.started_by, "reason": reason, "mode": mode},
        delivery_id=f"parent:{attempt}",
        now=now,
    )


def tell_parent(tx: Transaction, run_key: int, end: End, *, seq: int, now: datetime) -> None:
    """Tell the step that waits for this run, if one does, how it ended.

    Args:
        tx: the unit in which the run ends.
        run_key: of the run.
        end: how.
        seq: the number of its journal's row; a run may end more than once.
        now: the wall time.
    """
    run = _row(tx, run_key)
    if run.parent_key is None or run.trigger.get("detached"):
        return
    told: dict[str, Any] = {"path": run.parent_path, "attempt": run.trigger["attempt"]}
    told["run"] = run.id
    if end.sealed is not None:
        told[SEALED] = end.sealed
    elif end.problem is None:
        told["outputs"] = dict(end.outputs or {})
    else:
        message = f"R-{run.number} (`{run.workflow}`) {end.problem}"
        told["error"] = {"type": "child", "message": message, "class": "failed"}
    delivery = f"child:{run.id}:{seq}"
    wakeups.add(tx, run_key=run.parent_key, kind=KIND, payload=told, delivery_id=delivery, now=now)


def tell_of_halt(tx: Transaction, run_key: int, why: str, *, seq: int, now: datetime) -> None:
    """Tell the step that waits for this run that it is halted: nobody can steer it, so it never ends.

    The step fails as for any child that does not complete; whether the parent goes on is its affair.
    """
    sentence = why.strip().splitlines()[0] if why.strip() else "its journal does not add up"
    tell_parent(tx, run_key, End(problem=f"was halted: {sentence}"), seq=seq, now=now)


def _refusal(tx: Transaction, parent: Row, child: NewChild) -> tuple[str, str] | None:
    """Return the type of the error and why, where the child must not begin."""
    if store.count_above(tx, parent.key, most=MOST_DEEP) >= MOST_DEEP:
        return "limit", f"more than {MOST_DEEP} runs would stand inside one another"
    return None if child.problem is None else ("child", child.problem)


def _refuse(
    tx: Transaction, parent: Row, child: NewChild, kind: str, why: str, *, now: datetime
) -> None:
    message = f"`{child.workflow}` was not begun: {why}"
    error = {"type": kind, "message": message, "class": "not_started"}
    _tell(tx, parent, child, {"run": None, "error": error}, now=now)


def _tell(
    tx: Transaction, parent: Row, child: NewChild, told: Mapping[str, Any], *, now: datetime
) -> None:
    wakeups.add(
        tx,
        run_key=parent.key,
        kind=KIND,
        payload={"path": child.path, "attempt": child.attempt, **told},
        delivery_id=f"child:{child_id(parent.id, child.path, child.attempt)}:begun",
        now=now,
    )


def trigger_of(run_id: str, trigger: Mapping[str, Any], child: NewChild) -> dict[str, Any]:
    """Return what the child of the run *run_id* sees as its trigger, and who stands behind it."""
    behind = {name: trigger[name] for name in _BEHIND if name in trigger}
    return {
        **behind,
        "kind": KIND,
        "run_id": run_id,
        "path": child.path,
        "attempt": child.attempt,
        "detached": child.detach,
        **({HIDDEN: True} if child.hidden else {}),
    }


def is_hidden(trigger: Mapping[str, Any]) -> bool:
    """Say whether all that a run with this *trigger* gives is secret."""
    return trigger.get("kind") in (KIND, "manual") and bool(trigger.get(HIDDEN))


def _new_run(parent: Row, child: NewChild) -> NewRun:
    return NewRun(
        id=child_id(parent.id, child.path, child.attempt),
        workflow=child.workflow,
        hash=child.hash,
        inputs=child.inputs,
        trigger=trigger_of(parent.id, parent.trigger, child),
        started_by=parent.started_by,
        requested_by=parent.requested_by,
        thread_key=parent.thread_key,
        channel=child.channel,
        own_channel=child.channel is not None,
        depth=parent.depth + 1,
        parent_key=parent.key,
        parent_path=child.path,
        sealed=child.sealed,
    )


def _row(tx: Transaction, key: int) -> Row:
    row = store.by_key(tx, key)
    if row is None:
        raise NotFound("run", str(key))
    return row
