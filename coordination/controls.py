"""What people make a whole run do: pause, go on, end, take back what it did, hear a signal.

Each is one durable decision, told once.
"""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from coordination import outline
from coordination.database import Row, Transaction
from coordination.errors import Conflict, InvalidInputs
from coordination.orders import (
    Order,
    Telling,
    Told,
    allow,
    because,
    refuse_ended,
    refuse_halted,
    refuse_pending,
    refuse_queued,
    repeated,
    run_of,
    tell,
)
from coordination.ports import RunStatus
from coordination.questions import mention
from coordination.store import orders as store
from coordination.store.orders import Said
from coordination.trail import escape
from coordination.undoing import undoable
from coordination.votes import Judging

Mode: TypeAlias = Literal["compensate", "now"]
MODES = ("compensate", "now")
LARGEST = 64 * 1024  # bytes of a signal's payload, as JSON
_DOING = {"cancel": "being cancelled", "rollback": "being rolled back"}


def pause(tx: Transaction, order: Order, *, judging: Judging) -> Told:
    """Begin no step of a run until somebody resumes it; what is at work is finished.

    Raises:
        NotAllowed: by neither an operator, its starter nor one of its approvers.
        Conflict: it has not begun, has ended, is halted, or is paused already.
    """
    run = run_of(tx, order)
    allow(tx, order, "pause", run, judging)
    payload = {"by": order.by}
    if known := repeated(tx, order, "pause", payload):
        return known
    refuse_halted(run)
    refuse_ended(run, "There is nothing to pause.")
    refuse_queued(run, "Pause it once it runs, or cancel it.")
    if is_paused(tx, run):
        raise Conflict(f"R-{run.number} is paused already. Resume it, or leave it.")
    telling = Telling("pause", payload, f"Paused by {mention(order.by)}")
    return tell(tx, order, run, telling, judging)


def resume(tx: Transaction, order: Order, *, judging: Judging) -> Told:
    """Let a paused run go on.

    Raises:
        NotAllowed: as for `pause`.
        Conflict: it has ended, is halted, or is not paused.
    """
    run = run_of(tx, order)
    allow(tx, order, "resume", run, judging)
    payload = {"by": order.by}
    if known := repeated(tx, order, "resume", payload):
        return known
    refuse_halted(run)
    refuse_ended(run, "There is nothing to resume.")
    if not is_paused(tx, run):
        raise Conflict(f"R-{run.number} is not paused, it is {run.status}: nothing to resume.")
    telling = Telling("resume", payload, f"Resumed by {mention(order.by)}")
    return tell(tx, order, run, telling, judging)


def is_paused(tx: Transaction, run: Row) -> bool:
    """Say whether a run is paused, or will be once it has heard of all that it was told."""
    said = store.pausing(tx, run.key)
    if said is None or (said.heard and run.status != RunStatus.UNKNOWN):
        return bool(run.status == RunStatus.PAUSED)
    return said.kind == "pause"  # a paused run with an unknown step shows that one


def cancel(
    tx: Transaction, order: Order, *, reason: str, mode: Mode | None, judging: Judging
) -> Told:
    """End a run.

    Args:
        tx: the unit.
        order: who wants it.
        reason: for the others.
        mode: ``compensate`` takes back first what it did. ``now`` does not; said of a run that is
            being cancelled, it ends its clean-up too. None is ``now`` for a run that goes on.
        judging: who may.

    Raises:
        NotAllowed: as for `pause`.
        InvalidInputs: there is no such mode.
        Conflict: it has ended, is halted, or is being cancelled already.
    """
    run = run_of(tx, order)
    allow(tx, order, "cancel", run, judging)
    if mode is not None and mode not in MODES:
        raise InvalidInputs([("mode", f"{mode[:100]!r} is none of {', '.join(MODES)}")])
    payload = {"by": order.by, "reason": reason, "mode": mode or "now"}
    if known := repeated(tx, order, "cancel", payload):
        return known
    refuse_halted(run)
    refuse_ended(run, "Nothing is cancelled.")
    _refuse_cancelled(run, store.ending(tx, run.key), mode)
    undone = ", and what it did is taken back" if mode == "compensate" else ""
    said = because(f"Cancelled by {mention(order.by)}{undone}", reason)
    return tell(tx, order, run, Telling("cancel", payload, said), judging)


