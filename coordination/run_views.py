"""Runs as people and programs look at them: read from the store, secrets masked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coordination import directory, relatives
from coordination.children import is_hidden
from coordination.database import Reader, Row
from coordination.errors import NotFound
from coordination.handles import secret_inputs
from coordination.ports import (
    ENDED,
    Handled,
    OpenQuestion,
    Pause,
    Person,
    RunStatus,
    RunView,
    StepStatus,
    StepView,
)
from coordination.questions import Approval
from coordination.relatives import NOBODY, Relatives
from coordination.store import approvals as approval_store
from coordination.store import runs as store
from coordination.store import waits as wait_store
from coordination.store.runs import RunFilter

MASK = "••••••"
WAITING = StepStatus.WAITING
REJECTED = re.compile(r"^(Rejected by )([^\s:]+)")


async def row_of(reader: Reader, ref: str) -> Row:
    """Return the row of the run *ref*: ``R-3``, ``run_…``, the beginning of one, or ``last``.

    Raises:
        NotFound: there is none, or a short ref means several.
    """
    found = await store.find(reader, ref)
    if len(found) > 1:
        raise NotFound("one run", f"{ref}, which stands for several: write more of its id")
    if not found:
        raise NotFound("run", ref)
    return found[0]


async def view(reader: Reader, row: Row) -> RunView:
    """Return the whole of a run: every step, and what is open."""
    steps = await store.read_steps(reader, row.key)
    asked = []
    if row.status not in ENDED:  # whatever a run that has ended still asked was withdrawn
        asked = await approval_store.read_open_of_runs(reader, row.key, row.key)
    around = await relatives.of_run(reader, row)
    named = _names_somebody([row, *steps], [around], asked)
    found = build(row, steps, asked, await directory.read_all(reader) if named else {}, around)
    if not any(each.kind == "wait_for" and each.status is WAITING for each in found.steps):
        return found
    troubled = {
        wait.path: {"failed": wait.filter["failed"], "why": wait.filter["why"]}
        for wait in await wait_store.standing(reader, row.key)
        if wait.filter.get("failed")
    }
    return replace(found, steps=tuple(_with_trouble(each, troubled) for each in found.steps))


def _with_trouble(step: StepView, troubled: Mapping[str, Mapping[str, Any]]) -> StepView:
    """Show beside what a step waits for how many events its `where` could not be asked of."""
    found = troubled.get(step.path)
    if found is None or not isinstance(step.input, Mapping):
        return step
    return replace(step, input={**step.input, "where_failed": found["failed"], "why": found["why"]})


async def views(reader: Reader, rows: list[Row]) -> tuple[RunView, ...]:
    """Return runs with as many of their steps as it takes to say what each waits for."""
    if not rows:
        return ()
    first, last = min(row.key for row in rows), max(row.key for row in rows)
    steps = await store.standing_steps(reader, first, last)
    asked = await approval_store.read_open_of_runs(reader, first, last)
    around = await relatives.of_runs(reader, rows)
    named = _names_somebody([*rows, *steps], around.values(), asked)
    people = await directory.read_all(reader) if named else {}
    return tuple(
        build(
            row,
            [step for step in steps if step.run_key == row.key],
            [each for each in asked if each.run_key == row.key],
            people,
            around[row.key],
        )
        for row in rows
    )


async def page(reader: Reader, wanted: RunFilter) -> tuple[RunView, ...]:
    """Return the runs that *wanted* asks for, newest first."""
    return await views(reader, await store.page(reader, wanted))


def build(
    row: Row,
    steps: Iterable[Row],
    asked: Iterable[Approval],
    people: Mapping[str, Person],
    around: Relatives = NOBODY,
) -> RunView:
    """Put a run together from its rows; steps stand in the order of the file, turn by turn."""
    return RunView(
        id=row.id,
        number=row.number,
        workflow=row.workflow,
        title=row.title,
        revision=row.hash,
        status=RunStatus(row.status),
        started_by=row.started_by,
        trigger=row.trigger,
        inputs=masked_inputs(row.inputs, row.definition, every=is_hidden(row.trigger)),
        outputs=row.outputs,
        error=with_names(row.error, people),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        updated_at=row.updated_at,
        thread_id=row.thread_id,
        steps=tuple(step_view(step, people, around) for step in sorted(steps, key=_place)),
        questions=tuple(question_view(each, people) for each in asked),
        note=row.note,
        parent=around.parent,
        children=tuple(around.children.values()),
        pause=_named_pause(around, people),
        queue=around.queue,
        handled=_named_handled(around, people),
    )


def _names_somebody(
    rows: Iterable[Row], around: Iterable[Relatives], asked: Sequence[Approval]
) -> bool:
    """Say whether anybody's name is to be shown; in most runs nobody's is, and nobody is looked up.

    Args:
        rows: of runs and of steps.
        around: what stands around the runs.
        asked: what is open.
    """
    if asked or any(each.pause or each.handled for each in around):
        return True
    return any(
        isinstance(row.error, Mapping) and row.error.get("type") == "rejected" for row in rows
    )


def _place(row: Row) -> tuple[int, ...]:
    """Return where a step stands; the position of one inside another is that of the outermost."""
    inside = (row.detail or {}).get("at")
    return tuple(inside) if inside else (row.position,)


def _named_pause(around: Relatives, people: Mapping[str, Person]) -> Pause | None:
    pause = around.pause
    return pause and replace(pause, by=directory.shown(pause.by, people))


def _named_handled(around: Relatives, people: Mapping[str, Person]) -> Handled | None:
    handled = around.handled
    return handled and replace(handled, by=directory.shown(handled.by, people))


def _shown_detail(row: Row, around: Relatives) -> Any:
    """Return how far a step is; of a child, what is known of that run."""
    found = {name: value for name, value in (row.detail or {}).items() if name != "at"}
    child = around.children.get(found.get("child", ""))
    if child is not None:
        found["child"] = {
            "run_id": child.run_id,
            "number": child.number,
            "workflow": child.workflow,
            "status": child.status.value,
        }
    elif "child" in found:
        found["child"] = {"run_id": found["child"]}
    return found or None


def step_view(row: Row, people: Mapping[str, Person], around: Relatives = NOBODY) -> StepView:
    return StepView(
        path=row.path,
        name=row.name,
        kind=row.kind,
        status=StepStatus(row.status),
        attempts=row.attempts,
        redo=row.redo,
        action=row.action,
        input=row.input,
        output=row.output,
        error=with_names(row.error, people),
        started_at=row.started_at,
        ended_at=row.ended_at,
        due_at=row.due_at,
        log=row.log is not None,
        detail=_shown_detail(row, around),
    )


def with_names(error: Any, people: Mapping[str, Person]) -> Any:
    """Write in a rejection who said no as people know them; every other error stays as it is."""
    if not isinstance(error, Mapping) or error.get("type") != "rejected":
        return error

    def named(found: re.Match[str]) -> str:
        return found[1] + directory.shown(found[2], people)

    return {**error, "message": REJECTED.sub(named, str(error.get("message")))}


def question_view(approval: Approval, people: Mapping[str, Person]) -> OpenQuestion:
    """Return what the sentence about an open approval needs."""
    question = approval.question
    counts = [
        sum(vote.choice == choice for vote in approval.counted) for choice in question.choices
    ]
    return OpenQuestion(
        approval_id=approval.id,
        number=approval.number,
        path=approval.path or "",
        title=question.title,
        approvers=tuple(directory.shown(form, people) for form in question.approvers),
        quorum=question.quorum,
        approved=max(counts, default=0),
        since=approval.asked_at,
        expires_at=approval.expires_at,
        decisive=question.answer == "choice" and set(question.decisions) == {"approve", "reject"},
    )


def masked_inputs(
    inputs: Mapping[str, Any], definition: Mapping[str, Any], *, every: bool = False
) -> Mapping[str, Any]:
    """Hide the values of inputs that the definition declares secret; of a hidden child, of *every* one."""
    hidden = inputs if every else secret_inputs(definition)
    return {
        name: MASK if name in hidden and value is not None else value
        for name, value in inputs.items()
    }
