"""`python -m bot validate`: every problem of some definitions, each with its place and its mend."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from bot.definitions import files_of
from bot.world.system import SystemClock
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import Checked
from workflows.language.errors import Problem
from workflows.language.loader import SIZE
from workflows.language.together import Together, check_together
from workflows.schedule import check_zone, explain, slots

CASES = ".test"  # NAME.test.yaml holds the cases of NAME.yaml
SLOTS = 3  # of a schedule, shown to people


def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Definitions, or folders of them.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of the problems.")] = False,
) -> None:
    """Check definitions and print all that is wrong with them; exit 1 if one has an error."""
    texts, unread = read(files)
    beside, _ = read(neighbours_of(texts))
    found = check_together(texts, Registry(built_in(environment={})), beside=beside)
    problems = (*unread, *found.problems)
    if as_json:
        sys.stdout.write(json.dumps([asdict(each) for each in problems], indent=2) + "\n")
    else:
        for line in told(problems, found):
            sys.stdout.write(f"{line}\n")
    raise typer.Exit(1 if unread or found.failed else 0)


def read(places: Iterable[Path]) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the files by name, folders opened, and a problem for each that cannot be read."""
    texts: dict[str, bytes] = {}
    unread = []
    for place in places:
        try:
            for file in definitions_of(place) if place.is_dir() else [place]:
                with file.open("rb") as opened:
                    texts[str(file)] = opened.read(SIZE + 1)
        except OSError as error:
            reason = f"this cannot be read: {error.strerror or error}"
            unread.append(Problem("error", str(place), 1, 1, "", "file", reason, "Is it there?"))
    return texts, unread


def definitions_of(folder: Path) -> list[Path]:
    """Return the definitions of *folder*, without the cases that stand beside them."""
    return [file for file in files_of(folder) if not file.stem.endswith(CASES)]


def neighbours_of(texts: Mapping[str, bytes]) -> Iterator[Path]:
    """Yield the other definitions of the same folders: children are found among them."""
    taken = {Path(name).resolve() for name in texts}
    for folder in {Path(name).resolve().parent: Path(name).parent for name in texts}.values():
        with contextlib.suppress(OSError):  # a folder may be closed where its files are not
            yield from (file for file in definitions_of(folder) if file.resolve() not in taken)


def told(problems: tuple[Problem, ...], found: Together) -> Iterator[str]:
    """Yield the lines for people: the problems, the schedules, and how many there are."""
    yield from (str(problem) for problem in problems)
    for file, checked in found.checked.items():
        yield from (f"{file}: {line}" for line in schedules(checked))
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    yield f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'s'[: number != 1]}"


def schedules(checked: Checked) -> Iterator[str]:
    """Yield a line for each schedule: what it says, and when it is due next."""
    now = SystemClock().now()
    for trigger in checked.workflow.triggers:
        if trigger.schedule is not None:
            zone = trigger.timezone or "UTC"
            there = check_zone(zone)
            due = islice(slots(trigger.schedule, zone, after=now), SLOTS)
            times = ", ".join(f"{each.astimezone(there):%Y-%m-%d %H:%M}" for each in due)
            yield f"schedule `{trigger.schedule}` in {zone}: {explain(trigger.schedule)}; next {times}"
