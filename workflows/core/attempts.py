"""Attempts of an action: begun, answered, timed out, lost, and tried again after a while."""

import hashlib
import hmac
import math
from collections.abc import Callable
from datetime import timedelta

from workflows.core.commands import RunAction, StartChild, Tell
from workflows.core.ending import close_bodies, release
from workflows.core.errors import invariant
from workflows.core.facts import StepCompleted, StepError, StepFailed, StepStarted, StepUnknown
from workflows.core.failures import fail_step
from workflows.core.plan import Action, Child, Evaluate, EvaluationFailed, Json, Node, Retry
from workflows.core.state import COMPLETED, RUNNING, UNKNOWN, WAITING, StepState
from workflows.core.turn import Turn
from workflows.core.wording import length

CUT_OFF = "it was cancelled in flight and may have happened"
LONGEST = timedelta(days=3650)  # of any duration in the language


def perform(
    turn: Turn, node: Node, step: StepState, action: Action, *, params: Json = None
) -> None:
    """Run the action for the first time: on *params*, or on those that an approval holds on to.

    Raises:
        EvaluationFailed: its params have no value.
    """
    path = node.path
    pin = turn.state.pins.get(path)
    if params is not None:
        step.input = params
    elif pin is None:
        step.input = turn.evaluate(f"params:{path}", action.params, turn.scope.of(node))
    else:
        step.input = pin.params
    given = action.repeatable
    if isinstance(given, bool):
        step.repeatable = given
    else:  # it depends on the params
        names = {"params": step.input}
        step.repeatable = bool(turn.evaluate(f"repeatable:{path}", _of_params(given), names))
    if step.doubtful:
        mark_unknown(turn, path, step, CUT_OFF)
    else:
        run_action(turn, node, step)


def _of_params(answer: Callable[[Json], bool]) -> Evaluate:
    return lambda names: answer(names["params"])


def run_again(turn: Turn, node: Node, step: StepState) -> None:
    """Begin the next attempt of what may be tried again: an action or a child."""
    (run_child if isinstance(node.step.verb, Child) else run_action)(turn, node, step)


def run_child(turn: Turn, node: Node, step: StepState) -> None:
    """Command the next child of the step, with the inputs of the one before."""
    path, verb = node.path, node.step.verb
    if isinstance(verb, Child):
        step.attempts += 1
        step.due_at = None
        turn.mark(path, step, RUNNING)
        turn.hold(path, "child")
        revision = turn.state.children[verb.workflow]
        given = (verb.workflow, revision, step.input, verb.detach)
        turn.commands.append(StartChild(path, step.attempts, *given))
        if node.step.timeout is not None:
            turn.set_timer(f"timeout:{path}", turn.after(node.step.timeout))


def run_action(turn: Turn, node: Node, step: StepState) -> None:
    """Command the next attempt, with the params of the one before."""
    path, action, timeout = node.path, node.step.verb, node.step.timeout
    if not isinstance(action, Action):
        invariant(False, "only actions run", path=path)  # noqa: FBT003
        return
    params, digest, pins = step.input, None, turn.state.pins
    if pins and path in pins:
        for gate in pins[path].gates:
            approved = turn.state.steps[gate].status is COMPLETED
            invariant(approved, "a covered step runs after its approval", path=path, gate=gate)
        params, digest = pins[path].params, pins[path].digest
    step.attempts += 1
    if step.started_at is None:
        step.started_at = turn.at
    step.due_at = None
    turn.mark(path, step, RUNNING)
    turn.state.open[path] = "action"
    turn.commands.append(
        RunAction(
            path,
            action.name,
            params,
            step.attempts,
            step.redo,
            bool(step.repeatable),
            timeout,
            digest,
        )
    )
    if timeout is not None:
        turn.set_timer(f"timeout:{path}", turn.after(timeout))


def in_flight(turn: Turn, path: str, attempt: int) -> StepState | None:
    """Return the step at *path* if *attempt* of its action is the one in flight."""
    if turn.state.open.get(path) != "action":
        turn.late(f"step {path!r} has no action in flight")
        return None
    step = turn.state.steps[path]
    if step.attempts != attempt:
        turn.late(f"attempt {attempt} of step {path!r} is not the one in flight")
        return None
    return step


def completed(turn: Turn, fact: StepCompleted) -> None:
    step = in_flight(turn, fact.path, fact.attempt)
    if step is not None:
        node = turn.nodes[fact.path]
        if node.step.timeout is not None:
            turn.clear_timer(f"timeout:{fact.path}")
        turn.complete(node, step, fact.output)


def failed(turn: Turn, fact: StepFailed) -> None:
    step = in_flight(turn, fact.path, fact.attempt)
    if step is not None:
        turn.clear_timer(f"timeout:{fact.path}")
        attempt_failed(turn, turn.nodes[fact.path], step, fact.error)


