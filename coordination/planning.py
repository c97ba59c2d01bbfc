"""What an event asks for: the triggers that it fits, and the runs that they start. Outside the writer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from baton.events import Event
from coordination.acting import Count, Item, Note, Start
from coordination.admission import BEHIND, terms_of
from coordination.database import Door, Reader, Row
from coordination.errors import InvalidInputs
from coordination.handles import secret_inputs
from coordination.occasions import SPOKEN, is_occasion, is_own, refusal_of, speaker_of
from coordination.ports import Definition, Expressions, Inputs
from coordination.runs import SOURCE, NewRun
from coordination.store import definitions as definition_store
from coordination.store import events as event_store
from coordination.store import triggers as store
from coordination.triggers import Considered, Matcher, Seen, Trigger, run_id, tellings_of
from coordination.windows import Arrived

__all__ = ["Planner"]

FARTHEST = 64  # runs that are looked at behind one event


class Planner:
    """Works out what events ask for.

    Args:
        door: the database.
        expressions: evaluates ``where``, inputs and keys.
        inputs: checks what a run is started with.
        channel: where threads are posted that nothing else gives a channel.
    """

    def __init__(
        self, door: Door, expressions: Expressions, inputs: Inputs, channel: str | None
    ) -> None:
        self._door = door
        self._expressions = expressions
        self._matcher = Matcher(expressions)
        self._inputs = inputs
        self._channel = channel
        self._definitions: dict[str, Definition] = {}

    def triggers(self, rows: Sequence[Row]) -> list[Trigger]:
        """Return the triggers of all active workflows, whose rows these are."""
        triggers = [Trigger(row.workflow, row.hash, store.spec_of(row)) for row in rows]
        self._matcher.forget(triggers)
        return triggers

    async def plan(self, row: Row, event: Event, triggers: Sequence[Trigger]) -> tuple[Item, ...]:
        """Return what *event*, whose row is *row*, asks for."""
        if not triggers:
            return ()
        seen = await self._seen(row, event)
        considered = self._matcher.match(triggers, seen)
        return tuple([await self._consider(each, row, seen) for each in considered])

    async def _seen(self, row: Row, event: Event) -> Seen:
        told = await self._told(row, event)
        own = dict(told[_kind(event)]) if is_occasion(event) else {}
        keys = [] if row.caused_by_run is None else [row.caused_by_run]

        async def query(reader: Reader) -> tuple[list[str], int]:
            for each in store.events_of(own):
                keys.extend(await store.causing(reader, each))
            depths = [await store.depth(reader, key) + 1 for key in keys]
            return await store.causes(reader, keys, most=FARTHEST), max(depths, default=0)

        causes, depth = await self._door.read(query) if keys or own else ([], 0)
        return Seen(event, told, [*causes, *_behind(event)], depth)

    async def _told(self, row: Row, event: Event) -> dict[str, Mapping[str, Any]]:
        """Return what is under ``trigger``; of an occasion, with the events that it comes from."""
        run = None
        if row.caused_by_run is not None and _tells_of_a_run(event):
            found = await self._door.read(lambda reader: store.run(reader, row.caused_by_run))
            if found is not None and found.id == event.process_id:
                run = {"id": found.id, "workflow": found.workflow, "outputs": found.outputs}
        told = tellings_of(event, name=row.name, run=run)
        if not is_occasion(event):
            return told
        kind = _kind(event)
        own = dict(told[kind])
        if "events" in own and kind == "all_of":
            own["events"] = [await self._whole(each) for each in own["events"]]
        if "after" in own and kind == "absence":
            own["after"] = await self._whole(own["after"])
        return {kind: own}

    async def _whole(self, named: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an event that an occasion names, as a trigger on it alone sees it."""
        event_id = named["event_id"]
        row = await self._door.read(lambda reader: event_store.whole(reader, event_id))
        if row is None:
            return named
        told = await self._told(row, Event.from_json(row.body))
        return told.get("workflow") or next(iter(told.values()))

    async def _consider(self, considered: Considered, row: Row, seen: Seen) -> Item:
        trigger = considered.trigger
        if considered.why_not:
            return Note(trigger, considered.why_not, refused=considered.too_deep)
        if (refusal := refusal_of(seen.event)) is not None:
            return Note(trigger, refusal, refused=True)
        if considered.parts:
            return Count(trigger, _arrived(considered, row))
        try:
            return await self._start(trigger, row, seen)
        except (InvalidInputs, ValueError) as error:
            return Note(trigger, str(error), said=True)

    async def _start(self, trigger: Trigger, row: Row, seen: Seen) -> Start:
        definition = await self._definition(trigger.hash)
        told = seen.context(trigger.spec.kind)
        inputs = self._inputs.check(definition, self._matcher.inputs(trigger, told))
        _refuse_secrets(definition, inputs)
        new_id = run_id(row.id, trigger.workflow, trigger.spec.id)
        speaker = speaker_of(seen.event)
        by = speaker or f"trigger:{trigger.spec.id}"
        context = {
            **told,
            "inputs": inputs,
            "run": {"id": new_id, "inputs": inputs, "started_by": by},
            "workflow": {"name": trigger.workflow, "revision": trigger.hash},
        }
        own = definition.channel
        new = NewRun(
            id=new_id,
            workflow=trigger.workflow,
            hash=trigger.hash,
            inputs=inputs,
            trigger=told["trigger"],
            started_by=by,
            requested_by=await self._owner(row, told["trigger"]),
            thread_key=row.thread_key,
            channel=self._matcher.text(own, context) if own else self._channel_of(seen),
            own_channel=own is not None,
            depth=seen.depth,
            cause_at=_cause_at(row, seen.event),
        )
        return Start(trigger, new, terms_of(definition, self._expressions, context, seen.causes))

    async def _owner(self, row: Row, told: Mapping[str, Any]) -> str | None:
        """Return the person behind an event; of several, the one behind the newest that has one."""
        named = [event_id for event_id in store.events_of(told) if event_id != row.id]

        async def query(reader: Reader) -> list[Row | None]:
            return [await event_store.whole(reader, each) for each in named]

        found = [row, *(await self._door.read(query) if named else ())]
        owners = [each.owner or _speaker(each) for each in found if each is not None]
        known = [owner for owner in owners if owner is not None]
        return known[-1] if known else None

    def _channel_of(self, seen: Seen) -> str | None:
        """Return where a thread is posted that nothing gives a channel: where somebody wrote, say."""
        if self._channel is not None or speaker_of(seen.event) is None:
            return self._channel
        return str((seen.event.data or {})["channel"])

    async def _definition(self, content: str) -> Definition:
        if content not in self._definitions:
            row = await self._door.read(lambda reader: store.definition(reader, content))
            if row is None:
                raise ValueError(f"there is no definition {content}")
            self._definitions[content] = definition_store.definition(row, [])
        return self._definitions[content]


