"""Checks who is asked, what an approval covers, and what can come of it."""

import re
from typing import Any, Final

from workflows.language.checks.graphs import Graph
from workflows.language.checks.tree import Placed
from workflows.language.checks.writers import writes_of
from workflows.language.expressions import (
    InvalidExpression,
    Reference,
    compile_template,
    has_template,
)
from workflows.language.findings import Findings
from workflows.language.model import Approval, Settings
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean

__all__ = [
    "FORMS",
    "SOMEBODY",
    "check_approval",
    "check_covers",
    "check_people",
    "unknown_when_asking",
]

PERSON: Final = re.compile(r"<@[UW][A-Z0-9]{2,30}>")
SOMEBODY: Final = re.compile(
    r"<@[UW][A-Z0-9]{2,30}>|<!subteam\^S[A-Z0-9]{2,30}(?:\|[^>]{0,80})?>|S[A-Z0-9]{2,30}"
    r"|@[\w.-]{1,80}|(?:role|source):[a-z][a-z0-9_-]{0,63}"
)
FORMS: Final = (
    "People are named as `<@U123>` or `@handle`, groups as `@group` or `S123`, roles as "
    "`role:operator`, machines as `source:NAME`."
)


def check_people(path: Path, people: list[str] | str | None, findings: Findings) -> None:
    """Check the forms of a list of people; a template may become any of them."""
    listed = [people] if isinstance(people, str) else people or []
    for index, each in enumerate(listed):
        if not has_template(each) and not SOMEBODY.fullmatch(each):
            at = path if isinstance(people, str) else (*path, index)
            findings.add("person", at, f"`{each[:80]}` names nobody", FORMS)


def check_approval(path: Path, approval: Approval, settings: Settings, findings: Findings) -> None:
    """Check an approval that stands at *path*, all but what it covers."""
    check_people((*path, "approvers"), approval.approvers, findings)
    _check_what_comes_later(path, approval, findings)
    people = approval.approvers or settings.approvers
    if not people:
        findings.add_absent(
            "approvers",
            (*path, "approvers"),
            "nobody is named who could approve",
            "Write `approvers` here or under `settings`.",
        )
    else:
        _check_quorum(
            path, approval.quorum, [people] if isinstance(people, str) else people, findings
        )
    choices = {"reject", "fail", *approval.decisions}
    if approval.on_timeout not in choices:
        findings.add(
            "value",
            (*path, "on_timeout"),
            f"`{approval.on_timeout[:80]}` cannot come of this approval",
            did_you_mean(approval.on_timeout, choices)
            or f"There are {', '.join(sorted(choices))}.",
        )
    if approval.timeout is None and "on_timeout" in approval.model_fields_set:
        message = "without a `timeout` this never happens"
        findings.warn("no_effect", (*path, "on_timeout"), message, "Add `timeout`.")
    if len(set(approval.decisions)) < len(approval.decisions):
        findings.add(
            "value", (*path, "decisions"), "a decision stands here twice", "Keep one of them."
        )


def _check_what_comes_later(path: Path, approval: Approval, findings: Findings) -> None:
    """Check who is asked as well, and that reminders and escalations come before the end."""
    comes = [((*path, "remind"), after) for after in approval.remind or ()]
    for number, each in enumerate(approval.escalate or ()):
        check_people((*path, "escalate", number, "to"), each.to, findings)
        comes.append(((*path, "escalate", number, "after"), each.after))
    for place, after in comes:
        if approval.timeout is not None and after >= approval.timeout:
            text = "this never happens: the `timeout` comes first"
            findings.warn("no_effect", place, text, "Make it shorter.")


def _check_quorum(path: Path, quorum: int, people: list[str], findings: Findings) -> None:
    if all(PERSON.fullmatch(each) for each in people) and len(set(people)) < quorum:
        findings.add(
            "quorum",
            (*path, "quorum"),
            f"{quorum} must agree, but only {len(set(people))} can",
            "Name more people, or lower the `quorum`.",
        )


def check_covers(gate: Placed, graph: Graph, findings: Findings) -> None:
    """Check that what an approval covers comes behind it, and can be shown when it asks."""
    if gate.step is None or gate.step.approval is None:
        return
    for number, name in enumerate(gate.step.approval.covers or ()):
        path = (*gate.path, "approval", "covers", number)
        index = graph.index(name)
        if index is None:
            near = did_you_mean(name, [each.id for each in graph.steps])
            hint = near or "It names steps of its own list that come after it."
            findings.add("covers", path, f"there is no step `{name[:80]}` here", hint)
            continue
        covered, place = graph.steps[index].step, graph.index(gate.id)
        if covered is None or place is None:
            continue
        if covered.action is None:
            message = f"`{name}` is no action, so there is nothing to cover"
            findings.add("covers", path, message, "Name steps with `action`.")
        elif not graph.comes_before(place, index):
            findings.add(
                "covers",
                path,
                f"`{name}` does not come after this approval",
                f"Let it need `{gate.id}`.",
            )
        elif unknown := unknown_when_asking(place, index, graph):
            findings.add(
                "covers",
                path,
                f"`{name}` cannot be covered: `{unknown}` is not known yet when people are asked",
                "Ask later, or leave the step out of `covers`.",
            )


def unknown_when_asking(gate: int, covered: int, graph: Graph) -> str | None:
    """Return a name in the params of *covered* whose value may change after *gate* has asked."""
    step = graph.steps[covered].step
    for reference in _references(step.params if step else None):
        root, *rest = reference.path
        name = str(rest[0]) if rest else ""
        if root == "steps":
            index = graph.index(name)
            if index is not None and not graph.comes_before(index, gate):
                return f"steps.{name}"
        if root == "vars" and _set_in_between(name, gate, covered, graph):
            return f"vars.{name}"
    return None


def _set_in_between(name: str, gate: int, covered: int, graph: Graph) -> bool:
    return any(
        any(name == written for written, _ in writes_of(placed))
        and not graph.comes_before(index, gate)
        and not graph.comes_before(covered, index)
        for index, placed in enumerate(graph.steps)
    )


def _references(params: Any) -> tuple[Reference, ...]:
    try:
        return compile_template(params).references
    except InvalidExpression:
        return ()  # noted where the params are checked
