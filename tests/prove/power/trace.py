"""Reads what strace wrote down: which bytes went where, what was made durable, what was said outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    *("openat", "close", "pwrite64", "write", "sendto", "fsync", "fdatasync", "ftruncate"),
    *("unlink", "unlinkat", "rename", "renameat", "mkdir"),
)
LINE = re.compile(r"^(\d+)\s+(.*)$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
BEGUN = re.compile(r"^(\w+)\((.*)$")
ANSWER = re.compile(r"\)\s+= (-?\d+|\?)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
UNFINISHED = " <unfinished ...>"


@dataclass(slots=True)
class Call:
    """One call of the system. *begun* and *ended* are places in the trace, as lines of it.

    Args:
        given: its arguments as they were written down, each text as a ``"``.
        texts: the bytes of the texts among them.
        answer: what it returned; None where the process died in it.
    """

    thread: str
    name: str
    given: list[str]
    texts: list[bytes]
    begun: int
    ended: int | None = None
    answer: int | None = None

    def number(self, place: int) -> int:
        return int(self.given[place])


def recording(trace: Path) -> list[str]:
    """Return the command that writes down everything that is needed to do it again."""
    traced = f"trace={','.join(CALLS)}"
    return ["strace", "-f", "-xx", "-s", "4000000", "-o", str(trace), "-e", traced]


def read(trace: Path) -> list[Call]:
    """Return the calls in the order in which they were begun."""
    return list(_calls(trace.read_text(encoding="ascii")))


def _calls(text: str) -> Iterator[Call]:
    open_: dict[str, Call] = {}
    for place, line in enumerate(text.splitlines()):
        match = LINE.match(line)
        if match is None:
            continue
        thread, rest = match.groups()
        if resumed := RESUMED.match(rest):
            call = open_.pop(thread, None)
            if call is not None:
                _end(call, resumed[2], place)
        elif begun := BEGUN.match(rest):
            call = _begin(thread, begun[1], begun[2], place)
            if rest.endswith(UNFINISHED):
                open_[thread] = call
            else:
                _end(call, begun[2], place)
            yield call


def _begin(thread: str, name: str, rest: str, place: int) -> Call:
    texts: list[bytes] = []

    def noted(match: re.Match[str]) -> str:
        if match[2]:
            raise ValueError("the trace does not hold whole texts: strace needs a larger -s")
        texts.append(bytes.fromhex(match[1].replace("\\x", "")))
        return '"'

    inside = TEXT.sub(noted, rest.removesuffix(UNFINISHED))
    given = [each.strip() for each in ANSWER.split(inside)[0].split(",")]
    return Call(thread, name, given, texts, place)


def _end(call: Call, rest: str, place: int) -> None:
    found = ANSWER.search(rest)
    if found is not None and found[1] != "?":
        call.ended, call.answer = place, int(found[1])
