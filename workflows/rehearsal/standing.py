"""A rehearsed run as coordination knows runs, so that the sentences about it are the real ones."""

from collections.abc import Iterable
from typing import Any, Final

from coordination.ports import OpenQuestion, RunStatus, RunView, StepStatus, StepView
from workflows.core.codec import error_to_json
from workflows.core.plan import (
    Action,
    Approval,
    Child,
    Fail,
    ForEach,
    Parallel,
    Repeat,
    SetVars,
    Stop,
    Switch,
    Verb,
    Wait,
    WaitFor,
    WaitForSignal,
)
from workflows.rehearsal.hall import Run
from workflows.rehearsal.timeline import shown

__all__ = ["brief_view", "view_of"]

KINDS: Final[dict[type[Verb], str]] = {
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


def view_of(run: Run, questions: Iterable[OpenQuestion]) -> RunView:
    """Return the whole of *run* as it stands."""
    core = run.core
    return _view(run, questions, sorted(core.steps, key=core.order))


def brief_view(run: Run, questions: Iterable[OpenQuestion]) -> RunView:
    """Return *run* with no more of its steps than are open: enough for the word on its card."""
    return _view(run, questions, run.core.state.open)


def _view(run: Run, questions: Iterable[OpenQuestion], paths: Iterable[str]) -> RunView:
    core, record, state = run.core, run.record, run.core.state
    error = None
    if state.error is not None:
        error = error_to_json(state.error) | {"path": state.error_path}
    now = run.hall.stage.now
    return RunView(
        id=record.id,
        number=record.number,
        workflow=record.workflow,
        title=core.plan.title,
        revision=record.hash,
        status=RunStatus(core.status.value),
        started_by=record.started_by,
        trigger=record.trigger,
        inputs=record.inputs,
        outputs=state.outputs,
        error=error,
        created_at=record.created_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
        updated_at=now,
        thread_id=record.thread_id,
        steps=tuple(_step(run, path) for path in paths),
        questions=tuple(questions),
        note=state.note,
    )


def _step(run: Run, path: str) -> StepView:
    step, state = run.core.node(path).step, run.core.steps[path]
    gate = run.core.is_gate(path)
    action = step.verb if isinstance(step.verb, Action) and not gate else None
    given: Any = state.input if action is None else shown(state.input)
    return StepView(
        path=path,
        name=step.name,
        kind="approval" if gate else KINDS[type(step.verb)],
        status=StepStatus(state.status.value),
        attempts=state.attempts,
        action=None if action is None else action.name,
        input=given,
        error=None if state.error is None else error_to_json(state.error),
        started_at=state.started_at,
        ended_at=state.ended_at,
        due_at=state.due_at,
    )
