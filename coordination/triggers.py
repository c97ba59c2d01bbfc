"""When an event like this arrives, start that workflow: which triggers match. Outside the writer.

Inside it only names are compared, so that what nobody asks for is left to nobody. Expressions come
through a port. One that fails means that the event does not match; `explain` says so, and nothing
else happens.
"""

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from baton.events import Event, Status, matches_name
from coordination.database import Transaction, canonical
from coordination.occasions import is_for, is_occasion, program_of, told_of
from coordination.ports import Expressions, TriggerSpec
from coordination.store import triggers as store
from coordination.wait_keys import names_of, pattern_of

DEEPEST = 8  # starts in one chain of causes
TOO_DEEP = f"more than {DEEPEST} starts in one chain of causes"
ENDS: Mapping[Status, str] = {
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.REJECTED: "failed",
    Status.CANCELLED: "cancelled",
}
"""How a run ended, by the status that its process has then."""
SOURCES: Mapping[str, str] = {"mcp-server": "mcp", "workflow-engine": "baton"}  # by older names

Context: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of the revision *hash* of an active workflow."""

    workflow: str
    hash: str
    spec: TriggerSpec


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as triggers look at it.

    Args:
        event: what arrived, and was taken by the fold.
        told: what expressions see under ``trigger``, by the kind of trigger, as `tellings_of` has it.
        causes: the workflows of the runs behind it, the nearest first.
        depth: how many starts there are behind it.
    """

    event: Event
    told: Mapping[str, Context]
    causes: Sequence[str] = ()
    depth: int = 0

    def context(self, kind: str) -> Context:
        """Return what the expressions of a trigger of *kind* see."""
        return {"trigger": self.told.get(kind, {})}


@dataclass(frozen=True, slots=True)
class Considered:
    """A trigger that was looked at, and the first condition that failed; empty means none did.

    *parts* are those of its parts that the event fits, and *name* is what `correlate` makes of it.
    """

    trigger: Trigger
    why_not: str = ""
    parts: tuple[int, ...] = ()
    name: str = ""
    too_deep: bool = False


