"""Finds steps that can never run: what they wait for cannot all come true."""

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import NamedTuple

from workflows.language.checks.tree import Placed
from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.model import AnyOf, Edge, Step

__all__ = ["Link", "check_reachable"]


class Link(NamedTuple):
    """An edge by number: *needs* is the index of the step waited for."""

    needs: int
    edge: Edge


class _Demand(NamedTuple):
    """Masks of the steps that must have gone well, and of those that must have failed."""

    well: int
    ill: int


def check_reachable(
    steps: Sequence[Placed],
    links: Sequence[Sequence[Link]],
    order: Sequence[int],
    findings: Findings,
) -> None:
    """Note the steps that can never run; *order* has each step behind those that it needs."""
    demands = [_Demand(0, 0)] * len(steps)
    for index in order:
        step, each = steps[index].step, links[index]
        any_of = step is not None and isinstance(step.needs, AnyOf)
        _check_ends(steps, index, each, any_of=any_of, findings=findings)
        demand = _joined([_demand(link, demands[link.needs]) for link in each], any_of=any_of)
        both = demand.well & demand.ill
        if both:
            _note_both(steps, index, both.bit_length() - 1, findings)
        demands[index] = _Demand(demand.well & ~both, demand.ill & ~both)


def _demand(link: Link, before: _Demand) -> _Demand:
    """Return what must have happened for the edge to hold."""
    if link.edge.on == "always" or link.edge.if_ is not None:
        return _Demand(0, 0)
    bit = 1 << link.needs
    well = bit if link.edge.on == "success" else 0
    ill = bit if link.edge.on == "failure" else 0
    return _Demand(before.well | well, before.ill | ill)


def _joined(demands: list[_Demand], *, any_of: bool) -> _Demand:
    """Return what all of the edges demand, or, of those of which one is enough, each of them."""
    if not demands:
        return _Demand(0, 0)
    join = and_ if any_of else or_
    return _Demand(
        reduce(join, (each.well for each in demands)), reduce(join, (each.ill for each in demands))
    )


def _note_both(steps: Sequence[Placed], index: int, both: int, findings: Findings) -> None:
    findings.add(
        "unreachable",
        (*steps[index].path, "needs"),
        f"`{steps[index].id}` can never run: `{steps[both].id}` cannot both succeed and fail",
        "Write `needs: {any: [...]}`.",
    )


def _check_ends(
    steps: Sequence[Placed],
    index: int,
    links: Sequence[Link],
    *,
    any_of: bool,
    findings: Findings,
) -> None:
    """Note a step that waits for one which ends the run whenever it runs."""
    for link in () if any_of else links:
        if _always_ends(steps[link.needs].step, link.edge):
            findings.add(
                "unreachable",
                (*steps[index].path, "needs"),
                f"`{steps[index].id}` can never run: `{steps[link.needs].id}` before it always ends the run",
                f"Give `{steps[link.needs].id}` a `condition`.",
            )


def _always_ends(step: Step | None, edge: Edge) -> bool:
    """Say whether nothing can follow *step* along *edge*."""
    if step is None or step.condition is not None:
        return False
    if step.fail is not None:
        return edge.on != "always"
    if step.stop is None:
        return False
    fails = step.on_error != "fail" or edge.on in ("failure", "always")
    return not fails or not has_template(step.stop)  # a text without a value is a failure
