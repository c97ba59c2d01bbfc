"""Checks the steps that hold others: the list of a loop, the branches of a race, and their joins."""

from typing import Final

from workflows.language.checks.around import Checks
from workflows.language.checks.scope import EVERYWHERE, Scope
from workflows.language.findings import Findings
from workflows.language.model import Step
from workflows.language.places import Path

__all__ = ["check_container", "names_inside"]

TAKEN: Final = EVERYWHERE | {"steps", "secrets", "event", "error", "attempt", "index"}
WINNER: Final = "winner"
WORDS: Final = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none"})


def names_inside(step: Step, keys: Path) -> tuple[str, ...]:
    """Return the names that the steps behind *keys* of *step* have besides those around them."""
    if keys == ("on_error",):
        return ("error",)
    if keys == ("steps",):
        return ("index",) if step.for_each is None else (step.as_ or "item", "index")
    return ()


def check_container(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    """Check what the step at *path* says about the steps inside it."""
    findings = checks.findings
    if step.for_each is not None:
        checks.texts.template((*path, "for_each"), step.for_each, scope)
        _check_list((*path, "for_each"), step, findings)
        _check_name((*path, "as"), step.as_, findings)
        turn = scope.plus(*names_inside(step, ("steps",)))
        checks.texts.template((*path, "key"), step.key, turn)
    if (step.for_each is not None or step.repeat is not None) and step.steps is None:
        written = findings.document.get((*path, "steps"))
        if written is None:
            verb = f"`{step.verb}` needs the key `steps`"
            findings.add_absent("missing", (*path, "steps"), verb, "It holds what is run.")
    if step.parallel is not None:
        _check_join(path, step, findings)
    if step.switch is not None:
        _check_branches((*path, "switch"), step, scope, checks)


def _check_list(path: Path, step: Step, findings: Findings) -> None:
    if isinstance(step.for_each, str) and "{{" not in step.for_each:
        findings.add(
            "type",
            path,
            "`for_each` must be a list, or a template that gives one, not text",
            'Write `"{{ inputs.names }}"`, or a list.',
        )


def _check_name(path: Path, name: str | None, findings: Findings) -> None:
    if name in TAKEN or name in WORDS:
        findings.add(
            "reserved",
            path,
            f"`{name}` means something else in expressions already",
            "Give the item another name.",
        )


def _check_join(path: Path, step: Step, findings: Findings) -> None:
    branches = step.parallel or {}
    count = len(branches)
    if WINNER in branches:
        message = f"`{WINNER}` is where the output says which branch came in first"
        at = (*path, "parallel", WINNER)
        findings.add_key("reserved", at, message, "Give the branch another name.")
    if isinstance(step.join, int) and step.join > count:
        findings.add(
            "join",
            (*path, "join"),
            f"{step.join} branches must complete, but there are {count}",
            "Lower `join`, or add branches.",
        )


def _check_branches(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    branches = step.switch or []
    for number, branch in enumerate(branches):
        if branch.if_ is not None:
            checks.texts.expression((*path, number, "if"), branch.if_, scope)
        elif number < len(branches) - 1:
            checks.findings.add_key(
                "unreachable",
                (*path, number, "else"),
                "what stands behind `else` is never taken",
                "Put `else` last.",
            )
