"""What starts a rehearsed run: the first event that matches a trigger, or a hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from coordination.occasions import Occasion, event_of
from coordination.ports import TriggerSpec
from coordination.spoken import Spoken, fits
from coordination.triggers import Matcher, Seen, Trigger, tellings_of
from workflows.language.expressions import Evaluator
from workflows.language.inputs import check_inputs
from workflows.rehearsal.company import Rehearsable
from workflows.rehearsal.hall import Began
from workflows.rehearsal.happenings import ENDING, Happening, Other, Signal
from workflows.rehearsal.happenings import event_of as happened
from workflows.rehearsal.script import InvalidScript, Problem, Script

__all__ = ["Opening", "open_with"]

SOMEBODY = "rehearsal"
SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Opening:
    """How the run begins, why, and what is to happen after that."""

    began: Began
    why: str
    rest: tuple[Happening, ...]


def open_with(piece: Rehearsable, script: Script, now: datetime) -> Opening:
    """Find out what starts *piece*: inputs that the script names win over those of the trigger.

    Raises:
        InvalidInputs: what it would be started with does not fit.
        InvalidScript: the inputs of the trigger that matched cannot be worked out.
    """
    for happening in script.happenings:
        matched = _matched(piece, happening, now)
        if matched is not None:
            given, trigger, by, why = matched
            rest = tuple(each for each in script.happenings if each is not happening)
            inputs = check_inputs(piece.workflow.inputs, {**given, **script.inputs})
            return Opening(Began(inputs, trigger, by), why, rest)
    inputs = check_inputs(piece.workflow.inputs, script.inputs)
    trigger = {"kind": "manual", "by": SOMEBODY}
    why = "by hand"
    if script.happenings and piece.workflow.triggers:
        why = "by hand: no event matches a trigger"
    return Opening(Began(inputs, trigger, SOMEBODY), why, script.happenings)


Match: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Any], str, str]


def _matched(piece: Rehearsable, happening: Happening, now: datetime) -> Match | None:
    """Ask the Dispatcher's own matcher; of a combination of events no part starts a run."""
    definition, matcher = piece.definition, Matcher(Evaluator())
    for spec in definition.triggers:
        seen = _seen(definition.name, spec, happening, now)
        if seen is None or seen.event.too_old:
            continue
        trigger = Trigger(definition.name, definition.hash, spec)
        if any(not each.why_not and not each.parts for each in matcher.match([trigger], seen)):
            what = f"the event `{spec.event}`" if spec.kind == "event" else f"`{spec.kind}`"
            return _match(dict(spec.inputs), seen.context(spec.kind), spec.id, what)
    return None


def _seen(workflow: str, spec: TriggerSpec, happening: Happening, now: datetime) -> Seen | None:
    """Return what happened as the trigger *spec* looks at it; None where it is not for such a one."""
    content = happening.content
    if isinstance(content, Signal):
        return None
    if not isinstance(content, Other):
        event = happened(content, number=happening.number, at=now)
        return Seen(event, tellings_of(event, name=None))
    if content.kind != spec.kind:
        return None
    data = {name: value for name, value in content.facts.items() if name != "kind"}
    if content.kind == SLACK:
        said = _spoken(data, spec)
        if not fits(spec.keys[SLACK], said):
            return None
        data = {**said.told(), **data}
    occasion = Occasion(workflow=workflow, trigger_id=spec.id, kind=spec.kind, data=data)
    event = event_of(occasion, f"ev_rehearsal_{happening.number}", now=now)
    if content.kind == ENDING:
        return Seen(event, {ENDING: content.facts})
    return Seen(event, tellings_of(event, name=None))


def _spoken(data: Mapping[str, Any], spec: TriggerSpec) -> Spoken:
    """Return what a script tells of Slack; the channel may be named either way, or left out."""
    channel = str(data.get("channel") or spec.keys[SLACK].get("channel") or SOMEBODY)
    given = {name: data.get(name) for name in ("text", "thread_ts", "reaction")}
    known = {name: None if value is None else str(value) for name, value in given.items()}
    user, ts = str(data.get("user") or SOMEBODY), str(data.get("ts") or "0000000000.000000")
    return Spoken(team=SOMEBODY, channel=channel, name=channel, ts=ts, user=user, **known)


def _match(given: Any, context: Mapping[str, Any], trigger_id: str, what: str) -> Match:
    try:
        inputs = Evaluator().template(given)(context)
    except ValueError as error:
        text = f"the inputs of trigger `{trigger_id}` failed: {error}"
        raise InvalidScript([Problem((), text.removesuffix("."))]) from None
    why, trigger = f"by {what} (trigger {trigger_id})", context["trigger"]
    by = str(trigger["user"]) if trigger.get("kind") == SLACK else f"trigger:{trigger_id}"
    return inputs, trigger, by, why
