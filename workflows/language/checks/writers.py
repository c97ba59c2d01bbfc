"""Finds vars that two steps may set at the same time, so that nobody can say who comes last."""

from collections.abc import Iterator, Sequence

from workflows.language.checks.graphs import Graph
from workflows.language.checks.tree import Placed
from workflows.language.findings import Findings
from workflows.language.places import Path

__all__ = ["check_writers", "writes_of"]


def check_writers(graph: Graph, findings: Findings) -> None:
    """Warn of a var that steps of one scope set, none of them before the other."""
    writers: dict[str, list[int]] = {}
    for index, placed in enumerate(graph.steps):
        for name, path in writes_of(placed):
            before = writers.setdefault(name, [])
            other = next((each for each in before if _side_by_side(each, index, graph)), None)
            if other is not None:
                _warn(path, name, graph.steps[other].id, findings)
            before.append(index)
        _check_inside(placed, findings)


def _side_by_side(one: int, other: int, graph: Graph) -> bool:
    ordered = graph.comes_before(one, other) or graph.comes_before(other, one)
    return one != other and not ordered


def writes_of(placed: Placed) -> Iterator[tuple[str, Path]]:
    """Yield the vars that a step or one inside it sets, and where it says so."""
    for name in (placed.step.set_ or {}) if placed.step else ():
        yield name, (*placed.path, "set", name)
    for body in placed.bodies:
        yield from _writes_in(body.steps)


def _writes_in(steps: Sequence[Placed]) -> Iterator[tuple[str, Path]]:
    for each in steps:
        yield from writes_of(each)


def _check_inside(placed: Placed, findings: Findings) -> None:
    """Warn of branches that set what others set, and of turns that go on side by side."""
    step = placed.step
    if step is None:
        return
    if step.parallel is not None:
        _check_branches(placed, findings)
    if step.for_each is not None and step.concurrency != 1:
        for name, path in _writes_behind("steps", placed):
            findings.warn(
                "race",
                path,
                f"the turns of `{placed.id}` set `{name}` side by side, and nothing says which"
                " of them comes last",
                "Write `concurrency: 1`, or use `collect`.",
            )


def _check_branches(placed: Placed, findings: Findings) -> None:
    first: dict[str, str | int] = {}
    for name, path in _writes_behind("parallel", placed):
        branch = path[len(placed.path) + 1]
        other = first.setdefault(name, branch)
        if other != branch:
            _warn(path, name, str(other), findings)


def _writes_behind(key: str, placed: Placed) -> Iterator[tuple[str, Path]]:
    for body in placed.bodies:
        if body.keys[0] == key:
            yield from _writes_in(body.steps)


def _warn(path: Path, name: str, other: str, findings: Findings) -> None:
    findings.warn(
        "race",
        path,
        f"`{other}` sets `{name}` as well, and nothing says which of them comes last",
        "Let one of them need the other.",
    )
