"""Takes the members of a body one by one, checks each, and remembers what was wrong.

Nothing here raises: a problem is noted and the member counts as absent, so that one reading finds
every problem of a body.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from baton.masking import mask
from baton.reading.glance import Glance
from baton.reading.text import clean, first_problem_of_name, readable_url, shorten
from baton.reading.times import read_time

__all__ = ["Findings", "Members", "typed"]

_AHEAD = 4  # how much more of a text is masked than is kept: a secret may begin before the cut
_MOST_UNKNOWN = 20  # names to compare with all known ones; the rest are counted
_TYPES = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    dict: "an object",
    list: "a list",
}


class Findings:
    """What a reading found out about a body, beside the event; it repeats no secret.

    *glance* is what is certain of the whole body before its members are looked at.
    """

    def __init__(self, glance: Glance) -> None:
        self.glance = glance
        self.problems: list[tuple[str, str]] = []
        self.warnings: list[tuple[str, str]] = []
        self.dropped: list[str] = []
        self.truncated: list[str] = []
        self.taken_from: dict[str, str] = {}

    def problem(self, pointer: str, detail: str) -> None:
        self.problems.append((mask(pointer), mask(detail)))

    def warn(self, pointer: str, detail: str) -> None:
        self.warnings.append((mask(pointer), mask(detail)))

    def drop(self, pointer: str, detail: str) -> None:
        """Note that a member does not count, with a warning."""
        self.dropped.append(mask(pointer))
        self.warn(pointer, detail)


class Members:
    """The members of one object at *pointer*. A member that is null counts as absent."""

    def __init__(self, body: Mapping[str, Any], pointer: str, findings: Findings) -> None:
        self._left = {name: value for name, value in body.items() if value is not None}
        self._known: set[str] = set()
        self._pointer = pointer
        self.findings = findings

    def at(self, name: str) -> str:
        """Return the JSON pointer of the member *name*."""
        return f"{self._pointer}/{name.replace('~', '~0').replace('/', '~1')}"

    def has(self, name: str) -> bool:
        return name in self._left

    def names(self) -> Collection[str]:
        """Return the names of the members that nobody has taken yet."""
        return self._left.keys()

    def rename(self, alias: str, name: str) -> None:
        """Let the member *alias* count as *name*, unless there is one of that name."""
        value = self._left.pop(alias)
        if name in self._left:
            self.findings.drop(f"/{alias}", f'"{name}" is given too, and counts')
        else:
            self._left[name] = value
            self.findings.taken_from[name] = alias

    def take(self, name: str) -> Any:
        """Return the member *name* as it stands, or None."""
        self._known.add(name)
        return self._left.pop(name, None)

    def add(self, name: str, member: str, value: object) -> None:
        """Put *value* into the object *name* as well, unless it has such a member."""
        inside = self._left.setdefault(name, {})
        if isinstance(inside, dict) and member not in inside:
            self._left[name] = {**inside, member: value}

    def typed(self, name: str, kind: type) -> Any:
        """Return the member *name* if it is a *kind*, else note a problem and return None."""
        self._known.add(name)
        value = self._left.pop(name, None)
        if value is None or type(value) is kind:
            return value
        return typed(value, kind, self.at(name), self.findings)

    def text(self, name: str, limit: int, *, lines: bool = False) -> str | None:
        """Take words for people: cleaned, without secrets, cut at *limit* code points, None if empty."""
        value = self.typed(name, str)
        if value is None:
            return None
        text = clean(value, lines=lines)
        if len(text) > limit:
            self.findings.truncated.append(self.at(name))
            self.findings.warn(self.at(name), f"is cut to {limit} characters")
        if not (self.findings.glance.harmless and text == value):
            text = mask(text[: limit * _AHEAD])
        return shorten(text, limit) or None

    def name(self, name: str, limit: int, form: re.Pattern[str] | None = None) -> str | None:
        """Take what identifies something: never cut or repaired, a problem unless it fits."""
        value = self.typed(name, str)
        if value is None:
            return None
        wrong = first_problem_of_name(value, limit)
        if wrong is None and form is not None and not form.fullmatch(value):
            wrong = f"{value[:100]!r} does not have the form {form.pattern}"
        if wrong:
            self.findings.problem(self.at(name), wrong)
            return None
        return str(value)

    def integer(self, name: str, low: int, high: int) -> int | None:
        value = self.typed(name, int)
        if value is not None and not low <= value <= high:
            self.findings.problem(self.at(name), f"is not between {low} and {high}")
            return None
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        return bool(self.typed(name, bool))

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        value = self.typed(name, str)
        if value is None:
            return default
        if value not in allowed:
            self.findings.problem(
                self.at(name), f"{value[:100]!r} is not one of {', '.join(allowed)}"
            )
            return default
        return str(value)

    def time(self, name: str) -> datetime | None:
        """Take a point in time; one without a zone is in UTC, with a warning."""
        value = self.take(name)
        if value is None:
            return None
        try:
            moment, zoned = read_time(value)
        except ValueError as error:
            self.findings.problem(self.at(name), str(error))
            return None
        if not zoned:
            self.findings.warn(self.at(name), "names no time zone; taken as UTC")
        return moment

    def url(self, name: str) -> str | None:
        """Take a web address, without secrets; any other is dropped."""
        value = self.typed(name, str)
        if value is None:
            return None
        wrong = readable_url(value)
        if wrong:
            self.findings.drop(self.at(name), f"{wrong}; dropped")
            return None
        return str(value) if self.findings.glance.harmless else mask(value)

    def inside(self, name: str) -> "Members | None":
        """Take an object, to be read in its turn."""
        value = self.typed(name, dict)
        return None if value is None else Members(value, self.at(name), self.findings)

    def items(self, name: str, limit: int) -> Iterator[tuple[str, Any]]:
        """Take a list as pairs of pointer and item; what exceeds *limit* is dropped."""
        values = self.typed(name, list)
        if not values:
            return
        if len(values) > limit:
            self.findings.drop(
                self.at(name), f"has {len(values)} items; those after {limit} are dropped"
            )
        for place, value in enumerate(values[:limit]):
            yield f"{self.at(name)}/{place}", value

    def close(self, known: Collection[str] = ()) -> None:
        """Report the members nobody took, each with the known name it resembles.

        Args:
            known: names beside those that were asked for.
        """
        if not self._left:
            return
        unknown = list(self._left)
        for name in unknown[:_MOST_UNKNOWN]:
            near = get_close_matches(name[:100], {*self._known, *known}, n=1)
            hint = f', did you mean "{near[0]}"?' if near else ""
            shown = shorten(clean(name, lines=False), 100)
            place = ".".join([*self._pointer.split("/")[1:], shown])
            self.findings.drop(self.at(shown), f'unknown field "{place}"{hint}')
        if len(unknown) > _MOST_UNKNOWN:
            more = len(unknown) - _MOST_UNKNOWN
            self.findings.warn(self._pointer, f"{more} more unknown fields")


def typed(value: Any, kind: type, pointer: str, findings: Findings) -> Any:
    """Return *value* if it is a *kind*; true and false are no numbers."""
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        findings.problem(pointer, f"is not {_TYPES[kind]}")
        return None
    return value
