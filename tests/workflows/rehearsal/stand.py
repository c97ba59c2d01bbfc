"""A small bench for rehearsals: definitions as texts, and what came of them."""

from datetime import UTC, datetime
from typing import Any

from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.rehearsal import Rehearsal, of_checked, read_script, rehearse

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
REGISTRY = Registry(built_in(environment={}))


def rehearsed(text: str, *beside: str, **given: Any) -> Rehearsal:
    """Rehearse the first definition; the others are found as its children."""
    pieces = [
        of_checked(check(each, REGISTRY, file=f"{number}.yaml"), REGISTRY)
        for number, each in enumerate((text, *beside))
    ]
    company = {each.workflow.name: each for each in pieces}
    name = pieces[0].workflow.name
    return rehearse(name, company, read_script(given), catalogue=REGISTRY, start=START)


def told(report: Rehearsal, *kinds: str) -> list[tuple[float, str, str]]:
    """Return time, kind and path of the entries of these kinds; without any, of all."""
    return [
        (each.at, each.kind, each.path)
        for each in report.timeline
        if not kinds or each.kind in kinds
    ]


def statuses(report: Rehearsal) -> dict[str, str]:
    return {each.path: each.status for each in report.steps}


def entry(report: Rehearsal, path: str, kind: str) -> dict[str, Any]:
    """Return the only entry of that kind at that path."""
    (found,) = [each for each in report.timeline if (each.path, each.kind) == (path, kind)]
    return found.to_json()
