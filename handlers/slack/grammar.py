"""Reads what people type after the command. Pure.

command = verb, { word | key:value };   value = word | "quoted words"

Phones turn quotes curly and two hyphens into a dash; that is undone first. Slack escapes three
characters, writes mentions as ids and addresses in angle brackets; that is undone once, last.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from baton.errors import BatonError

CURLY: Mapping[int, str] = {
    **dict.fromkeys((0x201C, 0x201D, 0x201E, 0x201F, 0xAB, 0xBB), '"'),
    **dict.fromkeys((0x2018, 0x2019, 0x201A, 0x201B), "'"),
}
LONG_DASH, SHORT_DASH = "\u2014", "\u2013"
KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63}):")
OPTION = re.compile(r"--?([A-Za-z][A-Za-z0-9_-]{0,63})(?:[=:].*)?")
ADDRESS = re.compile(r"<((?:https?://|mailto:)[^|<>]*)(?:\|[^<>]*)?>")
NAMED = re.compile(r"<([@#][A-Z0-9]+)\|[^<>]*>")
LONGEST = 4_000


class Unreadable(BatonError):
    """A command cannot be read; the place counts characters of what was typed, from 0."""

    def __init__(self, why: str, at: int, length: int, verb: str | None = None) -> None:
        self.why, self.at, self.length, self.verb = why, at, max(1, length), verb
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of what was typed, and where it stood."""

    text: str
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class Filter:
    """``key:value``; the key in small letters."""

    key: str
    value: str
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class Line:
    """A command taken apart. The verb is None where nothing was typed."""

    verb: Word | None
    words: tuple[Word, ...]
    filters: tuple[Filter, ...]

    @property
    def given(self) -> Mapping[str, str]:
        return {each.key: each.value for each in self.filters}


def read(typed: str) -> Line:
    """Take a command apart.

    Raises:
        Unreadable: a quote is not closed, a key is there twice or has no value, or it has ``--``.
    """
    if len(typed) > LONGEST:
        raise Unreadable(f"A command has at most {LONGEST} characters.", LONGEST, 1)
    line = typed.translate(CURLY)
    words: list[Word] = []
    filters: list[Filter] = []
    for word in pieces(line):
        key = KEY.match(word.text)
        if words and key and not ADDRESS.match(word.text):
            filters.append(a_filter(word, key, filters))
        else:
            words.append(a_word(word))
    return Line(words[0] if words else None, tuple(words[1:]), tuple(filters))


def pieces(line: str) -> list[Word]:
    """Split at spaces that no quotes enclose; the quotes stay."""
    found: list[Word] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        end = end_of(line, at)
        found.append(Word(line[at:end], at, end - at))
        at = end
    return found


def end_of(line: str, start: int) -> int:
    opened: int | None = None
    at = start
    while at < len(line) and (opened is not None or not line[at].isspace()):
        if line[at] == "\\" and opened is not None:
            at += 1
        elif line[at] == '"':
            opened = at if opened is None else None
        at += 1
    if opened is not None:
        raise Unreadable("This quote is not closed.", opened, 1)
    return min(at, len(line))


def a_word(piece: Word) -> Word:
    text = plain(piece.text)
    option = OPTION.fullmatch(text)
    if option and not text.lstrip("-").isdigit():
        raise Unreadable(
            f"Write {option[1]}:value instead; phones turn two hyphens into a dash.",
            piece.at,
            piece.length,
        )
    return Word(text, piece.at, piece.length)


def a_filter(piece: Word, key: re.Match[str], before: list[Filter]) -> Filter:
    name, rest = key[1].lower(), piece.text[key.end() :]
    if any(each.key == name for each in before):
        raise Unreadable(f"`{name}` is there twice.", piece.at, piece.length)
    if not rest:
        raise Unreadable(
            f"`{name}:` has no value. Put it right after the colon.", piece.at, piece.length
        )
    return Filter(name, plain(rest), piece.at, piece.length)


def plain(piece: str) -> str:
    """Take off the quotes, and undo what phones and Slack did to the rest."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', piece)
    return "".join(unquoted(part) if part.startswith('"') else undone(part) for part in parts)


def unquoted(part: str) -> str:
    return decoded(re.sub(r"\\(.)", r"\1", part[1:-1]))


def undone(part: str) -> str:
    return decoded(part.replace(LONG_DASH, "--").replace(SHORT_DASH, "-"))


def decoded(part: str) -> str:
    """Undo Slack's escaping, once: what somebody typed as ``&amp;lt;`` stays ``&lt;``."""
    part = NAMED.sub(r"<\1>", ADDRESS.sub(r"\1", part))
    return part.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def quoted(value: str) -> str:
    """Write *value* so that `read` finds it again."""
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'
