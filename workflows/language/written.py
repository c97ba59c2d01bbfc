"""The steps of a definition as they are written, wherever they stand: for what compares definitions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Written", "as_map", "written_steps"]

LISTS: Final = ("steps", "on_failure", "on_cancel", "finally")


@dataclass(frozen=True, slots=True)
class Written:
    """A step; *path* joins the ids of those that it is in, and its own."""

    path: str
    body: Mapping[str, Any]


def as_map(value: Any) -> Mapping[str, Any]:
    """Return *value* if it is a map, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def written_steps(body: Mapping[str, Any]) -> Iterator[Written]:
    """Yield every step of a definition, those around others first."""
    for name in LISTS:
        yield from _of(body.get(name), "" if name == "steps" else f"{name}.")


def _of(steps: Any, around: str) -> Iterator[Written]:
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, Mapping):
            continue
        path = f"{around}{step.get('id', '?')}"
        yield Written(path, step)
        for inside in _inside(step):
            yield from _of(inside, f"{path}.")


def _inside(step: Mapping[str, Any]) -> Iterator[Any]:
    yield step.get("steps")
    yield from as_map(step.get("parallel")).values()
    for branch in step.get("switch") or ():
        yield as_map(branch).get("steps")
        yield as_map(branch).get("else")
    yield step.get("on_error")
