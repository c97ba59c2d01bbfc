"""The state of a run as canonical JSON and back. Fields that hold their default are left out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from functools import cache
from typing import Any

from workflows.core.codec import canonical, error_from_json, error_to_json
from workflows.core.errors import ReplayDiverged
from workflows.core.facts import StepError
from workflows.core.plan import Json, Plan
from workflows.core.state import Pin, RunStatus, State, StepState, StepStatus


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
    steps = {path: StepState() for path in plan.graph.scopes[None]}
    steps.update({path: _read(StepState, step) for path, step in state.steps.items()})
    state.steps = steps
    return state, data["core_version"]


def _written(record: State | StepState | Pin) -> dict[str, Json]:
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
    if isinstance(value, Pin):
        return _written(value)
    if (
        isinstance(value, dict)
        and value
        and isinstance(next(iter(value.values())), StepState | Pin)
    ):
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


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "status": StepStatus,
    "ended": RunStatus,
    "error": error_from_json,
    "started_at": datetime.fromisoformat,
    "ended_at": datetime.fromisoformat,
    "since": datetime.fromisoformat,
    "due_at": datetime.fromisoformat,
    "timers": _read_timers,
    "pins": _read_pins,
}


@cache
def _defaults(kind: str) -> tuple[tuple[str, Json], ...]:
    records: dict[str, type[Any]] = {"State": State, "StepState": StepState, "Pin": Pin}
    listed: tuple[Field[Json], ...] = fields(records[kind])
    return tuple(
        (
            field.name,
            field.default_factory() if field.default_factory is not MISSING else field.default,
        )
        for field in listed
    )
