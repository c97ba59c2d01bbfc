"""What each control would do to a run as it stands, for those who choose among them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coordination import outline
from coordination.failing import failed_the_run, is_handled
from coordination.mending import why_not_again, why_not_left_out
from coordination.outline import UNDO, place_of
from coordination.ports import RunStatus, RunView, StepStatus, StepView
from coordination.undoing import undoable

ENDED = frozenset(
    {StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.COMPENSATED}
)
NOT_REACHED = frozenset({StepStatus.PENDING, StepStatus.NOT_TAKEN})


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a retry would run, what a rollback would take back, what can be left out.

    Args:
        run: as it stands.
        from_path: where the retry begins; None means with what failed.
        again: what it runs again for sure.
        after: what may run after that.
        kept: what completed, and stays as it is.
        starts: the paths where a retry may begin.
        skippable: what can be left out.
        undo: what can be taken back, in the order of the file.
        signals: the names of those that its steps wait for.
        ending: whether it was told to end and has not yet.
    """

    run: RunView
    from_path: str | None
    again: tuple[StepView, ...]
    after: tuple[StepView, ...]
    kept: tuple[StepView, ...]
    starts: tuple[str, ...]
    skippable: tuple[StepView, ...]
    undo: tuple[StepView, ...]
    signals: tuple[str, ...]
    ending: bool


def outlook(
    run: RunView, body: Mapping[str, Any], from_path: str | None, *, ending: bool
) -> Outlook:
    """Look ahead.

    Args:
        run: with all of its steps.
        body: of its definition.
        from_path: where a retry would begin.
        ending: whether it was told to end.
    """
    work = [step for step in run.steps if _is_work(body, step)]
    redone = _redone(body, work, from_path)
    left = {*undoable(body, run.steps)}
    return Outlook(
        run=run,
        from_path=from_path,
        again=tuple(step for step in work if step.path in redone),
        after=tuple(
            step for step in work if step.status in NOT_REACHED and step.path not in redone
        ),
        kept=tuple(
            step for step in work if step.status is StepStatus.COMPLETED and step.path not in redone
        ),
        starts=tuple(step.path for step in work if _can_begin(body, step)),
        skippable=tuple(step for step in run.steps if _can_be_left_out(run, body, step)),
        undo=tuple(step for step in run.steps if step.path in left),
        signals=outline.signals_of(body),
        ending=ending,
    )


def _is_work(body: Mapping[str, Any], step: StepView) -> bool:
    """Whether a step is neither of the lists for the end, nor takes another one back."""
    place = place_of(body, step.path)
    return not step.path.endswith(UNDO) and (place is None or not place.ending)


def _can_begin(body: Mapping[str, Any], step: StepView) -> bool:
    gate = step.path.endswith(outline.GATE)
    return not gate and why_not_again(body, step.path, step.status) is None


def _can_be_left_out(run: RunView, body: Mapping[str, Any], step: StepView) -> bool:
    if step.path.endswith((outline.GATE, UNDO)):
        return False
    if run.status is RunStatus.FAILED and not failed_the_run(body, step, run.steps):
        return False
    return why_not_left_out(step.path, step.kind, step.status, run.status) is None


def _redone(body: Mapping[str, Any], work: list[StepView], from_path: str | None) -> set[str]:
    """Return the paths of what a retry runs again for sure: what ran, and must once more."""
    found = {step.path for step in work if _failed(body, step, work)}
    begin = [step.path for step in work if step.status is StepStatus.COMPENSATED]
    if from_path is not None and from_path not in found:
        begin.append(from_path)
    for path in begin:
        found |= _with_what_follows(body, work, path)
    return found


def _failed(body: Mapping[str, Any], step: StepView, work: list[StepView]) -> bool:
    """Whether a step failed the run, or was cut off by that."""
    if step.status is StepStatus.CANCELLED:
        return True
    return step.status is StepStatus.FAILED and not is_handled(body, step, work)


def _with_what_follows(body: Mapping[str, Any], work: list[StepView], path: str) -> set[str]:
    """Return a step, what is in it, and all that depends on it: in its list, and in those around."""
    paths = [path]
    place, at = place_of(body, path), path
    if place is None:
        return set()
    while place is not None:
        paths.extend(outline.dependants(place))
        at = place.owner or ""
        place = place_of(body, at) if at else None
    return {
        step.path
        for step in work
        if step.status in ENDED and any(_is_in(step.path, each) for each in paths)
    }


def _is_in(path: str, around: str) -> bool:
    return path == around or path.startswith(tuple(f"{around}{joint}" for joint in ".[#~"))