def _refuse_cancelled(run: Row, said: Said | None, mode: Mode | None) -> None:
    """Refuse to end what is ending, but to end at once what somebody has seen ending."""
    if said is not None:
        same = said.kind == "cancel" and said.payload.get("mode") == "now" and not said.heard
        if mode != "now" or same:
            raise Conflict(f"R-{run.number} is {_by(said)}.{_LEAVE if mode != 'now' else ''}")
    elif run.status == RunStatus.COMPENSATING and mode != "now":
        raise Conflict(f"R-{run.number} is taking back what it did already.{_LEAVE}")


_LEAVE = " Cancel it with the mode `now` to leave the rest as it is."


def _by(said: Said) -> str:
    return f"{_DOING[said.kind]} already, by {mention(said.payload['by'])}"


def rollback(tx: Transaction, order: Order, *, reason: str, judging: Judging) -> Told:
    """Take back what a run did, latest first; one that goes on ends by it.

    Raises:
        NotAllowed: as for `pause`.
        Conflict: it has not begun, is halted, is ending already, or nothing is left to take back.
    """
    run = run_of(tx, order)
    allow(tx, order, "rollback", run, judging)
    payload = {"by": order.by, "reason": reason}
    if known := repeated(tx, order, "rollback", payload):
        return known
    refuse_halted(run)
    refuse_queued(run, "Cancel it instead.")
    refuse_pending(tx, run, "rollback", "being rolled back")
    if RunStatus(run.status).ended:
        refuse_pending(tx, run, "retry", "being retried")
    else:
        _refuse_ending(run, store.ending(tx, run.key))
    _refuse_final(tx, run)
    said = because(f"Rolled back by {mention(order.by)}", reason)
    return tell(tx, order, run, Telling("rollback", payload, said), judging)


def _refuse_ending(run: Row, said: Said | None) -> None:
    if said is not None:
        raise Conflict(f"R-{run.number} is {_by(said)}.")
    if run.status == RunStatus.COMPENSATING:
        raise Conflict(f"R-{run.number} is taking back what it did already.")


def _refuse_final(tx: Transaction, run: Row) -> None:
    """Refuse where no step says how it is taken back, or none that did something is left."""
    if not any(step.get("compensate") for step in outline.every_step(run.definition)):
        raise Conflict(
            f"No step of `{run.workflow}` says with `compensate` how it is taken back, so R-"
            f"{run.number} cannot be rolled back.{_else(run)}"
        )
    steps = store.steps_of(tx, run.key)
    if RunStatus(run.status).ended and not undoable(run.definition, steps):
        raise Conflict(f"Nothing that R-{run.number} did is left to take back.")


def _else(run: Row) -> str:
    return "" if RunStatus(run.status).ended else " Cancel it instead."


def signal(tx: Transaction, order: Order, name: str, *, payload: Any, judging: Judging) -> Told:
    """Send a run a signal; one that comes before its step waits for it is kept.

    Raises:
        NotAllowed: as for `pause`.
        InvalidInputs: no step waits for a signal of that name, or *payload* is too large.
        Conflict: the run has ended, or is halted.
    """
    run = run_of(tx, order)
    allow(tx, order, "signal", run, judging)
    refuse_unnamed(run, name)
    refuse_large(payload)
    told = {"by": order.by, "name": name, "payload": payload}
    if known := repeated(tx, order, "signal", told):
        return known
    refuse_halted(run)
    refuse_ended(run, "It hears no signals any more.")
    said = f"{mention(order.by)} sent the signal `{escape(name)}`"
    telling = Telling("signal", told, said, hidden=frozenset({"payload"}))
    return tell(tx, order, run, telling, judging)


def refuse_unnamed(run: Row, name: str) -> None:
    """Raises: InvalidInputs, where no step of *run* waits for a signal of that name."""
    known = outline.signals_of(run.definition)
    if name in known:
        return
    raise InvalidInputs(
        [
            (
                "name",
                f"no step of `{run.workflow}` waits for a signal {name[:100]!r}. {_near(name, known)}",
            )
        ]
    )


def _near(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    if known:
        return f"It waits for {', '.join(repr(each) for each in known[:10])}."
    return "It waits for none."


def refuse_large(payload: Any) -> None:
    """Raises: InvalidInputs, where a signal would carry more than `LARGEST` bytes."""
    size = len(json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > LARGEST:
        most, has = LARGEST // 1024, size // 1024 + 1
        why = f"a signal carries {most} KiB at most, and this has {has}: send where to find it"
        raise InvalidInputs([("payload", why)])
