"""How a run and its steps are shown: from the state of the core to rows that people look at."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from baton.status import Status
from coordination.children import child_id
from coordination.ports import RunStatus
from coordination.run_status import shown_as
from workflows.core.codec import error_to_json, to_json
from workflows.core.core import Core
from workflows.core.plan import (
    Action,
    Approval,
    Child,
    Fail,
    ForEach,
    Node,
    Parallel,
    Plan,
    Repeat,
    SetVars,
    Stop,
    Switch,
    Verb,
    Wait,
    WaitFor,
    WaitForSignal,
)
from workflows.core.state import Progress, StepState, StepStatus
from workflows.core.state import RunStatus as CoreStatus
from workflows.language.expressions import MalformedHandle, from_json, mask, may_hold_handles
from workflows.runs import StepRecord
from workflows.runtimes.host.masks import HIDDEN, covering, cut, long_lines, texts_in
from workflows.runtimes.host.veiling import blank, hides, secret_steps, shown_wait

__all__ = [
    "KINDS",
    "WORDS",
    "Cover",
    "cover_of",
    "has_secrets",
    "run_error",
    "run_values",
    "shown",
    "shown_status",
    "step_records",
    "uncovered",
]

Cover: TypeAlias = Callable[[Any], Any]
KINDS: Mapping[type[Verb], str] = {
    Action: "action",
    Approval: "approval",
    Wait: "wait",
    WaitFor: "wait_for",
    WaitForSignal: "wait_for",
    ForEach: "for_each",
    Parallel: "parallel",
    Switch: "switch",
    Repeat: "repeat",
    Child: "workflow",
    SetVars: "set",
    Fail: "fail",
    Stop: "stop",
}
_STATUS: Mapping[CoreStatus, RunStatus] = {each: RunStatus(each.value) for each in CoreStatus}
WORDS: Mapping[StepStatus, str] = {each: each.value for each in StepStatus}


def step_records(
    core: Core, run_id: str, paths: Iterable[str], cover: Cover
) -> tuple[StepRecord, ...]:
    """Return the records of the steps at *paths*, in the order of the file.

    Args:
        core: of the run.
        run_id: its id, from which those of its children follow.
        paths: of the steps that changed; no others are written.
        cover: hides what must not be seen.
    """
    placed = sorted([(core.order(path), path) for path in paths])
    return tuple([_record(core, run_id, path, order, cover) for order, path in placed])


def _record(core: Core, run_id: str, path: str, order: tuple[int, ...], cover: Cover) -> StepRecord:
    (node, is_gate), state = core.at(path), core.steps[path]
    step, verb, output = node.step, node.step.verb, state.output
    if output is not None and not is_gate and hides(node):
        output = HIDDEN
    return StepRecord(
        path=path,
        position=order[0],
        name=f"Approval of {step.name}" if is_gate else step.name,
        kind="approval" if is_gate else KINDS[type(verb)],
        action=verb.name if isinstance(verb, Action) and not is_gate else None,
        status=WORDS[state.status],
        attempts=state.attempts,
        redo=state.redo,
        input=None if state.input is None else cut(cover(_input(core, path, state, cover))),
        output=None if output is None else cut(cover(output)),
        error=None if state.error is None else cover(error_to_json(state.error)),
        detail=_detail(node, state, (run_id, path), order),
        due_at=state.due_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
    )


def _input(core: Core, path: str, state: StepState, cover: Cover) -> Any:
    """Return what a step was given, without what is known to be secret.

    What a step with `secret_output` was given may be what it gives, so nothing of it shows before that
    is known, and nothing at all of what a hidden child is given.
    """
    node, is_gate = core.at(path)
    verb, own = node.step.verb, node.step.secret_output
    if is_gate:
        return state.input
    if isinstance(verb, WaitFor):
        return shown_wait(core, node, state.input, cover)
    if not isinstance(verb, Action | Child):
        return state.input
    given = shown(state.input)
    return blank(given) if own and (isinstance(verb, Child) or state.output is None) else given


def _detail(
    node: Node, state: StepState, place: tuple[str, str], order: tuple[int, ...]
) -> dict[str, Any] | None:
    """Say where a step stands that is inside another one, how far it is, and which run is its child."""
    if len(order) == 1 and state.progress is None and not isinstance(node.step.verb, Child):
        return None
    found: dict[str, Any] = {} if state.progress is None else _progress(node, state.progress)
    if isinstance(node.step.verb, Child) and state.attempts and state.started_at is not None:
        found["child"] = child_id(*place, state.attempts)
    if len(order) > 1:
        found["at"] = list(order)
    return found or None


def _progress(node: Node, progress: Progress) -> dict[str, Any]:
    verb = node.step.verb
    if isinstance(verb, Switch):
        return {"branch": progress.first}
    if isinstance(verb, Repeat):
        return {"turn": progress.begun, "max": progress.total}
    counts = {"done": progress.done, "failed": progress.failed}
    if isinstance(verb, Parallel):
        return {"branches": progress.total, **counts, "winner": progress.first}
    return {"items": progress.total, **counts}


def has_secrets(plan: Plan) -> bool:
    """Say whether any step of *plan* gives what must not be seen."""
    return bool(secret_steps(plan))


def shown(params: Any) -> Any:
    """Write handles of secrets as people may see them."""
    if not may_hold_handles(params):
        return params
    try:
        return mask(from_json(params))
    except MalformedHandle:
        return params


def cover_of(core: Core, *, secretive: bool, inputs: bool = False) -> Cover:
    """Return what covers all that steps with `secret_output` gave, wherever else it turns up.

    Args:
        core: of the run.
        secretive: whether its plan has such steps at all.
        inputs: what the run was given is covered as well.
    """
    if not secretive:
        return uncovered
    hidden = {
        text: HIDDEN
        for path, state in core.steps.items()
        if state.output is not None
        and core.node(path).step.secret_output
        and not core.is_gate(path)
        for whole in texts_in(state.output)
        for text in (whole, whole.strip(), *(line.strip() for line in long_lines(whole)))
    }
    if inputs:
        hidden.update(dict.fromkeys(_given(core.state.inputs), HIDDEN))
    return covering(hidden)


def uncovered(value: Any) -> Any:
    """Cover nothing: no step of the plan gives what must not be seen."""
    return value


def _given(inputs: Mapping[str, Any]) -> Iterable[str]:
    """Yield the texts that a run was given; handles of secrets are none."""
    for value in inputs.values():
        if not may_hold_handles(value):
            yield from texts_in(value)


def run_values(core: Core, cover: Cover, *, hides: bool = False) -> dict[str, Any]:
    """Return the columns of a run that follow from its facts; *hides*: its outputs are secret."""
    state = core.state
    outputs = state.outputs
    if hides and outputs is not None:
        outputs = dict.fromkeys(outputs, HIDDEN)
    return {
        "status": str(core.status),
        "outputs": None if outputs is None else cut(cover(to_json(outputs))),
        "error": run_error(core, cover),
        "note": None if state.note is None else cover(state.note),
        "started_at": state.started_at,
        "ended_at": state.ended_at,
    }


def run_error(core: Core, cover: Cover) -> Any:
    """Return what ended the run, as people may see it, if anything did."""
    error = core.state.error
    return None if error is None else cover(error_to_json(error) | {"path": core.state.error_path})


def shown_status(core: Core) -> Status:
    """Return the status under which the run shows as a process."""
    error = core.state.error
    return shown_as(
        _STATUS[core.status],
        asking="approval" in core.state.open.values(),
        error=None if error is None else error_to_json(error),
    )
