"""The kinds of rule from which the tables of Block Kit are made.

A rule looks at one value and yields what is wrong with it, in Slack's phrases, each with the JSON
pointer of the place.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

SCHEMAS = "failed to match all allowed schemas"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    phrase: str
    pointer: str

    def __str__(self) -> str:
        """Return it as Slack writes it."""
        return f"{self.phrase} [json-pointer:{self.pointer}]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the payload we are, and on which surface: message, modal or home."""

    pointer: str
    surface: str

    def down(self, key: str | int) -> "Place":
        """Return the place one step below."""
        return Place(f"{self.pointer}/{key}", self.surface)

    def says(self, phrase: str) -> Problem:
        """Return a problem of this place."""
        return Problem(phrase, self.pointer)


Found = Iterator[Problem]


class Rule(Protocol):
    """What a value must be."""

    def check(self, value: Any, at: Place, /) -> Found:
        """Yield what is wrong with *value*."""


Extra = Callable[[dict[str, Any], Place], Found]


@dataclass(frozen=True, slots=True)
class Str:
    """A string of *least* to *most* characters."""

    most: int
    least: int = 1
    choices: tuple[str, ...] = ()
    pattern: str = ""

    def check(self, value: Any, at: Place) -> Found:
        if not isinstance(value, str):
            yield at.says("must provide a string")
            return
        if len(value) < self.least:
            yield at.says(f"must be more than {self.least - 1} characters")
        if len(value) > self.most:
            yield at.says(f"must be less than {self.most + 1} characters")
        if self.choices and value not in self.choices:
            yield at.says("must be a valid enum value")
        if self.pattern and value and not re.fullmatch(self.pattern, value):
            yield at.says("must match the expected format")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: Any, at: Place) -> Found:
        if not isinstance(value, bool):
            yield at.says("must provide a boolean")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from *low* to *high*."""

    low: int
    high: int

    def check(self, value: Any, at: Place) -> Found:
        if isinstance(value, bool) or not isinstance(value, int):
            yield at.says("must provide a number")
        elif value < self.low:
            yield at.says(f"must be greater than {self.low - 1}")
        elif value > self.high:
            yield at.says(f"must be less than {self.high + 1}")


@dataclass(frozen=True, slots=True)
class Anything:
    """Not looked into."""

    def check(self, _value: Any, _at: Place) -> Found:
        yield from ()


@dataclass(frozen=True, slots=True)
class List:
    """A list of *least* to *most* items."""

    item: Rule
    most: int
    least: int = 1

    def check(self, value: Any, at: Place) -> Found:
        if not isinstance(value, list):
            yield at.says("must provide an array")
            return
        if len(value) < self.least:
            yield at.says(f"no fewer than {self.least} items allowed")
        if len(value) > self.most:
            yield at.says(f"no more than {self.most} items allowed")
            return
        for index, item in enumerate(value):
            yield from self.item.check(item, at.down(index))


def nothing_more(_value: dict[str, Any], _at: Place) -> Found:
    """Find nothing: the fields were all there was to check."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Obj:
    """An object with exactly these fields; *more* checks what the fields say together."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    more: Extra = field(default=nothing_more)

    def check(self, value: Any, at: Place) -> Found:
        if not isinstance(value, dict):
            yield at.says("must provide an object")
            return
        for name in self.required:
            if name not in value:
                yield at.says(f"missing required field: {name}")
        for name, item in value.items():
            rule = self.fields.get(name)
            if rule is None:
                yield at.says(f"invalid additional property: {name}")
            else:
                yield from rule.check(item, at.down(name))
        yield from self.more(value, at)


@dataclass(frozen=True, slots=True)
class Text:
    """A text object. *kinds* are the types allowed here."""

    most: int
    kinds: tuple[str, ...] = ("plain_text",)
    least: int = 1

    def check(self, value: Any, at: Place) -> Found:
        found = list(self._look(value, at))
        if found and len(self.kinds) > 1:
            yield at.says(SCHEMAS)
        yield from found

    def _look(self, value: Any, at: Place) -> Found:
        if not isinstance(value, dict):
            yield at.says("must provide an object")
            return
        kind = value.get("type")
        if kind is None:
            yield at.says("missing required field: type")
        elif kind not in self.kinds:
            yield at.down("type").says(f"unsupported type: {kind}")
        flag = "verbatim" if kind == "mrkdwn" else "emoji"
        shape: dict[str, Rule] = {
            "type": Anything(),
            "text": Str(self.most, self.least),
            flag: Flag(),
        }
        yield from Obj(shape, ("text",)).check(value, at)


@dataclass(frozen=True, slots=True)
class ByType:
    """An object whose ``type`` chooses its rule; *surfaces* says where a type may stand."""

    table: Mapping[str, Rule]
    surfaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, value: Any, at: Place) -> Found:
        if not isinstance(value, dict):
            yield at.says("must provide an object")
            return
        if "type" not in value:
            yield at.says("missing required field: type")
            return
        kind = value["type"]
        rule = self.table.get(kind) if isinstance(kind, str) else None
        if rule is None or at.surface not in self.surfaces.get(kind, (at.surface,)):
            yield at.down("type").says(f"unsupported type: {kind}")
            return
        yield from rule.check(value, at)


@dataclass(frozen=True, slots=True)
class Later:
    """A rule that is made when it is needed, for blocks that hold blocks."""

    make: Callable[[], Rule]

    def check(self, value: Any, at: Place) -> Found:
        yield from self.make().check(value, at)
