"""What starts a rehearsed run: the first event that matches a trigger, or a hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.events import matches_name
from coordination.triggers import context_of, slug_of
from coordination.wait_keys import names_of
from workflows.language.event_names import pattern_of
from workflows.language.expressions import Evaluator
from workflows.language.inputs import check_inputs
from workflows.language.model import Trigger as Written
from workflows.rehearsal.company import Rehearsable
from workflows.rehearsal.hall import Began
from workflows.rehearsal.happenings import Happening, Other, Signal, event_of
from workflows.rehearsal.script import InvalidScript, Problem, Script

__all__ = ["Opening", "open_with"]

SOMEBODY = "rehearsal"
CLOCK = ("schedule", "every")  # kinds of which people say: by the clock


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


Match = tuple[Mapping[str, Any], Mapping[str, Any], str, str]


def _matched(piece: Rehearsable, happening: Happening, now: datetime) -> Match | None:
    content = happening.content
    if isinstance(content, Signal):
        return None
    if isinstance(content, Other):
        return _matched_other(piece, content)
    event = event_of(content, number=happening.number, at=now)
    context = {"trigger": context_of(event, name=None)}
    names = names_of(event)
    for number, written in enumerate(piece.workflow.triggers):
        named = written.event is not None and matches_name(pattern_of(written.event), names)
        ours = written.source is None or slug_of(written.source) == slug_of(event.source)
        if named and ours and _holds(written, context) and not event.too_old:
            trigger_id = written.id or str(number)
            return _match(written.inputs, context, trigger_id, f"the event `{written.event}`")
    return None


def _matched_other(piece: Rehearsable, other: Other) -> Match | None:
    context = {"trigger": dict(other.facts)}
    for number, written in enumerate(piece.workflow.triggers):
        kind = "schedule" if written.kind in CLOCK else written.kind
        if kind == other.kind and _holds(written, context):
            named = written.id or str(number)
            return _match(written.inputs, context, named, f"a trigger of the kind `{kind}`")
    return None


def _holds(written: Written, context: Mapping[str, Any]) -> bool:
    try:
        if not written.enabled:
            return False
        return written.where is None or Evaluator().predicate(written.where)(context)
    except ValueError:
        return False


def _match(given: Any, context: Mapping[str, Any], trigger_id: str, what: str) -> Match:
    try:
        inputs = Evaluator().template(given)(context)
    except ValueError as error:
        text = f"the inputs of trigger `{trigger_id}` failed: {error}"
        raise InvalidScript([Problem((), text.removesuffix("."))]) from None
    why = f"by {what} (trigger {trigger_id})"
    return inputs, context["trigger"], f"trigger:{trigger_id}", why
