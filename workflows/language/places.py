"""Where things stand in a file: from a path, as ``("steps", 2, "params")``, to line and column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from workflows.language.errors import Problem

__all__ = ["Document", "Path", "Place", "step_of", "written"]

Path: TypeAlias = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a value begins, and its key if it has one; lines and columns count from 1."""

    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    style: str | None = None  # of a text: None for plain, else ' " | or >
    end_line: int = 0

    @property
    def key(self) -> tuple[int, int]:
        return (self.key_line, self.key_column) if self.key_line else (self.line, self.column)

    @property
    def value(self) -> tuple[int, int]:
        """The value, or its key where the value begins further down."""
        if self.key_line and self.key_line != self.line:
            return self.key
        return (self.line, self.column)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has been read: its data, and the place of every path in it.

    *problems* are those that reading itself found and could go on after.
    """

    file: str
    text: str
    data: Any
    places: Mapping[Path, Place]
    problems: tuple[Problem, ...] = ()

    def key(self, path: Path) -> tuple[int, int]:
        """Return line and column of the key at *path*, or of what holds it."""
        return self._nearest(path).key

    def value(self, path: Path) -> tuple[int, int]:
        """Return line and column of the value at *path*, or of what holds it."""
        return self._nearest(path).value

    def inside(self, path: Path, offset: int) -> tuple[int, int]:
        """Return line and column of the character *offset* of the text at *path*.

        Where the file writes the text in another way (with escapes, or folded), the place of the
        value stands for it.
        """
        place = self.places.get(path)
        value = self.get(path)
        if place is None or not isinstance(value, str):
            return self.value(path)
        if place.style in LITERAL:
            return self._in_block(place, value, offset)
        start = place.column - 1 + (place.style in QUOTED)
        line = self._line(place.line)
        if place.end_line == place.line and line.startswith(value, start):
            return (place.line, start + offset + 1)
        return place.value

    def _in_block(self, place: Place, value: str, offset: int) -> tuple[int, int]:
        before = value.count("\n", 0, offset)
        in_line = offset - (value.rfind("\n", 0, offset) + 1)
        line = self._line(place.line + 1 + before)
        wanted = (value.split("\n")[before : before + 1] or [""])[0]
        indent = len(line) - len(wanted)
        if indent >= 0 and line.endswith(wanted):
            return (place.line + 1 + before, indent + in_line + 1)
        return place.value

    def _line(self, number: int) -> str:
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""

    def get(self, path: Path) -> Any:
        """Return the value at *path*, or None."""
        value = self.data
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def _nearest(self, path: Path) -> Place:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, START)


START: Final = Place(1, 1)
LITERAL: Final = frozenset({"|", ">"})
QUOTED: Final = frozenset({"'", '"'})


def written(path: Path) -> str:
    """Write *path* as people read it: ``steps[2].params.argv``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


LISTS: Final = frozenset({"steps", "on_failure", "on_cancel", "finally"})


def step_of(path: Path) -> Path:
    """Return the path of the innermost step that *path* leads into, or ``()``."""
    end = 2 if path[:1] and path[0] in LISTS and _is_place(path, 1) else 0
    while end:
        inner = _inner(path, end)
        if not inner:
            break
        end = inner
    return path[:end]


def _inner(path: Path, at: int) -> int:
    """Return where the step ends that stands at *at* inside another one, or 0."""
    match path[at : at + 3]:
        case ("steps" | "on_error", int(), *_):
            return at + 2
        case ("parallel", str(), int()):
            return at + 3
        case ("switch", int(), "steps" | "else") if _is_place(path, at + 3):
            return at + 4
    return 0


def _is_place(path: Path, at: int) -> bool:
    return len(path) > at and isinstance(path[at], int)
