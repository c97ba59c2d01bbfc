"""The graph that ``needs`` makes of the steps of one scope: who comes before whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workflows.language.checks.reach import Link, check_reachable
from workflows.language.checks.tree import Placed
from workflows.language.findings import Findings
from workflows.language.model import AnyOf, Edge, Step
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean

__all__ = ["Graph", "Upstream", "edges_of", "lay_out"]

PLAIN: Final = Edge(step="(the one before)")
"""The edge of a step that writes none, to the one before it in the file."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The steps of a scope in file order; ``before[i]`` has a bit for each that can have run by then."""

    steps: Sequence[Placed]
    before: Sequence[int]
    positions: Mapping[str, int]

    def index(self, step: str) -> int | None:
        """Return the place of the step in the file, or None."""
        return self.positions.get(step)

    def comes_before(self, first: int, second: int) -> bool:
        """Say whether the step *first* can have run when *second* starts."""
        return bool(self.before[second] >> first & 1)


class Upstream(Mapping[str, Step | None]):
    """The steps that can have run when the one at *index* starts, by id, and those of *outer*."""

    def __init__(self, graph: Graph, index: int, outer: Mapping[str, Step | None]) -> None:
        self._graph, self._index, self._outer = graph, index, outer

    def __getitem__(self, name: str) -> Step | None:
        place = self._graph.index(name)
        if place is not None and self._graph.comes_before(place, self._index):
            return self._graph.steps[place].step
        return self._outer[name]

    def __iter__(self) -> Iterator[str]:
        before = self._graph.before[self._index]
        yield from (each.id for i, each in enumerate(self._graph.steps) if before >> i & 1)
        yield from self._outer

    def __len__(self) -> int:
        return sum(1 for _ in self)


def edges_of(step: Step) -> list[Edge]:
    """Return the edges that *step* has written."""
    if step.needs is None:
        return []
    return step.needs.any if isinstance(step.needs, AnyOf) else step.needs


def lay_out(steps: Sequence[Placed], findings: Findings) -> Graph:
    """Build the graph of *steps* and note what cannot be: unknown steps, cycles, steps that never run."""
    positions: dict[str, int] = {}
    for index, placed in enumerate(steps):
        positions.setdefault(placed.id, index)
    links = [_links(index, placed, positions, findings) for index, placed in enumerate(steps)]
    before, order = _before([{link.needs for link in each} for each in links], steps, findings)
    check_reachable(steps, links, order, findings)
    return Graph(steps, before, positions)


def _links(
    index: int,
    placed: Placed,
    positions: dict[str, int],
    findings: Findings,
) -> list[Link]:
    if placed.step is None or placed.step.needs is None:
        return [Link(index - 1, PLAIN)] if index else []
    found = []
    for number, edge in enumerate(edges_of(placed.step)):
        path = _edge_path(placed, number)
        if edge.step == placed.id:
            findings.add("cycle", path, f"the step `{edge.step}` needs itself", "Leave it out.")
        elif edge.step in positions:
            found.append(Link(positions[edge.step], edge))
        else:
            hint = did_you_mean(edge.step, positions) or "A step needs others of its own list."
            findings.add("unknown_step", path, f"there is no step `{edge.step[:80]}` here", hint)
    return found


def _edge_path(placed: Placed, number: int) -> Path:
    if placed.step is not None and isinstance(placed.step.needs, AnyOf):
        return (*placed.path, "needs", "any", number)
    return (*placed.path, "needs", number)


def _before(
    needs: list[set[int]], steps: Sequence[Placed], findings: Findings
) -> tuple[list[int], list[int]]:
    """Return for each step a mask of all that can have run by then, and an order; note each cycle once."""
    order: list[int] = []
    before = [0] * len(steps)
    waiting = {index: set(each) for index, each in enumerate(needs)}
    followers: dict[int, list[int]] = {}
    for index, each in enumerate(needs):
        for need in each:
            followers.setdefault(need, []).append(index)
    ready = [index for index, each in waiting.items() if not each]
    while ready:
        index = ready.pop()
        order.append(index)
        del waiting[index]
        for follower in followers.get(index, ()):
            before[follower] |= before[index] | 1 << index
            waiting[follower].discard(index)
            if not waiting[follower]:
                ready.append(follower)
    for index in waiting:
        before[index] = (1 << len(steps)) - 1  # no second complaint about what comes first
    _note_cycles(waiting, steps, findings)
    return before, order


def _note_cycles(waiting: dict[int, set[int]], steps: Sequence[Placed], findings: Findings) -> None:
    seen: set[int] = set()
    for start in sorted(waiting):
        trail: list[int] = []
        index = start
        while index not in seen:
            seen.add(index)
            trail.append(index)
            index = min(waiting[index])
        if index in trail:
            cycle = trail[trail.index(index) :]
            first = cycle.index(min(cycle))
            cycle = cycle[first:] + cycle[:first]
            shown = " -> ".join(steps[each].id for each in [*cycle, cycle[0]])
            findings.add(
                "cycle",
                (*steps[cycle[0]].path, "needs"),
                f"these steps wait for each other: {shown}",
                "Leave one of them out of `needs`.",
            )
