"""Reads JUnit's XML reports, as many tools write them. Pure, and safe on files of strangers.

The parser refuses every document type and entity before it means anything, and deep nesting.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat

from baton.errors import BatonError

__all__ = ["BadReport", "Counts", "read_junit", "total"]

MOST_BYTES = 25 * 1024 * 1024
MOST_DEPTH = 64
MOST_NAMES = 20
MOST_SAID = 300
_ROOTS = ("testsuites", "testsuite")
_OUTCOMES = ("error", "failure", "skipped")  # a case with several counts as the first of them


class BadReport(BatonError):
    """This is no JUnit report that can be read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a report says. *failing* are the first twenty, each with the beginning of its message."""

    tests: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0
    time_s: float = 0.0
    failing: tuple[tuple[str, str], ...] = ()

    @property
    def passed(self) -> int:
        return max(0, self.tests - self.failures - self.errors - self.skipped)

    @property
    def status(self) -> str:
        """Return the status of a process whose tests these are."""
        if self.failures + self.errors:
            return "failed"
        return "skipped" if self.tests == self.skipped else "completed"

    def to_json(self) -> dict[str, int | float]:
        return {
            "tests": self.tests,
            "failures": self.failures,
            "errors": self.errors,
            "skipped": self.skipped,
            "passed": self.passed,
            "time_s": self.time_s,
        }


def total(reports: Iterable[Counts]) -> Counts:
    """Add up several reports."""
    whole = Counts()
    for each in reports:
        whole = Counts(
            whole.tests + each.tests,
            whole.failures + each.failures,
            whole.errors + each.errors,
            whole.skipped + each.skipped,
            round(whole.time_s + each.time_s, 3),
            (whole.failing + each.failing)[:MOST_NAMES],
        )
    return whole


def read_junit(raw: bytes) -> Counts:
    """Count what *raw* reports.

    Raises:
        BadReport: it is not XML, declares a document type or entities, or is another document.
    """
    if len(raw) > MOST_BYTES:
        raise BadReport(f"the report has over {MOST_BYTES // 1024 // 1024} MiB")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - the library takes no keyword
    except expat.ExpatError as error:
        raise BadReport(f"it is not XML: {error}") from None
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise BadReport(f"it cannot be read: {error}") from None
    return reader.counts()


def _refuse(*_: object) -> int:
    raise BadReport("it declares a document type or an entity, which no report needs")


class _Reader:
    """Goes through a report once."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._counts = Counts()
        self._suites = Counts()  # of the outermost suites, for reports without cases
        self._told_at: int | None = None  # the depth of the suite that counts for those inside it
        self._case: dict[str, str] = {}
        self._outcomes: dict[str, str] = {}
        self._said: list[str] | None = None

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if not self._open and name not in _ROOTS:
            raise BadReport(f"its root is {name[:60]!r}, not testsuites or testsuite")
        if len(self._open) >= MOST_DEPTH:
            raise BadReport(f"it is nested deeper than {MOST_DEPTH}")
        self._open.append(name)
        if name == "testcase":
            self._case, self._outcomes = dict(attributes), {}
        elif name in _OUTCOMES and "testcase" in self._open:
            self._outcomes[name] = attributes.get("message", "")
            self._said = []
        elif name in _ROOTS and self._told_at is None and "tests" in attributes:
            self._suites = total((self._suites, _of_suite(attributes)))
            self._told_at = len(self._open)

    def text(self, said: str) -> None:
        if self._said is not None and sum(map(len, self._said)) < MOST_SAID:
            self._said.append(said)

    def end(self, _tag: str) -> None:
        if len(self._open) == self._told_at:
            self._told_at = None
        name = self._open.pop()
        if name in _OUTCOMES and self._said is not None:
            self._outcomes[name] = self._outcomes.get(name) or "".join(self._said).strip()
            self._said = None
        elif name == "testcase":
            self._count()

    def _count(self) -> None:
        found = next((each for each in _OUTCOMES if each in self._outcomes), None)
        bad = found in ("error", "failure")
        name = ".".join(part for key in ("classname", "name") if (part := self._case.get(key)))
        said = next((self._outcomes[each] for each in _OUTCOMES if self._outcomes.get(each)), "")
        failing = ((name, said[:MOST_SAID]),) if bad else ()
        counts = Counts(
            1,
            int(found == "failure"),
            int(found == "error"),
            int(found == "skipped"),
            _number(self._case.get("time")),
            failing,
        )
        self._counts = total((self._counts, counts))

    def counts(self) -> Counts:
        if self._counts.tests:  # some tools time a suite, and none of its cases
            return replace(self._counts, time_s=self._counts.time_s or self._suites.time_s)
        return replace(self._suites, failing=())


def _of_suite(attributes: Mapping[str, str]) -> Counts:
    tests, failures, errors = (
        int(_number(attributes.get(name))) for name in ("tests", "failures", "errors")
    )
    skipped = int(_number(attributes.get("skipped") or attributes.get("disabled")))
    return Counts(tests, failures, errors, skipped, _number(attributes.get("time")))


def _number(text: Any) -> float:
    """Read a number as tools write it, with commas between thousands too; else 0."""
    try:
        found = float(str(text or 0).replace(",", ""))
    except ValueError:
        return 0.0
    return round(found, 3) if 0 <= found < 1e12 else 0.0
