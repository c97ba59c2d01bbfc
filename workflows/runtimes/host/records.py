"""How a run and its steps are shown: from the state of the core to rows that people look at."""

from collections.abc import Iterable, Mapping
from typing import Any

from baton.status import Status
from coordination.ports import RunStatus
from coordination.run_status import shown_as
from workflows.core.codec import error_to_json, to_json
from workflows.core.core import Core
from workflows.core.plan import Action, Approval, Fail, SetVars, Step, Stop, Verb, Wait, WaitFor
from workflows.core.state import StepState
from workflows.language.expressions import MalformedHandle, from_json, mask
from workflows.runs import StepRecord
from workflows.runtimes.host.masks import HIDDEN, covering, cut, texts_in

__all__ = ["run_values", "shown_status", "step_records"]

KINDS: Mapping[type[Verb], str] = {
    Action: "action",
    Approval: "approval",
    Wait: "wait",
    WaitFor: "wait_for",
    SetVars: "set",
    Fail: "fail",
    Stop: "stop",
}


def step_records(core: Core, paths: Iterable[str]) -> tuple[StepRecord, ...]:
    """Return the records of the steps at *paths*, in the order of the file."""
    order = core.plan.graph.order
    cover = _cover(core)
    return tuple(_record(core, path, cover) for path in sorted(set(paths), key=order.__getitem__))


def _record(core: Core, path: str, cover: Any) -> StepRecord:
    step, state = _step(core, path), core.steps[path]
    is_gate = path in core.plan.graph.gates
    is_action = isinstance(step.verb, Action) and not is_gate
    hides = step.secret_output and not is_gate
    return StepRecord(
        path=path,
        position=core.plan.graph.order[path],
        name=f"Approval of {step.name}" if is_gate else step.name,
        kind="approval" if is_gate else KINDS[type(step.verb)],
        action=step.verb.name if is_action and isinstance(step.verb, Action) else None,
        status=state.status.value,
        attempts=state.attempts,
        redo=state.redo,
        input=cut(cover(_shown(state.input) if is_action else state.input)),
        output=HIDDEN if hides and state.output is not None else cut(cover(state.output)),
        error=cover(_error(state)),
        due_at=state.due_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
    )


def _step(core: Core, path: str) -> Step:
    graph = core.plan.graph
    return graph.nodes[graph.gates.get(path, path)].step


def _shown(params: Any) -> Any:
    """Write handles of secrets as people may see them."""
    try:
        return mask(from_json(params))
    except MalformedHandle:
        return params


def _error(state: StepState) -> Any:
    return None if state.error is None else error_to_json(state.error)


def _cover(core: Core) -> Any:
    """Cover what a step with `secret_output` gave, wherever else it turns up."""
    hidden = {
        text: HIDDEN
        for path, node in core.plan.graph.nodes.items()
        if node.step.secret_output and path in core.steps
        for text in texts_in(core.steps[path].output)
    }
    return covering(hidden)


def run_values(core: Core) -> dict[str, Any]:
    """Return the columns of a run that follow from its facts."""
    state, cover = core.state, _cover(core)
    error = None
    if state.error is not None:
        error = error_to_json(state.error) | {"path": state.error_path}
    return {
        "status": core.status.value,
        "outputs": None if state.outputs is None else cut(cover(to_json(state.outputs))),
        "error": cover(error),
        "note": cover(state.note),
        "started_at": state.started_at,
        "ended_at": state.ended_at,
    }


def shown_status(core: Core) -> Status:
    """Return the status under which the run shows as a process."""
    error = core.state.error
    return shown_as(
        RunStatus(core.status.value),
        asking=any(waiting.kind == "approval" for waiting in core.waiting),
        error=None if error is None else error_to_json(error),
    )
