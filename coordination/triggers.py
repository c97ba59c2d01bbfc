"""When an event like this arrives, start that workflow: which triggers match. Outside the writer.

Inside it only names are compared, so that what nobody asks for is left to nobody. Expressions come through a port. One that fails means that the event does not match; `explain` says
so, and nothing else happens.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from baton.events import Event, matches_name
from coordination.database import Transaction
from coordination.ports import Expressions, TriggerSpec
from coordination.store import triggers as store
from coordination.wait_keys import names_of, pattern_of

DEEPEST = 8  # starts in one chain of causes
SOURCES: Mapping[str, str] = {"mcp-server": "mcp", "workflow-engine": "baton"}  # by older names

Context: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of the revision *hash* of an active workflow."""

    workflow: str
    hash: str
    spec: TriggerSpec


@dataclass(frozen=True, slots=True)
class Considered:
    """A trigger that was looked at, and the first condition that failed; empty means none did."""

    trigger: Trigger
    why_not: str = ""


class Matcher:
    """Matches events with triggers; keeps what it compiled as long as the revision is in use."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self._compiled: dict[tuple[str, str | None], Callable[[Context], bool]] = {}

    def match(
        self, triggers: Sequence[Trigger], event: Event, context: Context, *, causes: Sequence[str]
    ) -> list[Considered]:
        """Judge every trigger whose name fits the event.

        Args:
            triggers: those of all active workflows.
            event: what arrived, and was taken by the fold.
            context: what expressions see, as `context_of` makes it.
            causes: the workflows of the runs behind the event, the nearest first.
        """
        names = names_of(event)
        return [
            Considered(trigger, self._why_not(trigger, event, context, causes))
            for trigger in triggers
            if trigger.spec.kind == "event" and matches_name(trigger.spec.event, names)
        ]

    def inputs(self, trigger: Trigger, context: Context) -> dict[str, Any]:
        """Fill in the trigger's inputs.

        Raises:
            ValueError: one of its templates failed.
        """
        render = self._expressions.template(dict(trigger.spec.inputs))
        return dict(render(context))

    def text(self, template: str, context: Context) -> str:
        """Fill in one text of the settings.

        Raises:
            ValueError: it failed, or gave no text.
        """
        value = self._expressions.template(template)(context)
        if not isinstance(value, str):
            raise ValueError(f"{template!r} gives no text")  # noqa: TRY004  # as the port fails
        return value

    def forget(self, triggers: Sequence[Trigger]) -> None:
        """Drop what was compiled for any other triggers than these."""
        used = {(trigger.hash, trigger.spec.where) for trigger in triggers}
        self._compiled = {key: kept for key, kept in self._compiled.items() if key in used}

    def _why_not(
        self, trigger: Trigger, event: Event, context: Context, causes: Sequence[str]
    ) -> str:
        spec = trigger.spec
        if not spec.enabled:
            return "the trigger is switched off"
        if spec.source is not None and slug_of(spec.source) != slug_of(event.source):
            return f"the source is {event.source}, not {spec.source}"
        if not self._holds(trigger, context):
            return self._failure(trigger, context)
        if trigger.workflow in causes:
            return f"a run of {trigger.workflow} caused this event: no workflow triggers itself"
        if len(causes) >= DEEPEST:
            return f"more than {DEEPEST} starts in one chain of causes"
        return ""

    def _holds(self, trigger: Trigger, context: Context) -> bool:
        try:
            return self._predicate(trigger)(context)
        except ValueError:
            return False

    def _failure(self, trigger: Trigger, context: Context) -> str:
        try:
            self._predicate(trigger)(context)
        except ValueError as error:
            return f"where failed: {error}"
        return f"where is false: {trigger.spec.where}"

    def _predicate(self, trigger: Trigger) -> Callable[[Context], bool]:
        where = trigger.spec.where
        if where is None:
            return lambda _: True
        key = (trigger.hash, where)
        if key not in self._compiled:
            self._compiled[key] = self._expressions.predicate(where)
        return self._compiled[key]


def is_asked_for(tx: Transaction, event: Event) -> bool:
    """Say whether a trigger or a wait is there for an event of that name.

    Asked in the unit that stores the event: what is activated later starts nothing because of it, and
    what waits later looks back at it.
    """
    rows = store.asked(tx)
    if not rows:
        return False
    names = names_of(event)
    return any(matches_name(row.pattern or pattern_of(row.shape), names) for row in rows)


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
