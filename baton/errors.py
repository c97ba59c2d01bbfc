"""The errors of Baton. Each one builds its own sentence and keeps the facts on the object."""

from collections.abc import Iterable

__all__ = ["BatonError", "InvalidEvent", "MalformedBody"]


class BatonError(Exception):
    """Something went wrong that Baton can explain."""


class MalformedBody(BatonError):
    """A body cannot be read at all: it is not JSON, not UTF-8, or nested too deep."""


class InvalidEvent(BatonError):
    """A body can be read, but is not an event.

    ``problems`` holds every problem found, as pairs of a JSON pointer and a sentence.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(f"{pointer or '/'}: {detail}" for pointer, detail in self.problems)
        )
