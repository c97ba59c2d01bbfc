"""`python -m bot test`: the cases that stand beside definitions, each a rehearsal."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.rehearsing import complain, fit
from bot.commands.validate import CASES, counted, definitions_of
from bot.definitions import SUFFIXES
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.errors import InvalidDefinition, Problem
from workflows.rehearsal.cases import Difference, read_cases, try_case


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, and what was not as it expects."""

    file: str
    line: int
    name: str
    differences: tuple[Difference, ...]


def try_cases(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Definitions, or folders of them."),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of the cases.")] = False,
) -> None:
    """Try the cases in NAME.test.yaml beside each definition; exit 1 if one fails or cannot be tried."""
    registry = Registry(built_in(environment={}))
    tried: list[Tried] = []
    problems: list[Problem] = []
    for place in definitions_in(files):
        try:
            tried += try_file(place, registry)
        except InvalidDefinition as error:
            problems += error.problems
    complain(problems)
    lines = [as_written(tried)] if as_json else told(tried)
    for line in lines:
        sys.stdout.write(f"{line}\n")
    failed = any(each.differences for each in tried)
    raise typer.Exit(1 if failed or any(each.severity == "error" for each in problems) else 0)


def definitions_in(places: list[Path]) -> Iterator[Path]:
    """Yield each definition once; of a folder those that have cases."""
    seen = set()
    for place in places:
        listed = (
            [each for each in definitions_of(place) if cases_of(each)]
            if place.is_dir()
            else [place]
        )
        for each in listed:
            definition = definition_of(each)
            if definition not in seen:
                seen.add(definition)
                yield definition


def definition_of(place: Path) -> Path:
    """Return the definition that *place* holds, or holds the cases of."""
    if not place.stem.endswith(CASES):
        return place
    named = [place.with_name(place.stem.removesuffix(CASES) + suffix) for suffix in SUFFIXES]
    return next((each for each in named if each.is_file()), named[0])


def cases_of(definition: Path) -> Path | None:
    """Return the file of cases beside *definition*, if there is one."""
    named = (definition.with_name(f"{definition.stem}{CASES}{suffix}") for suffix in SUFFIXES)
    return next((each for each in named if each.is_file()), None)


def try_file(definition: Path, registry: Registry) -> Iterator[Tried]:
    """Try all cases of a definition.

    Raises:
        InvalidDefinition: it, or its cases, are refused; or there are none.
    """
    found = fit(definition, registry)
    if isinstance(found, tuple):
        raise InvalidDefinition(found)
    place = cases_of(definition)
    if place is None:
        named = f"{definition.stem}{CASES}{SUFFIXES[0]}"
        message = f"there is no {named} beside this"
        raise InvalidDefinition([Problem("error", str(definition), 1, 1, "", "file", message)])
    for case in read_cases(place.read_bytes(), file=str(place)):
        differences = try_case(case, found.name, found.company, registry)
        yield Tried(str(place), case.line, case.name, differences)


def told(tried: list[Tried]) -> Iterator[str]:
    """Yield the lines for people: every case, and of one that failed every difference."""
    for each in tried:
        word = "FAIL" if each.differences else "ok"
        yield f"{word:<5} {each.file}:{each.line}: {each.name}"
        for difference in each.differences:
            yield f"        {difference.what}"
            yield f"          expected: {value(difference.expected)}"
            yield f"          got:      {value(difference.got)}"
    failed = sum(bool(each.differences) for each in tried)
    yield f"{counted(len(tried), 'case')}, {failed} failed"


def value(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def as_written(tried: list[Tried]) -> str:
    listed = [{**asdict(each), "passed": not each.differences} for each in tried]
    return json.dumps(listed, indent=2, ensure_ascii=False)
