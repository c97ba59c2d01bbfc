"""Looks up what the script holds for a path, and remembers what of it was never needed."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from workflows.rehearsal.script import Cue, static_of

__all__ = ["Cues"]

T = TypeVar("T")


class Cues(Generic[T]):
    """What is given by path: the path itself counts before the one without items and turns."""

    def __init__(self, given: Mapping[str, tuple[T, ...]]) -> None:
        self._cues = {path: Cue(values) for path, values in given.items()}

    def next(self, *paths: str) -> T | None:
        """Return the next value for the first of *paths* that the script names, or None."""
        for path in paths:
            cue = self._cues.get(path) or self._cues.get(static_of(path))
            if cue is not None:
                value: T = cue.next()
                return value
        return None

    def more(self, *paths: str) -> bool:
        """Say whether the script holds a value for one of *paths* that was not given out yet."""
        for path in paths:
            cue = self._cues.get(path) or self._cues.get(static_of(path))
            if cue is not None:
                return cue.used < len(cue.given)
        return False

    def unused(self) -> Iterator[str]:
        return (path for path, cue in self._cues.items() if not cue.used)
