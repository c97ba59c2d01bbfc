"""Hands the triggers of a workflow to coordination: which events each looks at, and what it takes."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from coordination.ports import TriggerSpec
from workflows.language.event_names import pattern_of
from workflows.language.model import Trigger, Workflow

__all__ = ["trigger_specs"]

ENDED: Final = "run.ended"
"""The events that tell of the end of a run."""
OWN: Final = "baton."
"""What Baton's own events are called, before the kind of the trigger that each is for."""
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "schedule": {"timezone": "UTC", "catch_up": "latest"},
    "every": {"catch_up": "latest"},
    "file": {"changes": ["added", "modified", "deleted"]},
    "workflow": {"status": ["completed", "failed", "cancelled"]},
}


def trigger_specs(workflow: Workflow) -> tuple[TriggerSpec, ...]:
    """Return every trigger of *workflow*, in its order."""
    return tuple(
        _spec(trigger, trigger.id or str(index)) for index, trigger in enumerate(workflow.triggers)
    )


def _spec(trigger: Trigger, name: str) -> TriggerSpec:
    kind = str(trigger.kind)
    parts = tuple(_spec(each, f"{name}.{part}") for part, each in _parts(trigger))
    return TriggerSpec(
        id=name,
        kind=kind,
        event=" ".join(sorted({*_patterns(kind, trigger), *_words(parts)})),
        source=trigger.source,
        where=trigger.where,
        inputs=trigger.inputs,
        enabled=trigger.enabled,
        keys=_keys(kind, trigger),
        parts=parts,
    )


def _parts(trigger: Trigger) -> Iterable[tuple[str, Trigger]]:
    if trigger.absence is not None:
        return [("of", trigger.absence.of), ("after", trigger.absence.after)]
    return [(str(number), each) for number, each in enumerate(trigger.all_of or ())]


def _patterns(kind: str, trigger: Trigger) -> list[str]:
    if kind == "event":
        return [pattern_of(str(trigger.event))]
    return [ENDED] if kind == "workflow" else [OWN + kind]


def _words(parts: Iterable[TriggerSpec]) -> list[str]:
    return [word for part in parts for word in part.event.split()]


def _keys(kind: str, trigger: Trigger) -> dict[str, Any]:
    """Return what stands beside the kind, with the defaults of what does not."""
    own = [kind] if kind not in ("event", "all_of", "absence") else []
    beside = [key for key, kinds in Trigger.keys.items() if kind in kinds and key != "source"]
    written = {key: _plain(trigger.value(key)) for key in (*own, *beside)}
    if trigger.absence is not None:
        written["within"] = _plain(trigger.absence.within)
    given = {key: value for key, value in written.items() if value is not None}
    return {**DEFAULTS.get(kind, {}), **given}


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value
