"""Checks what a step does, and the keys that go with some verbs only."""

from dataclasses import dataclass
from typing import Final

from workflows.language.catalogue import ActionSpec, Catalogue
from workflows.language.checks.approvals import check_approval
from workflows.language.checks.params import check_params
from workflows.language.checks.scope import Scope
from workflows.language.checks.shell import check_argv
from workflows.language.checks.texts import Texts
from workflows.language.checks.waits import check_wait_for
from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.model import Head, Step, Until
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean
from workflows.language.times import InvalidTime, parse_time

__all__ = ["Checks", "check_keys", "check_verb"]

SHELL: Final = "shell.run"
OF_ACTIONS: Final = ("params", "retry", "requires_approval", "repeatable")
APPROVAL_TEXTS: Final = ("title", "description", "show", "approvers", "channel", "escalate")


@dataclass(frozen=True, slots=True)
class Checks:
    """What every check of a step needs; *head* is the workflow without its steps."""

    head: Head
    catalogue: Catalogue
    findings: Findings
    texts: Texts


def check_verb(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    """Check what the step at *path* does."""
    if step.action is not None:
        _check_action(path, step, scope, checks)
    if step.approval is not None:
        for key in APPROVAL_TEXTS:
            checks.texts.template((*path, "approval", key), step.approval.written(key), scope)
        check_approval((*path, "approval"), step.approval, checks.head.settings, checks.findings)
    if step.wait is not None:
        _check_wait((*path, "wait"), step.wait, scope, checks)
    if step.wait_for is not None:
        check_wait_for((*path, "wait_for"), step.wait_for, scope, checks.texts, checks.findings)
    for verb in ("fail", "stop"):
        checks.texts.template((*path, verb), step.value(verb), scope)
    _check_set(path, step, scope, checks)


def _check_set(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    for name, value in (step.set_ or {}).items():
        if name not in checks.head.vars:
            hint = did_you_mean(name, checks.head.vars) or "Declare it under `vars`."
            checks.findings.add_key(
                "reference", (*path, "set", name), f"there is no var `{name[:80]}`", hint
            )
        checks.texts.template((*path, "set", name), value, scope)


def _check_wait(path: Path, wait: str | Until, scope: Scope, checks: Checks) -> None:
    text = wait if isinstance(wait, str) else wait.until
    at = path if isinstance(wait, str) else (*path, "until")
    if has_template(text):
        checks.texts.template(at, text, scope)
        return
    try:
        if isinstance(wait, str):
            parse_duration(text)
        else:
            parse_time(text)
    except (InvalidDuration, InvalidTime) as error:
        code = "duration" if isinstance(wait, str) else "time"
        checks.findings.add(code, at, error.message, error.hint)


def _check_action(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    name, params = str(step.action), step.params or {}
    checks.texts.template((*path, "params"), params, scope.plus("secrets"))
    spec = checks.catalogue.get(name)
    if spec is None:
        if not has_template(name):  # otherwise noted as a stray template
            hint = did_you_mean(name, checks.catalogue.names())
            message = f"there is no action `{name[:80]}`"
            checks.findings.add("unknown_action", (*path, "action"), message, hint)
        return
    check_params((*path, "params"), params, spec, checks.findings)
    if name == SHELL:
        programs = checks.head.settings.programs
        check_argv((*path, "params", "argv"), params.get("argv"), programs, checks.findings)
    _check_repeatable(path, step, spec, checks.findings)


def _check_repeatable(path: Path, step: Step, spec: ActionSpec, findings: Findings) -> None:
    if step.repeatable and spec.repeatable is not True and step.action != SHELL:
        findings.add(
            "repeatable",
            (*path, "repeatable"),
            f"`{step.action}` says itself whether it may run again",
            f"Only of `{SHELL}` may a workflow say that.",
        )
    repeatable = spec.repeatable if step.repeatable is None else step.repeatable
    if step.retry is not None and step.retry.on is None and repeatable is False:
        findings.warn(
            "retry",
            (*path, "retry"),
            "this step is not repeatable, so it is tried again only if it never started",
            "Say with `on` after which errors it is tried again.",
        )


def check_keys(path: Path, step: Step, checks: Checks) -> None:
    """Check the keys that go with some verbs only."""
    if step.verb is None:
        return
    findings = checks.findings
    for key in OF_ACTIONS:
        said_below = key == "retry" and step.approval is not None
        if step.verb != "action" and getattr(step, key) not in (None, False) and not said_below:
            findings.add_key(
                "misplaced",
                (*path, key),
                f"`{key}` does not go with `{step.verb}`",
                "It belongs to `action`.",
            )
    if step.timeout is not None:
        _check_timeout((*path, "timeout"), step, findings)
    _check_no_is_no(path, step, findings)
    if step.requires_approval and not checks.head.settings.approvers:
        findings.add_absent(
            "approvers",
            (*path, "approvers"),
            "nobody is named who could approve this step",
            "Write `approvers` under `settings`.",
        )


def _check_timeout(path: Path, step: Step, findings: Findings) -> None:
    if step.verb in ("approval", "wait_for"):
        what = "an approval" if step.verb == "approval" else "a `wait_for`"
        hint = f"Move it into `{step.verb}`."
        findings.add_key("misplaced", path, f"{what} has a `timeout` of its own", hint)
    elif step.verb not in ("action", "wait"):
        findings.warn("no_effect", path, f"`{step.verb}` takes no time")


def _check_no_is_no(path: Path, step: Step, findings: Findings) -> None:
    if step.approval is None and not step.requires_approval:
        return
    what = "an approval" if step.approval is not None else "`requires_approval`"
    hint = "A No is never a Yes: handle it with a list of steps, or with an edge `on: failure`."
    if step.on_error == "continue":
        findings.add("no_is_no", (*path, "on_error"), f"`continue` does not go with {what}", hint)
    if step.retry is not None:
        findings.add_key("no_is_no", (*path, "retry"), f"`retry` does not go with {what}", hint)