def timed_out(turn: Turn, path: str) -> None:
    """End the attempt in flight, or what is at work in the step; how far it came is not known."""
    node, step = turn.nodes[path], turn.state.steps[path]
    error = StepError("timeout", f"took longer than {length(node.step.timeout)}", "unknown")
    if turn.state.open.get(path) in {"action", "child"}:
        release(turn, path, error.message)
        attempt_failed(turn, node, step, error)
    else:
        turn.clear_timer(f"wait:{path}")
        turn.clear_timer(f"turn:{path}")
        close_bodies(turn, step, "the step around it took too long")
        fail_step(turn, node, step, error)


def unknown(turn: Turn, fact: StepUnknown) -> None:
    step = in_flight(turn, fact.path, fact.attempt)
    if step is not None:
        turn.clear_timer(f"timeout:{fact.path}")
        mark_unknown(turn, fact.path, step, fact.evidence)


def mark_unknown(turn: Turn, path: str, step: StepState, evidence: str) -> None:
    """Leave the step to a person: nobody knows whether it happened."""
    step.error = StepError("unknown", evidence, "unknown")
    step.doubtful = False
    turn.mark(path, step, UNKNOWN)
    turn.hold(path, "unknown")
    turn.commands.append(Tell("unknown", path, evidence))


def started_again(turn: Turn, fact: StepStarted) -> None:
    """Begin an attempt after a crash: same params, same redo. Never of what must not repeat itself."""
    step = turn.state.steps.get(fact.path)
    if step is None or turn.state.open.get(fact.path) != "action":
        turn.late(f"step {fact.path!r} has no action in flight")
    elif fact.attempt <= step.attempts:
        turn.late(f"attempt {fact.attempt} of step {fact.path!r} has been begun before")
    elif not step.repeatable:
        turn.late(f"step {fact.path!r} is not repeatable: it may only become unknown")
    else:
        step.attempts = fact.attempt - 1
        run_action(turn, turn.nodes[fact.path], step)


def attempt_failed(turn: Turn, node: Node, step: StepState, error: StepError) -> None:
    """Try again after a while, if the step's `retry` says so; otherwise the step has failed."""
    step.failures += 1
    try:
        again = _may_retry(turn, node, step, error)
    except EvaluationFailed as problem:
        text = f"retry.if: {problem} (after: {error.message})"
        fail_step(turn, node, step, StepError("expression", text, error.class_))
        return
    if again:
        _retry_later(turn, node, step, error)
    else:
        fail_step(turn, node, step, error)


def _may_retry(turn: Turn, node: Node, step: StepState, error: StepError) -> bool:
    retry = node.step.retry
    if step.failures >= retry.attempts:
        return False
    on = retry.on
    if on is None and not step.repeatable:
        on = ("not_started",)
    if on is not None and error.class_ not in on and error.type not in on:
        return False
    if retry.condition is None:
        return True
    shown = {"type": error.type, "message": error.message, "class": error.class_}
    if error.status is not None:
        shown["status"] = error.status  # type: ignore[assignment]  # JSON
    names = {**turn.scope.of(node), "error": shown, "attempt": step.failures}
    return bool(turn.evaluate(f"retry:{node.path}", retry.condition, names))


def _retry_later(turn: Turn, node: Node, step: StepState, error: StepError) -> None:
    path = node.path
    share = draw(turn.state.seed, path, step.attempts)
    due_at = turn.after(next_delay(node.step.retry, step.failures, share=share, error=error))
    turn.commands.append(Tell("retrying", path, error.message))
    step.error = error
    if due_at <= turn.at and turn.state.paused_at is None:
        run_again(turn, node, step)
        return
    turn.mark(path, step, WAITING)
    step.due_at = due_at
    turn.hold(path, "retry")
    if due_at > turn.at:
        turn.set_timer(f"retry:{path}", due_at)
    else:  # the run is paused
        turn.ready.append(path)


def next_delay(retry: Retry, failures: int, *, share: float, error: StepError) -> timedelta:
    """Return how long to wait after failure number *failures*, counted from 1.

    Args:
        retry: delay, growth, ceiling, and how much of the delay chance may take away.
        failures: attempts that failed so far.
        share: drawn by the caller, from 0.0 (nothing is taken away) up to 1.0.
        error: its ``Retry-After``, if the other side gave one, wins over all of it.
    """
    if error.retry_after is not None and math.isfinite(error.retry_after):
        return timedelta(seconds=min(max(0.0, error.retry_after), LONGEST.total_seconds()))
    try:
        grown = retry.delay.total_seconds() * retry.backoff ** (failures - 1)
    except OverflowError:
        grown = math.inf
    capped = min(grown, retry.max_delay.total_seconds(), LONGEST.total_seconds())
    return timedelta(seconds=max(0.0, capped * (1 - retry.jitter * share)))


def draw(seed: str, path: str, attempt: int) -> float:
    """Return a number in [0, 1) that belongs to this attempt of this run, for ever the same."""
    mac = hmac.new(
        seed.encode(errors="surrogatepass"), f"{path}#{attempt}".encode(), hashlib.sha256
    )
    return int.from_bytes(mac.digest()[:6], "big") / 2**48
