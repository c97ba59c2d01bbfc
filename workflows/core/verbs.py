"""How a step begins: its condition, then what its verb asks for."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.core.approvals import ask, ask_gate
from workflows.core.attempts import perform, run_again
from workflows.core.branches import parallel, switch
from workflows.core.children import begin_child
from workflows.core.clock import wait
from workflows.core.codec import canonical
from workflows.core.edges import may_start
from workflows.core.ending import stop_run
from workflows.core.facts import StepError
from workflows.core.failures import fail_expression, fail_step
from workflows.core.frames import too_deep
from workflows.core.loops import for_each, repeat
from workflows.core.plan import (
    Action,
    Approval,
    Child,
    Evaluate,
    EvaluationFailed,
    Fail,
    ForEach,
    Node,
    Parallel,
    Repeat,
    SetVars,
    Stop,
    Switch,
    Wait,
    WaitFor,
    WaitForSignal,
)
from workflows.core.signals import wait_for_signal
from workflows.core.state import COMPLETED, PENDING, SKIPPED, StepState
from workflows.core.turn import Turn
from workflows.core.waits import wait_for

Begin = Callable[[Turn, Node, StepState, Any], None]


def begin(turn: Turn, path: str) -> None:
    """Start the step at *path*, unless its condition or the state of the run is against it."""
    node, step = turn.nodes[path], turn.state.steps[path]
    if step.begun:
        _go_on(turn, node, step)
        return
    if step.status is not PENDING:
        return
    if (node.scope or turn.state.closing) and not may_start(turn, node):
        turn.pass_over(path, step, unreached=True)
        return
    step.begun = True
    step.started_at = turn.at
    try:
        if step.left_out:
            turn.mark(path, step, SKIPPED)
            turn.settle(path, step)
        elif node.step.condition is None or _condition_holds(turn, node, node.step.condition):
            _perform(turn, node, step)
        else:
            turn.mark(path, step, SKIPPED)
            turn.settle(path, step)
    except EvaluationFailed as problem:
        fail_expression(turn, node, step, problem)


def _perform(turn: Turn, node: Node, step: StepState) -> None:
    verb = node.step.verb
    if isinstance(verb, Action) and node.step.gate is None:
        perform(turn, node, step, verb)  # the commonest, by the shortest way
        return
    kind = type(verb)
    if kind not in _TRIED:
        step.attempts += 1
    _BEGIN[kind](turn, node, step, verb)


def _go_on(turn: Turn, node: Node, step: StepState) -> None:
    """Begin what a pause held back in the middle of a step: behind its gate, or the next attempt."""
    verb = node.step.verb
    if turn.state.open.get(node.path) == "retry":
        if f"retry:{node.path}" not in turn.state.timers:
            run_again(turn, node, step)
    elif step.status is PENDING and isinstance(verb, Action) and _gate_is_open(turn, node):
        try:
            perform(turn, node, step, verb)
        except EvaluationFailed as problem:
            fail_expression(turn, node, step, problem)


def _condition_holds(turn: Turn, node: Node, condition: Evaluate) -> bool:
    return bool(turn.evaluate(f"condition:{node.path}", condition, turn.scope.of(node)))


def _act(turn: Turn, node: Node, step: StepState, verb: Action) -> None:
    if node.step.gate is not None and not _gate_is_open(turn, node):
        ask_gate(turn, node, step, node.step.gate)
        return
    perform(turn, node, step, verb)


def _gate_is_open(turn: Turn, node: Node) -> bool:
    gate, pin = turn.state.steps.get(node.gate), turn.state.pins.get(node.path)
    answered = gate is not None and gate.status is COMPLETED
    return answered and pin is not None and node.gate in pin.gates


def _enter(turn: Turn, node: Node, step: StepState, verb: Any) -> None:
    """Begin a step with bodies, unless it stands too deep."""
    deep = too_deep(turn, node)
    if deep is not None:
        fail_step(turn, node, step, deep)
        return
    _ENTER[type(verb)](turn, node, step, verb)
    if node.step.timeout is not None and step.progress is not None and not step.settled:
        turn.set_timer(f"timeout:{node.path}", turn.after(node.step.timeout))


def _set(turn: Turn, node: Node, step: StepState, verb: SetVars) -> None:
    names = turn.scope.of(node)
    values = {
        name: turn.evaluate(f"set:{node.path}:{name}", template, names)
        for name, template in verb.values
    }
    step.input = values
    turn.scope.set_vars({**turn.state.vars, **values})
    turn.complete(node, step, None)


def _fail(turn: Turn, node: Node, step: StepState, verb: Fail) -> None:
    step.input = {"text": _text(turn, node, verb)}
    fail_step(turn, node, step, StepError("failed", step.input["text"]))


def _stop(turn: Turn, node: Node, step: StepState, verb: Stop) -> None:
    step.input = {"text": _text(turn, node, verb)}
    turn.complete(node, step, None)
    stop_run(turn, step.input["text"])


def _text(turn: Turn, node: Node, verb: Fail | Stop) -> str:
    value = turn.evaluate(f"text:{node.path}", verb.text, turn.scope.of(node))
    return value if isinstance(value, str) else canonical(value).decode()


_ENTER: Mapping[type, Begin] = {
    ForEach: for_each,
    Parallel: parallel,
    Switch: switch,
    Repeat: repeat,
}
_BEGIN: Mapping[type, Begin] = {
    Action: _act,
    Approval: ask,
    Child: begin_child,
    ForEach: _enter,
    Parallel: _enter,
    Switch: _enter,
    Repeat: _enter,
    Wait: wait,
    WaitFor: wait_for,
    WaitForSignal: wait_for_signal,
    SetVars: _set,
    Fail: _fail,
    Stop: _stop,
}
_TRIED = frozenset({Action, Approval, Child})  # these count their attempts themselves
