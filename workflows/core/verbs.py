"""How a step begins: its condition, then what its verb asks for."""

from datetime import datetime, timedelta

from workflows.core.approvals import ask, ask_gate
from workflows.core.attempts import LONGEST, perform
from workflows.core.codec import canonical
from workflows.core.edges import may_start
from workflows.core.ending import stop_run
from workflows.core.facts import StepError
from workflows.core.failures import fail_expression, fail_step
from workflows.core.plan import (
    Action,
    Approval,
    Evaluate,
    EvaluationFailed,
    Fail,
    Json,
    Node,
    SetVars,
    Stop,
    Wait,
    WaitFor,
)
from workflows.core.state import COMPLETED, PENDING, SKIPPED, WAITING, StepState
from workflows.core.turn import Turn
from workflows.core.waits import wait_for


def begin(turn: Turn, path: str) -> None:
    """Start the step at *path*, unless its condition or the state of the run is against it."""
    node, step = turn.graph.nodes[path], turn.state.steps[path]
    if step.begun or step.status is not PENDING:
        return
    if turn.state.closing and not may_start(turn, node):
        turn.pass_over(path, step, unreached=True)
        return
    step.begun = True
    step.started_at = turn.at
    try:
        if node.step.condition is None or _condition_holds(turn, node, node.step.condition):
            _perform(turn, node, step)
        else:
            turn.mark(path, step, SKIPPED)
            turn.settle(path, step)
    except EvaluationFailed as problem:
        fail_expression(turn, node, step, problem)


def _condition_holds(turn: Turn, node: Node, condition: Evaluate) -> bool:
    return bool(turn.evaluate(f"condition:{node.path}", condition, turn.scope.of(node)))


def _perform(turn: Turn, node: Node, step: StepState) -> None:
    verb = node.step.verb
    if isinstance(verb, Action):
        _act(turn, node, step, verb)
    elif isinstance(verb, Approval):
        ask(turn, node, step, verb)
    else:
        step.attempts += 1
        if isinstance(verb, Wait):
            _wait(turn, node, step, verb)
        elif isinstance(verb, WaitFor):
            wait_for(turn, node, step, verb)
        elif isinstance(verb, SetVars):
            _set(turn, node, step, verb)
        elif isinstance(verb, Fail):
            step.input = {"text": _text(turn, node, verb)}
            fail_step(turn, node, step, StepError("failed", step.input["text"]))
        elif isinstance(verb, Stop):
            step.input = {"text": _text(turn, node, verb)}
            turn.complete(node, step, None)
            stop_run(turn, step.input["text"])
        else:
            raise TypeError(f"{type(verb).__name__} cannot be begun")  # the loader refuses it still


def _act(turn: Turn, node: Node, step: StepState, verb: Action) -> None:
    if node.step.gate is not None and not _gate_is_open(turn, node):
        ask_gate(turn, node, step, node.step.gate)
        return
    perform(turn, node, step, verb)


def _gate_is_open(turn: Turn, node: Node) -> bool:
    gate, pin = turn.state.steps.get(node.gate), turn.state.pins.get(node.path)
    answered = gate is not None and gate.status is COMPLETED
    return answered and pin is not None and node.gate in pin.gates


def _wait(turn: Turn, node: Node, step: StepState, verb: Wait) -> None:
    due_at = _due(turn, node, verb)
    step.input = {"until": due_at.isoformat()}
    if due_at <= turn.at:
        turn.complete(node, step, None)
        return
    turn.mark(node.path, step, WAITING)
    step.due_at = due_at
    turn.hold(node.path, "timer")
    turn.set_timer(f"wait:{node.path}", due_at)
    if node.step.timeout is not None:
        turn.set_timer(f"timeout:{node.path}", turn.after(node.step.timeout))


def _due(turn: Turn, node: Node, verb: Wait) -> datetime:
    names = turn.scope.of(node)
    if verb.until is not None:
        return _moment(turn.evaluate(f"until:{node.path}", verb.until, names))
    if verb.duration is None or isinstance(verb.duration, timedelta):
        return turn.after(verb.duration or timedelta(0))
    return turn.after(_seconds(turn.evaluate(f"wait:{node.path}", verb.duration, names)))


def _moment(value: Json) -> datetime:
    try:
        moment = datetime.fromisoformat(value.upper()) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise EvaluationFailed(
            f"`wait.until` needs an RFC 3339 time with offset, got {value!r:.80}"
        )
    return moment


def _seconds(value: Json) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  # NaN
        raise EvaluationFailed(f"`wait` needs a duration, got {value!r:.80}")
    return timedelta(seconds=min(max(0.0, value), LONGEST.total_seconds()))


def _set(turn: Turn, node: Node, step: StepState, verb: SetVars) -> None:
    names = turn.scope.of(node)
    values = {
        name: turn.evaluate(f"set:{node.path}:{name}", template, names)
        for name, template in verb.values
    }
    step.input = values
    turn.state.vars = {**turn.state.vars, **values}
    turn.scope.names["vars"] = turn.state.vars
    turn.complete(node, step, None)


def _text(turn: Turn, node: Node, verb: Fail | Stop) -> str:
    value = turn.evaluate(f"text:{node.path}", verb.text, turn.scope.of(node))
    return value if isinstance(value, str) else canonical(value).decode()
