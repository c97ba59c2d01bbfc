"""What a definition needs to know of the others: their inputs, and whom they start."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from workflows.language.model import Input

__all__ = ["Known", "Neighbours", "outline"]


@dataclass(frozen=True, slots=True)
class Known:
    """Another workflow: its inputs, the names of its outputs, and whom it starts come what may.

    An input is None if its declaration cannot be read. Only of one that is active a run can begin.
    """

    inputs: Mapping[str, Input | None] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    calls: Sequence[str] = ()
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The other workflows. Where the set is *complete*, one that is not in it does not exist."""

    known: Mapping[str, Known] = field(default_factory=dict)
    complete: bool = False

    def way_back(self, start: str, to: str) -> list[str] | None:
        """Return the calls, none of them with a condition, that lead from *start* to *to*."""
        trails, seen = [[start]], {start}
        while trails:
            trail = trails.pop()
            if trail[-1] == to:
                return trail
            found = self.known.get(trail[-1])
            for name in found.calls if found else ():
                if name not in seen:
                    seen.add(name)
                    trails.append([*trail, name])
        return None


def outline(body: Any) -> tuple[str, Known] | None:
    """Return name and outline of a definition as it is written, whatever else is wrong with it."""
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        return None
    outputs = body.get("outputs")
    names = tuple(outputs) if isinstance(outputs, dict) else ()
    calls = tuple(dict.fromkeys(_calls(body.get("steps"))))
    return body["name"], Known(_inputs(body.get("inputs")), names, calls)


def _inputs(declared: Any) -> dict[str, Input | None]:
    return {
        name: _input(each)
        for name, each in (declared.items() if isinstance(declared, dict) else ())
    }


def _input(declared: Any) -> Input | None:
    try:
        return Input.model_validate(declared)
    except ValidationError:
        return None  # noted where that file is checked


def _calls(steps: Any) -> Iterator[str]:
    """Yield the children that a list of steps starts unless it fails before.

    What stands behind a `stop` or `fail` with a condition may never come.
    """
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        if "stop" in step or "fail" in step:
            return
        if "condition" in step:
            continue
        if _has_open_needs(step.get("needs")):
            continue
        if isinstance(step.get("workflow"), str):
            yield step["workflow"]
        yield from _calls_inside(step)


def _calls_inside(step: Mapping[str, Any]) -> Iterator[str]:
    """A list may be empty and a `switch` may take no branch; the others run what is in them."""
    branches = step.get("parallel")
    for each in branches.values() if isinstance(branches, dict) else ():
        yield from _calls(each)
    if "repeat" in step:
        yield from _calls(step.get("steps"))


def _has_open_needs(needs: Any) -> bool:
    edges = needs.get("any") if isinstance(needs, dict) else needs
    return any(
        isinstance(edge, dict) and ("if" in edge or edge.get("on") == "failure")
        for edge in (edges if isinstance(edges, list) else ())
    )
