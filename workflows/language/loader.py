"""Reads YAML 1.2 in one pass over the parser's events, with the place of everything.

``on``, ``no`` and ``1:30`` stay text, ``012`` is twelve, no key comes twice. Anchors, aliases,
tags, keys that are not plain values, and anything very large or deep are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from workflows.language.errors import MOST_PROBLEMS, InvalidDefinition, Problem, cut_off
from workflows.language.places import Document, Path, Place, written

__all__ = ["DEPTH", "FLOAT", "INTEGER", "NODES", "NO_NUMBER", "SIZE", "check_data", "read_yaml"]

SIZE: Final = 256 * 1024
"""Bytes of a file."""
DEPTH: Final = 32
"""Levels of lists and maps."""
NODES: Final = 5_000
"""Texts, numbers, lists and maps of a file, keys not counted."""
BIGGEST: Final = 2**53
SPLIT: Final = "Split it: a step can run another workflow as its child."

NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS: Final = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NO_NUMBER: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
NUMERIC: Final = frozenset("-+.0123456789")


def read_yaml(text: str | bytes, *, file: str) -> Document:
    """Read *text*; *file* is the name it has in problems.

    Raises:
        InvalidDefinition: with one problem, since after a syntax error the rest is guesswork.
            Duplicate keys and numbers that JSON does not have are ``problems`` of the document.
    """
    decoded = _decoded(text, file)
    reader = Reader(file)
    try:
        data = reader.read(yaml.parse(decoded, yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, file) from None
    except yaml.reader.ReaderError as error:
        line, column = _line_column(decoded, error.position)
        raise _alone(
            file, line, column, "this character is not allowed in YAML", hint="Leave it out."
        ) from None
    return Document(file, decoded, data, reader.places, tuple(reader.problems))


def check_data(data: Any) -> None:
    """Hold data that is no file, as from Python or a store, to the limits of one.

    Raises:
        InvalidDefinition: it is too deep, or too much.
    """
    count, level = 0, [data]
    for _ in range(DEPTH + 1):
        count += len(level)
        if count > NODES:
            raise _alone("", 0, 0, f"this holds more than {NODES:,} values", "limit", SPLIT)
        holders = [each for each in level if isinstance(each, dict | list)]
        level = [v for each in holders for v in (each.values() if isinstance(each, dict) else each)]
        if not holders:
            return
    raise _alone("", 0, 0, f"this nests more than {DEPTH} levels", "limit", SPLIT)


def _decoded(text: str | bytes, file: str) -> str:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "replace"))
    if size > SIZE:
        raise _alone(file, 1, 1, f"this file is larger than {SIZE // 1024} KiB", "limit", SPLIT)
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        column = error.start - (text.rfind(b"\n", 0, error.start) + 1) + 1
        raise _alone(
            file, line, column, "this file is not UTF-8", hint="Save it as UTF-8."
        ) from None


def _alone(
    file: str, line: int, column: int, message: str, code: str = "syntax", hint: str | None = None
) -> InvalidDefinition:
    return InvalidDefinition([Problem("error", file, line, column, "", code, message, hint)])


def _syntax(error: yaml.MarkedYAMLError, file: str) -> InvalidDefinition:
    mark = error.problem_mark or error.context_mark
    if "quoted scalar" in str(error.context) and error.context_mark:
        mark = error.context_mark  # where the quotes open: their end is nowhere
    reason = " ".join(part for part in (error.problem, error.context) if part)
    hint = "Look at the line before it as well."
    if "\\t" in reason or "cannot start any token" in reason:
        hint = "Texts that begin with a sign stand in quotes, and lines are indented with spaces."
    elif "mapping values are not allowed" in reason:
        hint = "A text that holds `: ` stands in quotes."
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return _alone(file, line, column, f"this is not YAML: {reason}", hint=hint)


def _line_column(text: str, position: int) -> tuple[int, int]:
    return (text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1)


@dataclass(slots=True)
class _Level:
    """A list or map that is still open; *key* is the one whose value comes next."""

    value: Any
    path: Path
    key: str | None = None
    key_mark: Any = None
    seen: dict[str, int] = field(default_factory=dict)


class Reader:
    """Builds data and places from events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self.levels: list[_Level] = []
        self.nodes = 0
        self.root: Any = None
        self.documents = 0

    def read(self, events: Iterator[Any]) -> Any:
        """Return the data of the only document."""
        read = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: lambda event: self.open(event, {}),
            yaml.SequenceStartEvent: lambda event: self.open(event, []),
            yaml.MappingEndEvent: lambda _: self.levels.pop(),
            yaml.SequenceEndEvent: lambda _: self.levels.pop(),
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document,
        }
        for event in events:
            take = read.get(type(event))
            if take is not None:
                take(event)
        if not self.documents:
            raise _alone(
                self.file, 1, 1, "this file is empty", "empty", "Write `name` and `steps`."
            )
        return self.root

    def alias(self, event: Any) -> None:
        raise self.refused(event, "aliases are not allowed", "Write the value again.")

    def document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self.refused(
                event, "a file holds one workflow", "Put the second in its own file."
            )

    def refused(self, event: Any, message: str, hint: str, code: str = "yaml") -> InvalidDefinition:
        mark = event.start_mark
        return _alone(self.file, mark.line + 1, mark.column + 1, message, code, hint)

    def open(self, event: Any, value: Any) -> None:
        path = self.add(event, value)
        if len(self.levels) >= DEPTH:
            raise self.refused(event, f"this nests more than {DEPTH} levels", SPLIT, "limit")
        self.levels.append(_Level(value, path))

    def scalar(self, event: Any) -> None:
        level = self.levels[-1] if self.levels else None
        if level is not None and isinstance(level.value, dict) and level.key is None:
            self.check(event)
            self.key(level, event)
            return
        value = event.value
        if event.implicit[0]:
            value = self.plain(event)
        self.add(event, value)

    def key(self, level: _Level, event: Any) -> None:
        name = event.value
        mark = event.start_mark
        if name in level.seen:
            self.problem(
                event,
                (*level.path, name),
                "duplicate",
                f"`{name}` stands here twice, first in line {level.seen[name]}",
                "Keep one of them.",
            )
        level.seen.setdefault(name, mark.line + 1)
        level.key, level.key_mark = name, mark

    def add(self, event: Any, value: Any) -> Path:
        """Put *value* where it belongs and note its place."""
        self.check(event)
        self.nodes += 1
        if self.nodes > NODES:
            raise self.refused(event, f"this file holds more than {NODES:,} values", SPLIT, "limit")
        start, end = event.start_mark, event.end_mark
        style = getattr(event, "style", None) or None
        if not self.levels:
            self.root = value
            self.places[()] = Place(start.line + 1, start.column + 1)
            return ()
        level = self.levels[-1]
        if isinstance(level.value, list):
            path: Path = (*level.path, len(level.value))
            level.value.append(value)
            self.places[path] = Place(
                start.line + 1, start.column + 1, style=style, end_line=end.line + 1
            )
            return path
        if level.key is None:
            raise self.refused(event, "a key must be a plain text", "Write it without brackets.")
        path, key_mark = (*level.path, level.key), level.key_mark
        level.value[level.key] = value
        self.places[path] = Place(
            start.line + 1,
            start.column + 1,
            key_mark.line + 1,
            key_mark.column + 1,
            style,
            end.line + 1,
        )
        level.key = None
        return path

    def check(self, event: Any) -> None:
        if event.anchor is not None:
            raise self.refused(
                event, "anchors are not allowed", "Write the value where it is needed."
            )
        if event.tag is not None:
            raise self.refused(
                event, f"tags are not allowed, as {event.tag[:60]!r}", "Leave it out."
            )

    def problem(self, event: Any, path: Path, code: str, message: str, hint: str) -> None:
        mark = event.start_mark
        self.problems.append(
            Problem(
                "error",
                self.file,
                mark.line + 1,
                mark.column + 1,
                written(path),
                code,
                message,
                hint,
            )
        )
        if len(self.problems) >= MOST_PROBLEMS:
            raise InvalidDefinition(cut_off(self.problems))

    def plain(self, event: Any) -> Any:
        """Return what an unquoted text stands for, by the core rules of YAML 1.2."""
        text: str = event.value
        if text in NULL:
            return None
        if text in BOOLEANS:
            return BOOLEANS[text]
        if text[0] not in NUMERIC:
            return text
        if INTEGER.fullmatch(text):
            return self.integer(event, text)
        if NO_NUMBER.fullmatch(text) or (
            FLOAT.fullmatch(text) and abs(float(text)) == float("inf")
        ):
            self.number(event, f"{text[:40]} is a number that JSON does not have")
            return 0
        return float(text) if FLOAT.fullmatch(text) else text

    def integer(self, event: Any, text: str) -> int:
        # Past twenty digits it is too large whatever it is, and Python would be slow to say so.
        value = int(text, {"0o": 8, "0x": 16}.get(text[:2], 10)) if len(text) <= 60 else BIGGEST + 1
        if abs(value) > BIGGEST:
            self.number(event, f"{text[:40]} is beyond 2^53, and loses digits in a browser")
        return value

    def number(self, event: Any, message: str) -> None:
        level = self.levels[-1] if self.levels else None
        path: Path = (
            ()
            if level is None
            else (*level.path, level.key if level.key is not None else len(level.value))
        )
        self.problem(event, path, "number", message, "Put it in quotes.")
