"""A command on its way to its verb, and what its words mean. The readers are pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from coordination.coordinator import Coordinator
from coordination.policy import Principal
from coordination.ports import RunStatus
from handlers.slack.answers import ROWS
from handlers.slack.clicks import Place
from handlers.slack.grammar import Filter, Line, Unreadable, Word
from handlers.slack.listening import Edge

SPAN = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
APPROVAL = re.compile(r"(?i:a-)[0-9]{1,15}|ap_[0-9A-Za-z]{1,40}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, by whom and where; *request_id* names the command for ever."""

    line: Line
    who: Principal
    place: Place
    request_id: str
    edge: Edge

    @property
    def coordinator(self) -> Coordinator:
        return self.edge.coordinator

    @property
    def words(self) -> tuple[Word, ...]:
        return self.line.words


def ref(words: Sequence[Word]) -> str:
    """Return the run that was named; nothing means the last one."""
    named = words[0].text if words else "last"
    return "last" if named.lower() == "last" else named


def approval_ref(word: Word, verb: str) -> str:
    """Return the approval that was named. Raises: Unreadable."""
    if APPROVAL.fullmatch(word.text) is None:
        raise Unreadable("Name an approval, as A-17.", word.at, word.length, verb)
    return word.text.upper() if word.text[:2].lower() == "a-" else word.text


def state(given: Filter) -> str:
    value = given.value.lower()
    if value not in {*RunStatus}:
        near = get_close_matches(value, [*RunStatus], n=1)
        hint = f" Did you mean `{near[0]}`?" if near else f" Use one of {', '.join(RunStatus)}."
        raise Unreadable(f"There is no state `{value[:40]}`.{hint}", given.at, given.length, "runs")
    return value


def span(given: Filter) -> timedelta:
    match = SPAN.fullmatch(given.value.lower())
    if match is None:
        raise Unreadable("Write 30m, 2h, 1d or 2w.", given.at, given.length, "runs")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def limit(given: Filter) -> int:
    if not (given.value.isascii() and given.value.isdigit() and 1 <= int(given.value[:9]) <= ROWS):
        raise Unreadable(f"Write a number from 1 to {ROWS}.", given.at, given.length, "runs")
    return int(given.value)
