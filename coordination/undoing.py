"""What a rollback of a run would take back. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from coordination.failing import Standing
from coordination.outline import UNDO, place_of
from coordination.ports import StepStatus


def undoable(body: Mapping[str, Any], steps: Iterable[Standing]) -> list[str]:
    """Return the paths of what a run did and can take back, in the order of *steps*."""
    done = [step.path for step in steps if step.status == StepStatus.COMPLETED]
    return [path for path in done if not path.endswith(UNDO) and _says_how(body, path)]


def _says_how(body: Mapping[str, Any], path: str) -> bool:
    place = place_of(body, path)
    return place is not None and bool(place.step.get("compensate"))
