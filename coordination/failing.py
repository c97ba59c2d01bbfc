"""Which failed steps failed their run, and which were handled. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from coordination import outline
from coordination.outline import HANDLERS, UNDO, Place, place_of
from coordination.ports import StepStatus

_NOT_REACHED = frozenset({StepStatus.PENDING, StepStatus.NOT_TAKEN})
_BROKEN = frozenset({StepStatus.FAILED, StepStatus.CANCELLED})


class Standing(Protocol):
    """As much of a step, a row or a view, as it takes."""

    @property
    def path(self) -> str: ...
    @property
    def status(self) -> str: ...


def failed_the_run(body: Mapping[str, Any], step: Standing, steps: Iterable[Standing]) -> bool:
    """Say whether a failed step, or the steps that handled its failure, failed its run."""
    if step.status != StepStatus.FAILED or step.path.endswith(UNDO):
        return False
    place = place_of(body, step.path)
    if place is not None and place.ending:
        return False
    inner = step.path + HANDLERS
    broken = any(each.path.startswith(inner) and each.status in _BROKEN for each in steps)
    return broken or not is_handled(body, step, steps)


def is_handled(body: Mapping[str, Any], step: Standing, steps: Iterable[Standing]) -> bool:
    """Say whether the failure of a step is left to others: by its `on_error`, or by an edge.

    The verb `fail` ends what it stands in, whatever is written beside it; and a No of people is no
    Yes because the run was told to continue.
    """
    place = place_of(body, step.path)
    if place is None or "fail" in place.step:
        return False
    handling = place.step.get("on_error")
    asks = "approval" in place.step or bool(place.step.get("requires_approval"))
    goes_on = handling == "continue" and not asks
    return goes_on or isinstance(handling, list) or _is_followed(place, steps)


def _is_followed(place: Place, steps: Iterable[Standing]) -> bool:
    """Whether a step that waits for the failure of the one at *place* was begun by it."""
    reached = {step.path for step in steps if step.status not in _NOT_REACHED}
    for at, step in enumerate(place.around):
        edge = outline.needs_of(step, place.around[at - 1] if at else None).get(place.step["id"])
        if edge and edge.get("on") == "failure" and place.scope + step["id"] in reached:
            return True
    return False
