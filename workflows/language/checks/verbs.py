"""Checks what a step does."""

from collections.abc import Sequence
from typing import Any, Final

from workflows.language.checks.approvals import check_approval
from workflows.language.checks.around import Checks
from workflows.language.checks.children import check_child
from workflows.language.checks.params import check_params
from workflows.language.checks.scope import Scope
from workflows.language.checks.shell import check_argv, warn_of_secrets
from workflows.language.checks.waits import check_wait_for
from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.expressions import has_template
from workflows.language.model import Step, Until
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean
from workflows.language.times import InvalidTime, parse_time

__all__ = ["check_verb"]

SHELL: Final = "shell.run"
APPROVAL_TEXTS: Final = ("title", "description", "show", "approvers", "channel", "escalate")


def check_verb(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    """Check what the step at *path* does, and what takes it back."""
    if step.action is not None:
        _check_action(path, step.action, step.params or {}, scope, checks)
        _check_repeatable(path, step, checks)
    if step.approval is not None:
        for key in APPROVAL_TEXTS:
            checks.texts.template((*path, "approval", key), step.approval.written(key), scope)
        check_approval((*path, "approval"), step.approval, checks.head.settings, checks.findings)
    if step.workflow is not None:
        check_child(path, step, scope, checks)
    if step.compensate is not None:
        _check_compensate((*path, "compensate"), step, scope, checks)
    _check_plain_verb(path, step, scope, checks)


def _check_plain_verb(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    if step.wait is not None:
        _check_wait((*path, "wait"), step.wait, scope, checks)
    if step.wait_for is not None:
        check_wait_for((*path, "wait_for"), step.wait_for, scope, checks.texts, checks.findings)
    if step.fail is not None:
        checks.texts.template((*path, "fail"), step.fail, scope)
    if step.stop is not None:
        checks.texts.template((*path, "stop"), step.stop, scope)
    _check_set(path, step, scope, checks)


def _check_compensate(path: Path, step: Step, scope: Scope, checks: Checks) -> None:
    """Check what takes the step back: its own output is there by then."""
    undo = step.compensate
    if undo is None:
        return
    seen = scope.seeing({step.id: step})
    _check_action(path, undo.action, undo.params, seen, checks)
    if undo.retry is not None and undo.retry.if_ is not None:
        around = seen.plus("error", "attempt")
        checks.texts.expression((*path, "retry", "if"), undo.retry.if_, around)


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


def _check_action(
    path: Path, name: str, params: dict[str, Any], scope: Scope, checks: Checks
) -> None:
    checks.texts.template((*path, "params"), params, scope.plus("secrets").unveiled())
    spec = checks.catalogue.get(name)
    if spec is None:
        if not has_template(name):  # otherwise noted as a stray template
            hint = _near_action(name, sorted(checks.catalogue.names()))
            message = f"there is no action `{name[:80]}`"
            checks.findings.add("unknown_action", (*path, "action"), message, hint)
        return
    check_params((*path, "params"), params, spec, checks.findings)
    if name == SHELL:
        programs = checks.head.settings.programs
        check_argv((*path, "params", "argv"), params.get("argv"), programs, checks.findings)
        warn_of_secrets(
            (*path, "params", "argv"), params.get("argv"), scope.veiled, checks.findings
        )


def _near_action(name: str, known: Sequence[str]) -> str:
    """Say which action is meant, or which there are of that service, or which services there are."""
    service = name.partition(".")[0]
    alike = [each for each in known if each.startswith(f"{service}.")]
    services = list(dict.fromkeys(each.partition(".")[0] for each in known))
    return did_you_mean(name, known) or f"There are {', '.join(alike or services)}."


def _check_repeatable(path: Path, step: Step, checks: Checks) -> None:
    spec = checks.catalogue.get(str(step.action))
    if spec is None:
        return
    if step.repeatable and spec.repeatable is not True and step.action != SHELL:
        checks.findings.add(
            "repeatable",
            (*path, "repeatable"),
            f"`{step.action}` says itself whether it may run again",
            f"Only of `{SHELL}` may a workflow say that.",
        )
    repeatable = spec.repeatable if step.repeatable is None else step.repeatable
    if step.retry is not None and step.retry.on is None and repeatable is False:
        checks.findings.warn(
            "retry",
            (*path, "retry"),
            "this step is not repeatable, so it is tried again only if it never started",
            "Say with `on` after which errors it is tried again.",
        )
