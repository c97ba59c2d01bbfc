"""A rehearsed run as coordination knows runs, so that the sentences about it are the real ones."""

import json
from collections.abc import Iterable
from typing import Any

from coordination.ports import OpenQuestion, RunStatus, RunView, StepStatus, StepView
from workflows.core.codec import error_to_json
from workflows.rehearsal.hall import Run
from workflows.runs import StepRecord
from workflows.runtimes.host.records import step_records

__all__ = ["brief_view", "view_of"]


def view_of(run: Run, questions: Iterable[OpenQuestion]) -> RunView:
    """Return the whole of *run* as it stands."""
    return _view(run, questions, run.core.steps)


def brief_view(run: Run, questions: Iterable[OpenQuestion]) -> RunView:
    """Return *run* with no steps but those that people are asked about: enough for its card's word."""
    opened = run.core.state.open
    return _view(run, questions, [path for path in opened if opened[path] == "unknown"])


def _view(run: Run, questions: Iterable[OpenQuestion], paths: Iterable[str]) -> RunView:
    core, record, state = run.core, run.record, run.core.state
    error = None
    if state.error is not None:
        error = error_to_json(state.error) | {"path": state.error_path}
    records = step_records(core, record.id, paths, run.hall.timeline.cover)
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
        steps=tuple(_step(run, each) for each in records),
        questions=tuple(questions),
        note=state.note,
    )


def _step(run: Run, record: StepRecord) -> StepView:
    return StepView(
        path=record.path,
        name=record.name,
        kind=record.kind,
        status=StepStatus(record.status),
        attempts=record.attempts,
        redo=record.redo,
        action=record.action,
        input=None if record.input is None else json.loads(record.input),
        output=None if record.output is None else json.loads(record.output),
        error=record.error,
        started_at=record.started_at,
        ended_at=record.ended_at,
        due_at=record.due_at,
        detail=_detail(run, record),
    )


def _detail(run: Run, record: StepRecord) -> Any:
    """Return how far a step is; of one that runs a child, which."""
    found = dict(record.detail or {})
    child = run.child_at(record.path)
    found.pop("child", None)
    if child is not None:
        found["child"] = {
            "run_id": child.record.id,
            "number": child.record.number,
            "workflow": child.record.workflow,
            "status": child.core.status.value,
        }
    return found or None
