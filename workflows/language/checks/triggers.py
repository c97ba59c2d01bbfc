"""Checks the triggers: their kinds, which of what happens they take, and what they give."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from workflows.language.checks.approvals import check_people
from workflows.language.checks.around import Checks
from workflows.language.checks.kinds import check_kind
from workflows.language.checks.scope import Scope
from workflows.language.event_names import EVENT_FIELDS
from workflows.language.expressions import has_template
from workflows.language.inputs import value_problems
from workflows.language.model import Trigger
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean

__all__ = ["check_settings", "check_triggers", "trigger_fields"]

BY_HAND: Final = frozenset({"kind", "by"})
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "event": EVENT_FIELDS,
    "schedule": frozenset({"due_at"}),
    "every": frozenset({"due_at"}),
    "file": frozenset({"path", "change"}),
    "workflow": frozenset({"run_id", "status", "outputs"}),
    "webhook": frozenset({"headers", "body"}),
    "slack": frozenset({"text", "user", "channel", "ts", "thread_ts", "reaction"}),
    "all_of": frozenset({"events"}),
    "absence": frozenset({"after"}),
}
"""What `trigger` holds, by the kind of trigger."""
BEFORE_IT_BEGINS: Final = ("inputs", "started_by")
"""What is known of a run when its channel and its key are worked out: no var, and no number yet."""
FROM_THE_STORE: Final = "Take it from the store: `{{ secrets.NAME }}` in the params of an action."
WITHOUT_A_HAND: Final = (
    "A trigger cannot give what is secret: drop `required`, or take it from the store as "
    "`{{ secrets.NAME }}`."
)


def trigger_fields(triggers: Iterable[Trigger]) -> frozenset[str] | None:
    """Return what `trigger` may hold: the fields of all of them, and of a start by hand.

    Any event may ask for a workflow by its name, so one without triggers may see those of an event.
    It is None where one of the triggers cannot be read.
    """
    kinds = [trigger.kind for trigger in triggers]
    if None in kinds:
        return None
    return BY_HAND.union(*(FIELDS[str(kind)] for kind in kinds or ["event"]))


def check_triggers(scope: Scope, checks: Checks) -> None:
    """Check every trigger; *scope* is what their texts see."""
    seen: dict[str, int] = {}
    for index, trigger in enumerate(checks.head.triggers):
        path = ("triggers", index)
        name = trigger.id or str(index)
        if name in seen:
            message = f"there is a trigger `{name}` already"
            checks.findings.add("duplicate", (*path, "id"), message, "Give one of them another id.")
        seen.setdefault(name, index)
        _check_trigger(path, trigger, scope, checks)
        checks.texts.template((*path, "inputs"), trigger.inputs, _of(trigger, scope))
        _check_inputs(path, trigger, checks)


def _of(trigger: Trigger, scope: Scope) -> Scope:
    """Return *scope* with no more under `trigger` than this one brings."""
    return replace(scope, trigger=None if trigger.kind is None else FIELDS[trigger.kind] | {"kind"})


def _check_trigger(
    path: Path, trigger: Trigger, scope: Scope, checks: Checks, *, part: bool = False
) -> None:
    """Check one trigger, or a *part* of one, and those inside it."""
    check_kind(path, trigger, checks, part=part)
    own = _of(trigger, scope)
    if trigger.where is not None:
        checks.texts.expression((*path, "where"), trigger.where, own)
    for number, each in enumerate(trigger.all_of or ()):
        at = (*path, "all_of", number)
        _check_trigger(at, each, scope, checks, part=True)
        if trigger.correlate is not None:
            checks.texts.template((*path, "correlate"), trigger.correlate, _of(each, scope))
    if trigger.absence is not None:
        for key, each in (("of", trigger.absence.of), ("after", trigger.absence.after)):
            _check_trigger((*path, "absence", key), each, scope, checks, part=True)
            if trigger.correlate is not None:
                checks.texts.template((*path, "correlate"), trigger.correlate, _of(each, scope))


def _check_inputs(path: Path, trigger: Trigger, checks: Checks) -> None:
    at, declared_inputs = (*path, "inputs"), checks.head.inputs
    for name, value in trigger.inputs.items():
        declared = declared_inputs.get(name)
        if declared is None:
            hint = did_you_mean(name, declared_inputs)
            message = f"the workflow has no input `{name[:80]}`"
            checks.findings.add_key("reference", (*at, name), message, hint)
        elif declared.secret:
            message = f"the input `{name}` is secret, and what a trigger gives stands in clear"
            checks.findings.add_key("secret", (*at, name), message, FROM_THE_STORE)
        elif not (isinstance(value, str) and has_template(value)):
            for message in value_problems(declared, value):
                checks.findings.add("value", (*at, name), f"`{name}` {message}")
    for name, declared in declared_inputs.items():
        if declared.required and name not in trigger.inputs:
            checks.findings.add_absent(
                "missing",
                (*at, name),
                f"this trigger does not give the required input `{name}`",
                WITHOUT_A_HAND if declared.secret else "Add it under `inputs`.",
            )


def check_settings(scope: Scope, checks: Checks) -> None:
    """Check what the settings name."""
    settings = checks.head.settings
    check_people(("settings", "approvers"), settings.approvers, checks.findings)
    check_people(("settings", "start_by"), settings.start_by, checks.findings)
    at_start = replace(scope, names=scope.names - {"vars"}, run=BEFORE_IT_BEGINS)
    checks.texts.template(("settings", "channel"), settings.channel, at_start)
    if settings.concurrency is not None:
        key = ("settings", "concurrency", "key")
        checks.texts.template(key, settings.concurrency.key, at_start)
