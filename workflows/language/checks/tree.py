"""Reads the steps of a file, and those inside them, one by one: a slip in one hides no other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from workflows.language.findings import Findings
from workflows.language.model import Step
from workflows.language.places import Path
from workflows.language.structure import salvage

__all__ = ["Body", "Placed", "all_steps", "read_steps"]

STAND_IN: Final = [{"id": "stand_in", "stop": "stand in"}]


@dataclass(frozen=True, slots=True)
class Body:
    """A list of steps inside a step; *keys* lead to it from there."""

    keys: Path
    steps: "Sequence[Placed]"


@dataclass(frozen=True, slots=True)
class Placed:
    """A step and its path in the file; *step* is None if it cannot be read.

    The steps inside it are those of *bodies*: where it has mistakes, `step` holds others.
    """

    path: Path
    id: str
    step: Step | None
    bodies: Sequence[Body] = ()


def read_steps(raw: Any, path: Path, findings: Findings) -> list[Placed]:
    """Return the steps of the list *raw*, which stands at *path*; note what is wrong with them."""
    return [
        _read(each, (*path, index), index, findings)
        for index, each in enumerate(raw if isinstance(raw, list) else ())
    ]


def all_steps(steps: Sequence[Placed]) -> Iterator[Placed]:
    """Yield each of *steps* and all that is inside them, in file order."""
    for placed in steps:
        yield placed
        for body in placed.bodies:
            yield from all_steps(body.steps)


def _read(raw: Any, path: Path, index: int, findings: Findings) -> Placed:
    try:
        step = Step.model_validate(raw)
    except ValidationError:
        return _salvaged(raw, path, index, findings)
    return _placed(step, path)


def _placed(step: Step, path: Path) -> Placed:
    bodies = tuple(
        Body(
            keys,
            tuple(_placed(each, (*path, *keys, index)) for index, each in enumerate(steps)),
        )
        for keys, steps in step.bodies()
    )
    return Placed(path, step.id, step, bodies)


def _salvaged(raw: Any, path: Path, index: int, findings: Findings) -> Placed:
    """Read the step without those inside it, and each of these by itself."""
    if not isinstance(raw, dict):
        salvage(Step, raw, path, findings)
        return Placed(path, f"(step {index})", None)
    shell, lists = _take_apart(raw)
    step = salvage(Step, shell, path, findings)
    bodies = tuple(Body(keys, read_steps(each, (*path, *keys), findings)) for keys, each in lists)
    written = raw.get("id")
    name = step.id if step else written if isinstance(written, str) else f"(step {index})"
    return Placed(path, name, step, bodies)


def _take_apart(raw: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Path, list[Any]]]]:
    """Return *raw* with other steps in place of those inside it, and the lists of these."""
    shell = dict(raw)
    lists: list[tuple[Path, list[Any]]] = []
    for key in ("steps", "on_error"):
        if _is_list(raw.get(key)):
            shell[key] = STAND_IN
            lists.append(((key,), raw[key]))
    if isinstance(raw.get("parallel"), dict):
        shell["parallel"] = branches = dict(raw["parallel"])
        for name, each in raw["parallel"].items():
            if _is_list(each):
                branches[name] = STAND_IN
                lists.append((("parallel", name), each))
    if _is_list(raw.get("switch")):
        shell["switch"] = [_without_steps(each, n, lists) for n, each in enumerate(raw["switch"])]
    return shell, lists


def _without_steps(branch: Any, number: int, lists: list[tuple[Path, list[Any]]]) -> Any:
    if not isinstance(branch, dict):
        return branch
    shell = dict(branch)
    for key in ("steps", "else"):
        if _is_list(branch.get(key)):
            shell[key] = STAND_IN
            lists.append((("switch", number, key), branch[key]))
    return shell


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)
