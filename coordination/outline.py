"""The steps of a definition as its file has them, found by the paths of runs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ENDINGS",
    "GATE",
    "HANDLERS",
    "UNDO",
    "Place",
    "dependants",
    "every_step",
    "needs_of",
    "place_of",
    "signals_of",
]

ENDINGS = ("on_failure", "on_cancel", "finally")
GATE, UNDO, HANDLERS = "~approval", "~undo", "~error."
Steps = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands.

    Args:
        step: as the file has it.
        scope: what stands before its id in the path: "" for the steps of the top.
        around: the list that it is in.
        owner: the path of the step around it; None at the top, and in the lists for the end.
        ending: whether it is in one of the lists for the end of a run.
    """

    step: Mapping[str, Any]
    scope: str
    around: Steps
    owner: str | None
    ending: bool


def place_of(body: Mapping[str, Any], path: str) -> Place | None:
    """Return where the step at *path* stands; a gate and what takes a step back stand with it."""
    for ending in (GATE, UNDO):
        path = path.removesuffix(ending)
    found = _look(_steps(body, "steps"), "", path, None, ending=False)
    for name in ENDINGS:
        if found is None and path.startswith(f"{name}."):
            found = _look(_steps(body, name), f"{name}.", path, None, ending=True)
    return found


def _look(steps: Steps, scope: str, path: str, owner: str | None, *, ending: bool) -> Place | None:
    for step in steps:
        own = f"{scope}{step['id']}"
        if own == path:
            return Place(step, scope, steps, owner, ending)
        if path.startswith(own):
            for inner, prefix in _entered(step, own, path):
                found = _look(inner, prefix, path, own, ending=ending)
                if found is not None:
                    return found
    return None


def _entered(step: Mapping[str, Any], own: str, path: str) -> Iterator[tuple[Steps, str]]:
    """Yield each list inside *step* that *path* may lead into, with the prefix of its steps."""
    for inner, joint in _inside(step):
        if joint in ("[", "#"):
            closes = "]." if joint == "[" else "."
            at = path.find(closes, len(own)) if path.startswith(own + joint) else -1
            while at >= 0:
                yield inner, path[: at + len(closes)]
                at = path.find(closes, at + 1)
        elif path.startswith(own + joint):
            yield inner, own + joint


def _inside(step: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    """Yield each list of steps inside *step*, and how its paths go on."""
    if "steps" in step:
        yield _steps(step, "steps"), "[" if "for_each" in step else "#"
    for name, steps in _map(step.get("parallel")).items():
        yield steps, f".{name}."
    for number, branch in enumerate(step.get("switch") or ()):
        if "else" in branch:
            yield _steps(branch, "else"), ".else."
        else:
            yield _steps(branch, "steps"), f".{number}."
    if isinstance(step.get("on_error"), list):
        yield _steps(step, "on_error"), HANDLERS


def every_step(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all steps of a definition, at any depth, those of the lists for its end too."""
    todo = [_steps(body, name) for name in ("steps", *ENDINGS)]
    while todo:
        for step in todo.pop(0):
            yield step
            todo.extend(inner for inner, _ in _inside(step))


def signals_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the signals that steps wait for, in the order of the file."""
    waits = (_map(step.get("wait_for")) for step in every_step(body))
    return tuple(dict.fromkeys(wait["signal"] for wait in waits if wait.get("signal")))


def dependants(place: Place) -> tuple[str, ...]:
    """Return the paths of the steps that need the one at *place*, directly or not, in its scope."""
    needs = {
        step["id"]: needs_of(step, place.around[at - 1] if at else None)
        for at, step in enumerate(place.around)
    }
    reached = {place.step["id"]}
    grown = True
    while grown:
        more = {name for name, needed in needs.items() if needed.keys() & reached} - reached
        grown = bool(more)
        reached |= more
    reached.discard(place.step["id"])
    return tuple(f"{place.scope}{step['id']}" for step in place.around if step["id"] in reached)


def needs_of(
    step: Mapping[str, Any], before: Mapping[str, Any] | None
) -> Mapping[str, Mapping[str, Any]]:
    """Return the edges that lead to *step*, by the id of the step that they come from."""
    written = step.get("needs")
    if written is None:
        return {before["id"]: {}} if before is not None else {}
    edges = written.get("any", ()) if isinstance(written, Mapping) else written
    return {
        edge if isinstance(edge, str) else edge["step"]: {} if isinstance(edge, str) else edge
        for edge in edges
    }


def _steps(around: Mapping[str, Any], key: str) -> Steps:
    found: Steps = around.get(key) or ()
    return found


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
