"""What a rehearsal is given: inputs, events, decisions of people, and answers in place of actions.

Everything is read from plain JSON values here, whoever brings them; what cannot be meant is refused
with a sentence, since a rehearsal of something else would show nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NamedTuple

from coordination.refusals import Refused
from workflows.core.facts import StepError
from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.places import Path, written
from workflows.language.suggestions import did_you_mean
from workflows.rehearsal.happenings import Happening, Misread, read_happening

__all__ = [
    "Answer",
    "Cue",
    "Decision",
    "InvalidScript",
    "Problem",
    "Script",
    "read_decision",
    "read_script",
    "static_of",
]

KEYS: Final = ("inputs", "events", "decide", "stubs")
ANSWER: Final = ("output", "error", "type", "class", "status", "takes")
DECISION: Final = ("choice", "comment", "text", "by", "after")
CLASSES: Final = ("not_started", "failed", "unknown")
TURNS: Final = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\[\]]*)\]|#[0-9]+')


class Problem(NamedTuple):
    """Something in a script that cannot be meant; *path* leads to it from the top."""

    path: Path
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{written(self.path)}: " if self.path else ""
        return f"{place}{self.message}.{f' {self.hint}' if self.hint else ''}"


class InvalidScript(Refused, ValueError):
    """What a rehearsal was given cannot be meant; ``problems`` holds them all."""

    code = "invalid-event"
    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action, or a child, gives instead of being performed, after *takes*.

    With neither output nor error it is a sample that takes its time.
    """

    output: Any = None
    error: StepError | None = None
    takes: timedelta = timedelta(0)
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What people answer, *after* they were asked; *by* None is whoever was asked first."""

    choice: str
    comment: str | None = None
    text: str | None = None
    by: str | None = None
    after: timedelta = timedelta(0)


@dataclass(slots=True)
class Cue:
    """What is given for one path, in order; the last repeats."""

    given: tuple[Any, ...]
    used: int = 0

    def next(self) -> Any:
        value = self.given[min(self.used, len(self.given) - 1)]
        self.used += 1
        return value


@dataclass(frozen=True, slots=True)
class Script:
    """All that a rehearsal is given. Paths may leave out items and turns: ``fan.post``."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    happenings: tuple[Happening, ...] = ()
    decide: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    stubs: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)


def static_of(path: str) -> str:
    """Return *path* without the items and turns in it: ``fan[3].post`` is ``fan.post``."""
    return TURNS.sub("", path)


def read_script(given: Mapping[str, Any]) -> Script:
    """Read a script from the members `inputs`, `events`, `decide` and `stubs`.

    Raises:
        InvalidScript: with path and message of everything that cannot be read.
    """
    problems = [Problem((key,), *_unknown(key, KEYS)) for key in given if key not in KEYS]

    inputs = _map("inputs", given, problems)
    decide = {
        path: _each(("decide", path), value, _decision, problems)
        for path, value in _map("decide", given, problems).items()
    }
    stubs = {
        path: _each(("stubs", path), value, _answer, problems)
        for path, value in _map("stubs", given, problems).items()
    }
    happenings = _happenings(given.get("events"), problems)
    if problems:
        raise InvalidScript(problems)
    return Script(inputs, happenings, decide, stubs)


def read_decision(text: str) -> tuple[str, Decision]:
    """Read ``PATH=CHOICE[:COMMENT]``.

    Raises:
        InvalidScript: it has another form.
    """
    path, sign, said = text.partition("=")
    if not sign or not path.strip() or not said.strip():
        hint = "Write PATH=CHOICE, or PATH=CHOICE:COMMENT."
        raise InvalidScript([Problem((), f"{text!r} is no decision", hint)])
    return path.strip(), _spoken(said)


def _spoken(said: str) -> Decision:
    choice, _, comment = said.partition(":")
    return Decision(choice.strip(), comment.strip() or None)


def _happenings(events: Any, problems: list[Problem]) -> tuple[Happening, ...]:
    if not isinstance(events, list | None):
        problems.append(Problem(("events",), "this must be a list"))
        return ()
    found = []
    for number, body in enumerate(events or ()):
        try:
            found.append(read_happening(body, number=number))
        except Misread as error:
            problems.append(Problem(("events", number), error.message, error.hint))
    return tuple(found)


def _map(name: str, given: Mapping[str, Any], problems: list[Problem]) -> Mapping[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    problems.append(Problem((name,), "this must be a map"))
    return {}


def _each(at: Path, value: Any, read: Any, problems: list[Problem]) -> tuple[Any, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        problems.append(Problem(at, "the list is empty"))
    found = []
    for number, each in enumerate(listed):
        try:
            found.append(read(each))
        except Misread as error:
            place = (*at, number) if isinstance(value, list) else at
            problems.append(Problem(place, error.message, error.hint))
    return tuple(found)


def _answer(value: Any) -> Answer:
    if not isinstance(value, Mapping):
        raise Misread("an answer is a map with `output` or `error`")
    _refuse_unknown(value, ANSWER)
    if "output" in value and "error" in value:
        raise Misread("an answer has `output` or `error`, not both")
    takes = _duration(value.get("takes", "0s"))
    if "error" not in value:
        stray = [key for key in ("type", "class", "status") if key in value]
        if stray:
            raise Misread(f"`{stray[0]}` goes with `error`")
        return Answer(value.get("output"), takes=takes, sampled="output" not in value)
    return Answer(error=_error(value), takes=takes)


def _error(value: Mapping[str, Any]) -> StepError:
    message, class_ = value["error"], value.get("class", "failed")
    type_, status = value.get("type", "failed"), value.get("status")
    if not isinstance(message, str) or not isinstance(type_, str):
        raise Misread("`error` and `type` are text")
    if class_ not in CLASSES:
        raise Misread(f"`class` is one of {', '.join(CLASSES)}, not {class_!r}")
    if status is not None and type(status) is not int:
        raise Misread("`status` is a whole number")
    return StepError(type_, message, class_, status)


def _decision(value: Any) -> Decision:
    if isinstance(value, str) and value.strip():
        return _spoken(value)
    if not isinstance(value, Mapping) or not isinstance(value.get("choice"), str):
        raise Misread("a decision is CHOICE[:COMMENT], or a map with `choice`")
    _refuse_unknown(value, DECISION)
    wrong = [key for key in ("comment", "text", "by") if not isinstance(value.get(key, ""), str)]
    if wrong:
        raise Misread(f"`{wrong[0]}` is text")
    return Decision(
        value["choice"],
        value.get("comment"),
        value.get("text"),
        value.get("by"),
        _duration(value.get("after", "0s")),
    )


def _refuse_unknown(value: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in value:
        if key not in known:
            raise Misread(*_unknown(str(key), known))


def _unknown(key: str, known: Sequence[str]) -> tuple[str, str]:
    hint = did_you_mean(key, known) or f"There are {', '.join(known)}."
    return f"there is no key `{key[:80]}`", hint


def _duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise Misread("a time is a text as `30s`")
    try:
        return parse_duration(value, zero=True)
    except InvalidDuration as error:
        raise Misread(error.message, error.hint) from None
