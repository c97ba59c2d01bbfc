"""The state of a run as canonical JSON and back. Fields that hold their default are left out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, get_args

from workflows.core.codec import canonical, error_from_json, error_to_json
from workflows.core.errors import ReplayDiverged
from workflows.core.facts import StepError
from workflows.core.plan import Json, Plan
from workflows.core.state import (
    Frame,
    Phase,
    Pin,
    Progress,
    RunStatus,
    State,
    StepState,
    StepStatus,
    Undoing,
)

Record: TypeAlias = State | StepState | Pin | Progress | Frame | Undoing
_RECORDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Record)}


def write(plan: Plan, state: State, core_version: int) -> bytes:
    return canonical(
        {"core_version": core_version, "revision": plan.revision, "state": _written(state)}
    )


def read(plan: Plan, blob: bytes) -> tuple[State, int]:
    """Read a snapshot.

    Raises:
        ReplayDiverged: it is of another revision than *plan*.
    """
    data = json.loads(blob)
    if data["revision"] != plan.revision:
        raise ReplayDiverged(
            f"the snapshot is of revision {data['revision']!r}, the plan of {plan.revision!r}"
        )
    state = _read(State, data["state"])
    state.steps = State.fresh(plan).steps | _read_steps(state.steps)
    return state, data["core_version"]


def _written(record: Record) -> dict[str, Json]:
    data: dict[str, Json] = {}
    for name, default in _defaults(type(record).__name__):
        value = getattr(record, name)
        if value != default:
            data[name] = _plain(value)
    return data


def _plain(value: Json) -> Json:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StepError):
        return error_to_json(value) | {"retry_after": value.retry_after}
    if isinstance(value, Record):
        return _written(value)
    if isinstance(value, list) and value and isinstance(value[0], Undoing):
        return [_written(each) for each in value]
    if isinstance(value, dict) and value and isinstance(next(iter(value.values())), Record):
        return {path: _written(step) for path, step in value.items()}
    return value


def _read(kind: Callable[..., Any], data: Mapping[str, Json]) -> Any:
    decoders = _DECODERS
    return kind(
        **{
            name: decoders[name](value) if name in decoders and value is not None else value
            for name, value in data.items()
        }
    )


def _read_timers(data: Mapping[str, str]) -> dict[str, datetime]:
    return {slot: datetime.fromisoformat(due_at) for slot, due_at in data.items()}


def _read_pins(data: Mapping[str, Json]) -> dict[str, Pin]:
    return {path: Pin(**pin) for path, pin in data.items()}


def _read_frames(data: Mapping[str, Json]) -> dict[str, Frame]:
    return {prefix: _read(Frame, frame) for prefix, frame in data.items()}


def _read_steps(data: Mapping[str, Json]) -> dict[str, StepState]:
    return {path: _read(StepState, step) for path, step in data.items()}


def _read_undoing(data: Mapping[str, Json]) -> Undoing:
    return Undoing(**data)


def _read_undo(data: list[Mapping[str, Json]]) -> list[Undoing]:
    return [Undoing(**each) for each in data]


def _read_progress(data: Mapping[str, Json]) -> Progress:
    return Progress(**data)


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "status": StepStatus,
    "ended": RunStatus,
    "phase": Phase,
    "error": error_from_json,
    "started_at": datetime.fromisoformat,
    "ended_at": datetime.fromisoformat,
    "paused_at": datetime.fromisoformat,
    "since": datetime.fromisoformat,
    "due_at": datetime.fromisoformat,
    "timers": _read_timers,
    "pins": _read_pins,
    "frames": _read_frames,
    "progress": _read_progress,
    "undo": _read_undo,
    "undoing": _read_undoing,
    "not_undone": _read_undo,
}


@cache
def _defaults(kind: str) -> tuple[tuple[str, Json], ...]:
    listed: tuple[Field[Json], ...] = fields(_RECORDS[kind])
    return tuple(
        (
            field.name,
            field.default_factory() if field.default_factory is not MISSING else field.default,
        )
        for field in listed
    )
