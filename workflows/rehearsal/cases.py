"""Tests of a workflow: each case is a rehearsal, and what came of it is compared with what it expects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from workflows.language.cases import Expect, Said, read_case_file
from workflows.language.catalogue import Catalogue
from workflows.language.errors import InvalidDefinition, InvalidInputs
from workflows.language.findings import Findings
from workflows.rehearsal.company import Company
from workflows.rehearsal.rehearse import rehearse
from workflows.rehearsal.script import InvalidScript, Script, read_script, static_of
from workflows.rehearsal.stage import TooLong
from workflows.rehearsal.timeline import Rehearsal

__all__ = ["START", "Difference", "ReadCase", "read_cases", "try_case"]

START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""What the clock shows when a case begins: the same today and in a year."""

STATUSES: Final = ("completed", "skipped", "not_taken", "failed", "compensated")


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case, ready to be tried; *line* is where it stands in its file."""

    name: str
    line: int
    script: Script
    expect: Expect


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was expected to be: *what* is the key, as ``params.deploy``."""

    what: str
    expected: Any
    got: Any


def read_cases(text: str | bytes, *, file: str) -> tuple[ReadCase, ...]:
    """Read a file of cases.

    Raises:
        InvalidDefinition: with every problem and its place.
    """
    cases, document = read_case_file(text, file=file)
    findings = Findings(document)
    found = []
    for number, case in enumerate(cases.cases):
        given = {
            "inputs": case.inputs,
            "events": case.events,
            "decide": case.decide,
            "stubs": case.stubs,
        }
        at = ("cases", number)
        try:
            script = read_script(given)
        except InvalidScript as error:
            for each in error.problems:
                findings.add("value", (*at, *each.path), each.message, each.hint)
            continue
        found.append(ReadCase(case.name, document.value(at)[0], script, case.expect))
    if findings.failed:
        raise InvalidDefinition(findings.problems)
    return tuple(found)


def try_case(
    case: ReadCase, name: str, company: Company, catalogue: Catalogue
) -> tuple[Difference, ...]:
    """Rehearse the workflow *name* as *case* says, and return what is not as expected."""
    try:
        report = rehearse(name, company, case.script, catalogue=catalogue, start=START)
    except (InvalidInputs, InvalidScript, TooLong) as error:
        return (Difference("rehearsal", "to be played", str(error)),)
    return tuple(_differences(case.expect, report))


def _differences(expect: Expect, report: Rehearsal) -> Iterator[Difference]:
    if expect.status is not None and expect.status != report.status:
        yield Difference("status", expect.status, _how_it_stands(report))
    yield from _of_map("outputs", expect.outputs, report.outputs)
    reached = _reached(report)
    for status in STATUSES:
        wanted = getattr(expect, status)
        if wanted is not None:
            yield from _of_paths(status, wanted, reached)
    if expect.posts is not None:
        yield from _of_posts(expect.posts, report)
    calls = _calls(report)
    for path, params in (expect.params or {}).items():
        got = calls.get(path)
        if got is None:
            yield Difference(f"params.{path}", params, f"not called; called were {_listed(calls)}")
        else:
            yield from _of_map(f"params.{path}", params, got)


def _how_it_stands(report: Rehearsal) -> str:
    """Say how the run stands, and why, where there is a reason."""
    if report.waiting_for is not None:
        return f"{report.status}: {report.waiting_for}"
    error = report.timeline[-1].more.get("error") if report.timeline else None
    if not isinstance(error, Mapping):
        return report.status
    where = f" at {error['path']}" if error.get("path") else ""
    return f"{report.status}{where}: {error['message']}"


def _of_map(
    what: str, wanted: Mapping[str, Any] | None, got: Mapping[str, Any] | None
) -> Iterator[Difference]:
    if wanted is None:
        return
    if not wanted and got:
        yield Difference(what, {}, dict(got))
    for name, value in wanted.items():
        if got is None or name not in got:
            yield Difference(f"{what}.{name}", value, "nothing of that name")
        elif not _fits(value, got[name]):
            yield Difference(f"{what}.{name}", value, got[name])


def _fits(wanted: Any, got: Any) -> bool:
    """Compare values by value and type; a map may hold more than is wanted of it."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        if not wanted:
            return not got
        return all(name in got and _fits(value, got[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(_fits, wanted, got))
    if isinstance(wanted, bool) is not isinstance(got, bool):
        return False
    return bool(wanted == got)


def _reached(report: Rehearsal) -> dict[str, str]:
    """Return how each step ended, those of children too."""
    found = {
        each.path: str(each.kind)
        for each in report.timeline
        if "/" in each.path and each.kind in STATUSES
    }
    return {**found, **{each.path: each.status for each in report.steps}}


def _of_paths(
    status: str, wanted: Sequence[str], reached: Mapping[str, str]
) -> Iterator[Difference]:
    got = [path for path, each in reached.items() if each == status]
    if not wanted and got:
        yield Difference(status, [], got)
    missing = [path for path in wanted if path not in got]
    if missing:
        stands = {path: reached.get(path, "never reached") for path in missing}
        yield Difference(status, list(wanted), stands)


def _of_posts(wanted: Sequence[str | Said], report: Rehearsal) -> Iterator[Difference]:
    said = [each.more for each in report.timeline if each.kind == "posted" and "text" in each.more]
    if not wanted and said:
        yield Difference("posts", [], [each["text"] for each in said])
    left = iter(said)
    for post in wanted:
        if not any(_says(post, each) for each in left):
            expected = post if isinstance(post, str) else post.model_dump(exclude_none=True)
            yield Difference("posts", expected, [each["text"] for each in said])
            return


def _says(wanted: str | Said, more: Mapping[str, Any]) -> bool:
    if isinstance(wanted, str):
        return wanted in more["text"]
    channel = (more.get("params") or {}).get("channel")
    return wanted.text in more["text"] and wanted.channel in (None, channel)


def _calls(report: Rehearsal) -> dict[str, Any]:
    """Return the params of the last call at each path, and at each path without items and turns."""
    calls = [each for each in report.timeline if each.kind == "would_call"]
    return {
        **{static_of(each.path): each.more["params"] for each in calls},
        **{each.path: each.more["params"] for each in calls},
    }


def _listed(calls: Mapping[str, Any]) -> str:
    return ", ".join(f"`{path}`" for path in calls) or "no actions"
