"""Checks what a trigger waits for: exactly one kind, and beside it only what goes with it."""

import re
from typing import Any, Final

from workflows.language.checks.around import Checks
from workflows.language.checks.events import check_event_name
from workflows.language.checks.slack import check_slack
from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.model import Trigger
from workflows.language.places import Path
from workflows.language.slugs import WORKFLOW_NAME, mended
from workflows.language.suggestions import did_you_mean
from workflows.schedule import InvalidSchedule, check_schedule, check_zone

__all__ = ["check_kind"]

OF_THE_WHOLE: Final = ("inputs", "enabled")
COMPOUND: Final = ("all_of", "absence")
SECRET_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def check_kind(path: Path, trigger: Trigger, checks: Checks, *, part: bool) -> None:
    """Check the kind of the trigger at *path*, which is a *part* of another one, or whole."""
    findings = checks.findings
    kinds = [kind for kind in Trigger.kinds if trigger.value(kind) is not None]
    if not kinds:
        _note_none(path, findings)
        return
    if len(kinds) > 1:
        both = " and ".join(f"`{kind}`" for kind in kinds)
        message = f"a trigger has one kind, and this has {both}"
        findings.add_key("verb", (*path, kinds[1]), message, "Make it two triggers.")
    kind = kinds[0]
    for key in trigger.model_fields_set & Trigger.keys.keys():
        if kind not in Trigger.keys[key] and trigger.value(key) is not None:
            shown = " or ".join(f"`{owner}`" for owner in Trigger.keys[key])
            hint = f"It belongs to {shown}."
            findings.add_key("misplaced", (*path, key), f"`{key}` does not go with `{kind}`", hint)
    if part:
        _check_part(path, kind, trigger, findings)
    _check_value(path, kind, trigger, checks)


def _note_none(path: Path, findings: Findings) -> None:
    written = findings.document.get(path) or {}
    kinds = {*Trigger.later, *Trigger.kinds}
    if any(value is not None and (key in kinds or "." in key) for key, value in written.items()):
        return  # what is there is wrong, and has been complained about
    findings.add_absent(
        "missing", (*path, "event"), "this trigger does not say what it waits for",
        "Write `event: process.completed`, or another name of an event.",
    )  # fmt: skip


def _check_part(path: Path, kind: str, trigger: Trigger, findings: Findings) -> None:
    if kind in COMPOUND:
        hint = "List the triggers themselves."
        findings.add_key("misplaced", (*path, kind), f"`{kind}` cannot stand inside another", hint)
    for key in OF_THE_WHOLE:
        if key in trigger.model_fields_set:
            message = f"`{key}` is said of the whole trigger"
            findings.add_key("misplaced", (*path, key), message, "Move it one level up.")


def _check_value(path: Path, kind: str, trigger: Trigger, checks: Checks) -> None:
    value: Any = trigger.value(kind)
    findings = checks.findings
    match kind:
        case "event":
            check_event_name((*path, "event"), value, findings)
        case "schedule":
            _check_schedule(path, trigger, findings)
        case "file":
            _check_glob((*path, "file"), value, findings)
        case "workflow":
            _check_workflow((*path, "workflow"), value, checks)
        case "webhook":
            _check_webhook(path, trigger, findings)
        case "slack":
            check_slack((*path, "slack"), value, findings)
        case "all_of" if "within" not in (findings.document.get(path) or {}):
            message = "`all_of` needs the key `within`"
            findings.add_absent("missing", (*path, "within"), message, "Add `within: 1h`.")


def _check_webhook(path: Path, trigger: Trigger, findings: Findings) -> None:
    if trigger.id is None and "id" not in (findings.document.get(path) or {}):
        message = "a webhook needs an `id`, which is part of its address"
        findings.add_absent("missing", (*path, "id"), message, "Add `id: NAME`.")
    if trigger.secret is not None and not SECRET_NAME.fullmatch(trigger.secret):
        message = "`secret` is the name of a secret in the store, and never the secret itself"
        hint = (
            "Write its name, as `DEPLOY_HOOK`; without `secret` Baton makes one and shows it once."
        )
        findings.add("value", (*path, "secret"), message, hint)


def _check_schedule(path: Path, trigger: Trigger, findings: Findings) -> None:
    zone = trigger.timezone or "UTC"
    try:
        check_zone(zone)
    except InvalidSchedule as error:
        findings.add("timezone", (*path, "timezone"), error.message, error.hint)
        zone = "UTC"
    if has_template(str(trigger.schedule)):
        return  # noted as a stray template
    try:
        check_schedule(str(trigger.schedule), zone)
    except InvalidSchedule as error:
        findings.add("cron", (*path, "schedule"), error.message, error.hint)


def _check_glob(path: Path, glob: str, findings: Findings) -> None:
    if glob.startswith(("/", "~")) or ".." in glob.replace("\\", "/").split("/"):
        findings.add(
            "value",
            path,
            f"`{glob[:80]}` leads out of BATON_ROOT",
            "Write a glob from there on, as `reports/*.xml`.",
        )
    elif ".git" in glob.split("/"):
        findings.add(
            "value",
            path,
            "what git writes into `.git` is not watched",
            "Watch the files of the project; `git.log` in a schedule tells of commits.",
        )


def _check_workflow(path: Path, name: str, checks: Checks) -> None:
    if has_template(name):
        return  # noted as a stray template
    if not WORKFLOW_NAME.fullmatch(name):
        hint = f"Write `{mended(name, '-')}`."
        checks.findings.add("slug", path, f"`{name[:80]}` is no name of a workflow", hint)
    elif name == checks.head.name:
        checks.findings.add(
            "recursion",
            path,
            "a run never triggers another one of its own workflow",
            "Use a step with `repeat`, or a schedule.",
        )
    elif checks.neighbours.complete and name not in checks.neighbours.known:
        hint = did_you_mean(name, checks.neighbours.known) or "It may come later."
        checks.findings.warn("child", path, f"there is no workflow `{name}`", hint)