def _cause_at(row: Row, event: Event) -> datetime:
    """Return when that happened which an event tells of: of a slot that was missed, its own time."""
    due_at = (event.data or {}).get("due_at") if is_occasion(event) else None
    if due_at is None:
        happened: datetime = row.occurred_at
        return happened
    return datetime.fromisoformat(due_at)


def _refuse_secrets(definition: Definition, inputs: Mapping[str, Any]) -> None:
    """Refuse what the language refuses when it reads a definition: an event is no place for secrets."""
    given = [name for name in secret_inputs(definition.body) if inputs.get(name) is not None]
    if given:
        raise ValueError(f"the input `{given[0]}` is secret, and no trigger may give it")


def _arrived(considered: Considered, row: Row) -> Arrived:
    return Arrived(
        workflow=considered.trigger.workflow,
        spec=considered.trigger.spec,
        parts=considered.parts,
        name=considered.name,
        event_id=row.id,
        at=row.received_at,
    )


def _speaker(row: Row) -> str | None:
    return speaker_of(Event.from_json(row.body)) if row.type == SPOKEN else None


def _kind(event: Event) -> str:
    return event.type.removeprefix(f"{SOURCE}.")


def _tells_of_a_run(event: Event) -> bool:
    return is_own(event) and event.category == "run"


def _behind(event: Event) -> Sequence[str]:
    """Return whom an event of a run that was left out names as those behind it."""
    named = (event.metadata or {}).get(BEHIND) if _tells_of_a_run(event) else None
    return named if isinstance(named, list) else ()
