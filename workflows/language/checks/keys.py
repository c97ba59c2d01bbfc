"""Checks the keys of a step: one verb, and beside it only what goes with it."""

from typing import Final

from workflows.language.checks.around import Checks
from workflows.language.findings import Findings
from workflows.language.model import Step
from workflows.language.places import Path

__all__ = ["check_keys", "check_one_verb"]

WITHOUT_TIME: Final = ("set", "fail", "stop")


def check_one_verb(path: Path, step: Step, findings: Findings) -> None:
    """Note a step that does nothing, or more than one thing."""
    verbs = step.said
    if len(verbs) > 1:
        both = " and ".join(f"`{verb}`" for verb in verbs)
        findings.add_key(
            "verb",
            (*path, verbs[1]),
            f"a step does one thing, and this has {both}",
            "Make it two steps.",
        )
    if verbs:
        return
    written = findings.document.get(path) or {}
    if any(written.get(key) is not None for key in Step.verbs):
        return  # a verb that is there and wrong has been complained about
    empty = next((key for key in Step.verbs if key in written), None)
    if empty is not None:
        findings.add_absent(
            "verb", (*path, empty), f"`{empty}` says nothing here", "Write what it is to do."
        )
        return
    known = ", ".join(f"`{verb}`" for verb in Step.verbs)
    findings.add_absent(
        "verb", (*path, "action"), f"the step `{step.id}` does nothing", f"Give it one of {known}."
    )


def check_keys(path: Path, step: Step, checks: Checks) -> None:
    """Check the keys that go with some verbs only."""
    verb = step.verb
    if verb is None:
        return
    findings = checks.findings
    for field in step.model_fields_set:
        key = field.removesuffix("_")
        if key in Step.keys:
            _check_key((*path, key), step, verb, findings)
    if step.timeout is not None:
        _check_timeout((*path, "timeout"), verb, findings)
    _check_ends(path, step, verb, findings)
    _check_no_is_no(path, step, findings)
    if step.requires_approval and not checks.head.settings.approvers:
        findings.add_absent(
            "approvers",
            (*path, "approvers"),
            "nobody is named who could approve this step",
            "Write `approvers` under `settings`.",
        )


def _check_key(path: Path, step: Step, verb: str, findings: Findings) -> None:
    key = str(path[-1])
    owners = Step.keys[key]
    said_below = key == "retry" and step.approval is not None
    if verb in owners or step.value(key) in (None, False) or said_below:
        return
    shown = " or ".join(f"`{owner}`" for owner in owners)
    hint = f"It belongs to {shown}."
    findings.add_key("misplaced", path, f"`{key}` does not go with `{verb}`", hint)


def _check_timeout(path: Path, verb: str, findings: Findings) -> None:
    if verb in ("approval", "wait_for"):
        what = "an approval" if verb == "approval" else "a `wait_for`"
        hint = f"Move it into `{verb}`."
        findings.add_key("misplaced", path, f"{what} has a `timeout` of its own", hint)
    elif verb in WITHOUT_TIME:
        findings.warn("no_effect", path, f"`{verb}` takes no time", "Leave it out.")


def _check_ends(path: Path, step: Step, verb: str, findings: Findings) -> None:
    if step.compensate is not None and verb in ("fail", "stop"):
        text = f"`{verb}` ends the run, so there is nothing to take back"
        findings.warn("no_effect", (*path, "compensate"), text, "Leave it out.")
    if step.on_error != "fail" and verb == "fail":
        text = "`fail` ends the run, whoever would handle it"
        hint = "Leave it out; what is to run then stands in `on_failure` of the workflow."
        findings.warn("no_effect", (*path, "on_error"), text, hint)


def _check_no_is_no(path: Path, step: Step, findings: Findings) -> None:
    if step.approval is None and not step.requires_approval:
        return
    what = "an approval" if step.approval is not None else "`requires_approval`"
    hint = "A No is never a Yes: handle it with a list of steps, or with an edge `on: failure`."
    if step.on_error == "continue":
        findings.add("no_is_no", (*path, "on_error"), f"`continue` does not go with {what}", hint)
    if step.retry is not None:
        findings.add_key("no_is_no", (*path, "retry"), f"`retry` does not go with {what}", hint)
