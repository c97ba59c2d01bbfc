"""Checks lists of steps: their ids, their graph, and each of them in its place."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from workflows.language.checks.approvals import check_covers
from workflows.language.checks.graphs import Graph, Placed, Upstream, edges_of, lay_out
from workflows.language.checks.scope import Scope
from workflows.language.checks.verbs import Checks, check_keys, check_verb
from workflows.language.model import Step

__all__ = ["check_steps"]


def check_steps(
    steps: Sequence[Placed], scope: Scope, checks: Checks, outer: Collection[str] = ()
) -> Graph:
    """Check *steps*, which see *scope* and each other; *outer* ids are taken further out."""
    _check_ids(steps, checks, outer)
    graph = lay_out(steps, checks.findings)
    taken = {*outer, *(placed.id for placed in steps)}
    for index, placed in enumerate(steps):
        if placed.step is None:
            continue
        inner = replace(scope, steps=Upstream(graph, index, scope.steps), hidden=taken)
        _check_step(placed, placed.step, inner, checks)
        check_covers(placed, graph, checks.findings)
        if placed.step.handlers:
            seen = {**inner.steps, placed.id: placed.step}
            around = replace(inner, steps=seen).plus("error")
            check_steps(_handlers(placed, placed.step), around, checks, taken)
    _check_writers(graph, checks)
    return graph


def _handlers(placed: Placed, step: Step) -> list[Placed]:
    path = (*placed.path, "on_error")
    return [Placed((*path, index), each.id, each) for index, each in enumerate(step.handlers)]


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
    _check_one_verb(placed, step, checks)
    path = placed.path
    if step.condition is not None:
        checks.texts.expression((*path, "condition"), step.condition, scope)
    for number, edge in enumerate(edges_of(step, None)):
        if edge.if_ is not None:
            inside = (number,) if isinstance(step.needs, list) else ("any", number)
            checks.texts.expression((*path, "needs", *inside, "if"), edge.if_, scope)
    if step.retry is not None and step.retry.if_ is not None:
        around = scope.plus("error", "attempt")
        checks.texts.expression((*path, "retry", "if"), step.retry.if_, around)
    check_verb(path, step, scope, checks)
    check_keys(path, step, checks)


def _check_one_verb(placed: Placed, step: Step, checks: Checks) -> None:
    verbs = [verb for verb in Step.verbs if step.value(verb) is not None]
    if len(verbs) > 1:
        both = " and ".join(f"`{verb}`" for verb in verbs)
        checks.findings.add_key(
            "verb",
            (*placed.path, verbs[1]),
            f"a step does one thing, and this has {both}",
            "Make it two steps.",
        )
    written = checks.findings.document.get(placed.path) or {}
    if verbs or any(written.get(key) is not None for key in (*Step.later, *Step.verbs)):
        return  # a verb that is there and wrong has been complained about
    known = ", ".join(f"`{verb}`" for verb in Step.verbs)
    checks.findings.add_absent(
        "verb",
        (*placed.path, "action"),
        f"the step `{placed.id}` does nothing",
        f"Give it one of {known}.",
    )


def _check_writers(graph: Graph, checks: Checks) -> None:
    writers: dict[str, list[int]] = {}
    for index, placed in enumerate(graph.steps):
        for name in (placed.step.set_ or {}) if placed.step else ():
            for other in writers.setdefault(name, []):
                if not (graph.comes_before(other, index) or graph.comes_before(index, other)):
                    checks.findings.warn(
                        "race",
                        (*placed.path, "set", name),
                        f"`{graph.steps[other].id}` sets `{name}` as well, and nothing says"
                        " which of them comes last",
                        "Let one of them need the other.",
                    )
            writers[name].append(index)