class Matcher:
    """Matches events with triggers; keeps what it compiled as long as the revision is in use."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self._compiled: dict[tuple[str, str | None], Callable[[Context], bool]] = {}

    def match(self, triggers: Sequence[Trigger], seen: Seen) -> list[Considered]:
        """Judge every trigger of *triggers*, those of all active workflows, that is named for it."""
        names = names_of(seen.event)
        found = []
        for trigger in triggers:
            if is_named(trigger, trigger.spec, seen, names):
                found.append(self._judge(trigger, seen))
            elif parts := [
                part
                for part, spec in enumerate(trigger.spec.parts)
                if is_named(trigger, spec, seen, names)
            ]:
                found.append(self._judge_parts(trigger, parts, seen))
        return found

    def _judge(self, trigger: Trigger, seen: Seen) -> Considered:
        why_not = self._why_not(trigger, trigger.spec, seen)
        return Considered(trigger, why_not, too_deep=why_not == TOO_DEEP)

    def _judge_parts(self, trigger: Trigger, parts: Sequence[int], seen: Seen) -> Considered:
        """Judge a trigger of several events by those of its parts that are named for this one."""
        why = {part: self._why_not(trigger, trigger.spec.parts[part], seen) for part in parts}
        fitting = tuple(part for part in parts if not why[part])
        if not fitting:
            return Considered(trigger, why[parts[0]], too_deep=TOO_DEEP in why.values())
        correlate = trigger.spec.keys.get("correlate")
        if correlate is None:
            return Considered(trigger, parts=fitting)
        try:
            told = seen.context(trigger.spec.parts[fitting[0]].kind)
            name = self._expressions.template(correlate)(told)
        except ValueError as error:
            return Considered(trigger, f"correlate failed: {error}")
        return Considered(
            trigger, parts=fitting, name=name if isinstance(name, str) else canonical(name)
        )

    def inputs(self, trigger: Trigger, context: Context) -> dict[str, Any]:
        """Fill in the trigger's inputs.

        Raises:
            ValueError: one of its templates failed.
        """
        render = self._expressions.template(dict(trigger.spec.inputs))
        return dict(render(context))

    def text(self, template: str | None, context: Context) -> str | None:
        """Fill in one text of the settings. Raises: ValueError, as `text_in`."""
        return text_in(template, self._expressions, context)

    def forget(self, triggers: Sequence[Trigger]) -> None:
        """Drop what was compiled for any other triggers than these."""
        used = {
            (trigger.hash, spec.where)
            for trigger in triggers
            for spec in (trigger.spec, *trigger.spec.parts)
        }
        self._compiled = {key: kept for key, kept in self._compiled.items() if key in used}

    def _why_not(self, trigger: Trigger, spec: TriggerSpec, seen: Seen) -> str:
        if not trigger.spec.enabled:
            return "the trigger is switched off"
        if spec.source is not None and slug_of(spec.source) != slug_of(seen.event.source):
            return f"the source is {seen.event.source}, not {spec.source}"
        if why := self._why_false(trigger, spec, seen.context(spec.kind)):
            return why
        if trigger.workflow in seen.causes:
            return _own_doing(trigger, seen.event)
        return TOO_DEEP if seen.depth >= DEEPEST else ""

    def _why_false(self, trigger: Trigger, spec: TriggerSpec, context: Context) -> str:
        if spec.where is None:
            return ""
        key = (trigger.hash, spec.where)
        try:
            if key not in self._compiled:
                self._compiled[key] = self._expressions.predicate(spec.where)
            return "" if self._compiled[key](context) else f"where is false: {spec.where}"
        except ValueError as error:
            return f"where failed: {error}"


def _own_doing(trigger: Trigger, event: Event) -> str:
    program = program_of(event)
    how = f", while a program of {program} was at work" if program else ""
    return f"a run of {trigger.workflow} caused this event{how}: no workflow triggers itself"


def text_in(template: str | None, expressions: Expressions, context: Context) -> str | None:
    """Fill in one text of the settings, where there is one.

    Raises:
        ValueError: it failed, or gave no text.
    """
    if template is None:
        return None
    value = expressions.template(template)(context)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{template!r} gives no text")
    return value


def is_named(trigger: Trigger, spec: TriggerSpec, seen: Seen, names: Collection[str]) -> bool:
    """Say whether *seen* is what *spec*, a trigger or a part of one, looks at by its name."""
    if spec.kind == "event":
        return not is_occasion(seen.event) and matches_name(spec.event, names)
    if spec.kind == "workflow":
        run = seen.told.get("workflow")
        return (
            run is not None
            and run["workflow"] == spec.keys["workflow"]
            and run["status"] in spec.keys["status"]
        )
    return is_for(seen.event, trigger.workflow, spec.id)


class Asked(NamedTuple):
    """Who asks for events of a name: triggers, or waits of these shapes."""

    triggers: bool
    shapes: Sequence[str]


def asked_for(tx: Transaction, event: Event) -> Asked | None:
    """Say what is there for an event of that name; None: nothing.

    Asked in the unit that stores the event: what is activated later starts nothing because of it, and
    what waits later looks back at it.
    """
    rows = store.asked(tx)
    if not rows:
        return None
    names = names_of(event)
    patterns = [pattern for row in rows if row.shape is None for pattern in row.patterns.split()]
    triggers = any(matches_name(pattern, names) for pattern in patterns)
    shapes = [
        row.shape
        for row in rows
        if row.shape is not None and matches_name(pattern_of(row.shape), names)
    ]
    return Asked(triggers, shapes) if triggers or shapes else None


def tellings_of(
    event: Event, *, name: str | None, run: Mapping[str, Any] | None = None
) -> dict[str, Context]:
    """Return what a trigger's expressions see under ``trigger``, by the kind of trigger.

    Args:
        event: as it is stored.
        name: what its process is called; the event itself may leave it out.
        run: id, workflow and outputs of the run whose end the event tells, if it does.
    """
    if is_occasion(event):
        told = told_of(event)
        return {told["kind"]: told}
    seen: dict[str, Context] = {"event": context_of(event, name=name)}
    if run is not None and event.status is not None and event.status in ENDS:
        seen["workflow"] = {
            "kind": "workflow",
            "run_id": run["id"],
            "workflow": run["workflow"],
            "status": ENDS[event.status],
            "outputs": run["outputs"],
            "event_id": event.event_id,
        }
    return seen


def context_of(event: Event, *, name: str | None) -> dict[str, Any]:
    """Return what a trigger's expressions see under ``trigger``.

    Args:
        event: as it is stored.
        name: what its process is called; the event itself may leave it out.
    """
    told = {**event.to_json(), "kind": "event"}
    if event.kind == "process":
        told["name"] = event.name or name or event.process_id
    return told


def slug_of(source: str) -> str:
    """Return the name of a source as it is compared: underscores count as hyphens."""
    slug = source.replace("_", "-")
    return SOURCES.get(slug, slug)


def run_id(event_id: str, workflow: str, trigger_id: str) -> str:
    """Derive the id of the run that an event starts: matched twice, it is the same run."""
    name = f"{event_id}\n{workflow}\n{trigger_id}"
    digest = hashlib.sha256(name.encode()).digest()
    return "run_" + base64.b32hexencode(digest)[:26].decode()
