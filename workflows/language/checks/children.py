"""Checks the children that a step starts: that they exist, take what they are given, and end."""

from collections.abc import Iterable, Mapping
from typing import Final

from workflows.language.checks.around import Checks
from workflows.language.checks.scope import Scope
from workflows.language.errors import Severity
from workflows.language.expressions import has_template
from workflows.language.inputs import value_problems
from workflows.language.model import Step
from workflows.language.neighbours import Known
from workflows.language.places import Path
from workflows.language.slugs import WORKFLOW_NAME, mended
from workflows.language.suggestions import did_you_mean

__all__ = ["check_calls", "check_child"]

MENDS: Final[Mapping[str, tuple[str, str]]] = {
    "draft": ("is a draft", "Activate it first."),
    "paused": ("is paused", "Resume it first."),
    "archived": ("is archived", "Restore it first, or start another one."),
}


def check_child(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    """Check the step at *path*, which starts another workflow."""
    name, given = str(step.workflow), step.inputs or {}
    child = checks.neighbours.known.get(name)
    for key, value in given.items():
        declared = child.inputs.get(key) if child else None
        seen = scope.unveiled() if declared is not None and declared.secret else scope
        checks.texts.template((*path, "inputs", key), value, seen)
    if has_template(name):
        return  # noted as a stray template
    at = (*path, "workflow")
    if not WORKFLOW_NAME.fullmatch(name):
        hint = f"Write `{mended(name, '-')}`."
        checks.findings.add("slug", at, f"`{name[:80]}` is no name of a workflow", hint)
    elif child is None:
        _note_unknown(at, name, checks)
    else:
        _check_inputs((*path, "inputs"), step, child, checks)
        if child.status in MENDS:
            is_now, mend = MENDS[child.status]
            message = f"the workflow `{name}` {is_now}, so no run of it could begin here"
            checks.findings.warn("idle_child", at, message, mend)


def _note_unknown(path: Path, name: str, checks: Checks) -> None:
    near = did_you_mean(name, checks.neighbours.known)
    if checks.neighbours.complete:
        checks.findings.add(
            "child", path, f"there is no workflow `{name}`", near or "Publish it first."
        )
    else:
        message = f"nothing is known here of a workflow `{name}`"
        hint = near or "It must be published before this one."
        checks.findings.warn("child", path, message, hint)


def _check_inputs(path: Path, step: Step, child: Known, checks: Checks) -> None:
    severity: Severity = "error" if checks.neighbours.complete else "warning"
    given, add = step.inputs or {}, checks.findings.add
    for key, value in given.items():
        if key not in child.inputs:
            message = f"the workflow `{step.workflow}` has no input `{key[:80]}`"
            add("child", (*path, key), message, did_you_mean(key, child.inputs), severity=severity)
        declared = child.inputs.get(key)
        if declared is None or (isinstance(value, str) and has_template(value)):
            continue
        for message in value_problems(declared, value):
            add("child", (*path, key), f"`{key}` {message}", severity=severity)
    for key, declared in child.inputs.items():
        if declared is not None and declared.required and key not in given:
            message = f"the workflow `{step.workflow}` needs the input `{key}`"
            add("child", path, message, "Add it under `inputs`.", severity=severity)


def check_calls(name: str, calls: Iterable[tuple[Path, str]], checks: Checks) -> None:
    """Note children that start this workflow again, come what may; *calls* are those of the file."""
    for path, child in calls:
        trail = checks.neighbours.way_back(child, name)
        if trail is not None:
            shown = " -> ".join([name, *trail])
            checks.findings.add(
                "recursion",
                path,
                f"this would go on for ever: {shown}",
                "Give one of these steps a `condition`.",
            )
