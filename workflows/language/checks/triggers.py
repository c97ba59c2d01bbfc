"""Checks the triggers: the names of their events, which of them they take, and what they give."""

from workflows.language.checks.approvals import check_people
from workflows.language.checks.events import check_event_name
from workflows.language.checks.scope import Scope
from workflows.language.checks.texts import Texts
from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.inputs import value_problems
from workflows.language.model import Head, Trigger
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean

__all__ = ["check_settings", "check_triggers"]


def check_triggers(head: Head, scope: Scope, texts: Texts, findings: Findings) -> None:
    """Check every trigger of *head*; *scope* is what their texts see."""
    seen: dict[str, int] = {}
    for index, trigger in enumerate(head.triggers):
        path = ("triggers", index)
        name = trigger.id or str(index)
        if name in seen:
            message = f"there is a trigger `{name}` already"
            findings.add("duplicate", (*path, "id"), message, "Give one of them another id.")
        seen.setdefault(name, index)
        _check_kind(path, trigger, findings)
        if trigger.where is not None:
            texts.expression((*path, "where"), trigger.where, scope)
        texts.template((*path, "inputs"), trigger.inputs, scope)
        _check_inputs(path, trigger, head, findings)


def _check_kind(path: Path, trigger: Trigger, findings: Findings) -> None:
    if trigger.event is not None:
        check_event_name((*path, "event"), trigger.event, findings)
        return
    written = findings.document.get(path) or {}
    if not any(written.get(key) is not None for key in (*Trigger.later, "event")):
        findings.add_absent(
            "missing", (*path, "event"), "this trigger does not say what it waits for",
            "Write `event: process.completed`, or another name of an event.",
        )  # fmt: skip


def _check_inputs(path: Path, trigger: Trigger, head: Head, findings: Findings) -> None:
    at = (*path, "inputs")
    for name, value in trigger.inputs.items():
        declared = head.inputs.get(name)
        if declared is None:
            hint = did_you_mean(name, head.inputs)
            message = f"the workflow has no input `{name[:80]}`"
            findings.add_key("reference", (*at, name), message, hint)
        elif not (isinstance(value, str) and has_template(value)):
            for message in value_problems(declared, value):
                findings.add("value", (*at, name), f"`{name}` {message}")
    for name, declared in head.inputs.items():
        if declared.required and name not in trigger.inputs:
            findings.add_absent(
                "missing",
                (*at, name),
                f"this trigger does not give the required input `{name}`",
                "Add it under `inputs`.",
            )


def check_settings(head: Head, scope: Scope, texts: Texts, findings: Findings) -> None:
    """Check what the settings name."""
    settings = head.settings
    check_people(("settings", "approvers"), settings.approvers, findings)
    check_people(("settings", "start_by"), settings.start_by, findings)
    texts.template(("settings", "channel"), settings.channel, scope)
