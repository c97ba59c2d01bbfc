"""Checks lists of steps: their ids, their graph, and each of them in its place."""

from collections.abc import Collection, Sequence

from workflows.language.checks.approvals import check_covers
from workflows.language.checks.around import Checks
from workflows.language.checks.containers import check_container, names_inside
from workflows.language.checks.graphs import Graph, Upstream, edges_of, lay_out
from workflows.language.checks.keys import check_keys, check_one_verb
from workflows.language.checks.retries import check_retry
from workflows.language.checks.scope import Scope
from workflows.language.checks.tree import Body, Placed
from workflows.language.checks.verbs import check_verb
from workflows.language.checks.writers import check_writers
from workflows.language.model import Step

__all__ = ["check_steps", "everything"]


def check_steps(
    steps: Sequence[Placed], scope: Scope, checks: Checks, outer: Collection[str] = frozenset()
) -> Graph:
    """Check *steps*, which see *scope* and each other; *outer* ids are taken further out."""
    _check_ids(steps, checks, outer)
    graph = lay_out(steps, checks.findings)
    taken = frozenset(outer).union(placed.id for placed in steps)
    for index, placed in enumerate(steps):
        if placed.step is not None:
            inner = scope.at(Upstream(graph, index, scope.steps), taken)
            _check_step(placed, placed.step, inner, checks)
            check_covers(placed, graph, checks.findings)
    check_writers(graph, checks.findings)
    return graph


def everything(graph: Graph, scope: Scope) -> Scope:
    """Return *scope* for what comes when all steps of *graph* are over."""
    return scope.seeing({placed.id: placed.step for placed in graph.steps})


def _check_ids(steps: Sequence[Placed], checks: Checks, outer: Collection[str]) -> None:
    seen: dict[str, int] = {}
    for placed in steps:
        path = (*placed.path, "id")
        if placed.id in seen:
            message = f"there is a step `{placed.id}` already, in line {seen[placed.id]}"
            checks.findings.add("duplicate", path, message, "Give one of them another id.")
        elif placed.id in outer:
            message = f"a step around this one is called `{placed.id}` already"
            checks.findings.add("duplicate", path, message, "Give one of them another id.")
        seen.setdefault(placed.id, checks.findings.document.value(path)[0])


def _check_step(placed: Placed, step: Step, scope: Scope, checks: Checks) -> None:
    check_one_verb(placed.path, step, checks.findings)
    path = placed.path
    if step.condition is not None:
        checks.texts.expression((*path, "condition"), step.condition, scope)
    for number, edge in enumerate(edges_of(step)):
        if edge.if_ is not None:
            inside = (number,) if isinstance(step.needs, list) else ("any", number)
            checks.texts.expression((*path, "needs", *inside, "if"), edge.if_, scope)
    if step.retry is not None and step.retry.if_ is not None:
        around = scope.plus("error", "attempt")
        checks.texts.expression((*path, "retry", "if"), step.retry.if_, around)
    check_retry((*path, "retry"), step.retry, checks.findings)
    if step.compensate is not None:
        check_retry((*path, "compensate", "retry"), step.compensate.retry, checks.findings)
    check_verb(path, step, scope, checks)
    check_keys(path, step, checks)
    check_container(path, step, scope, checks)
    for body in placed.bodies:
        _check_body(placed, step, body, scope, checks)


def _check_body(placed: Placed, step: Step, body: Body, scope: Scope, checks: Checks) -> None:
    """Check the steps inside a step, and what is worked out when they are over."""
    around = scope.plus(*names_inside(step, body.keys))
    if body.keys == ("on_error",):
        around = around.seeing({placed.id: step})
    graph = check_steps(body.steps, around, checks, scope.hidden)
    if body.keys != ("steps",):
        return
    turn = everything(graph, around)
    if step.collect is not None:
        checks.texts.template((*placed.path, "collect"), step.collect, turn)
    if step.repeat is not None:
        checks.texts.expression((*placed.path, "repeat", "until"), step.repeat.until, turn)
