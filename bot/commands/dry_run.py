"""`python -m bot dry-run`: what a definition would do, with nothing of it performed."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.rehearsing import Unreadable, complain, fit, read_data
from bot.world.system import SystemClock
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.rehearsal import read_decision, read_script, rehearse
from workflows.rehearsal.reading import lines_of


def dry_run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A definition.")],
    *,
    inputs: Annotated[
        str | None, typer.Option(metavar="JSON", help="What the run is started with.")
    ] = None,
    event: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="An event, or a list of them, as JSON or YAML; `at: 5m` says when it comes."
            " The first that matches a trigger starts the run.",
        ),
    ] = None,
    decide: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH=CHOICE[:COMMENT]", help="What people answer to an approval."),
    ] = None,
    stubs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answers of actions by path, as JSON or YAML."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON document.")] = False,
) -> None:
    """Rehearse a definition on a virtual clock: show what it would post, ask and call.

    Nothing is performed. Exit 0 when the rehearsal worked, however the run ended; 1 when the definition,
    its inputs or one of the other files is refused.
    """
    registry = Registry(built_in(environment={}))
    given = {
        "inputs": read_inputs(inputs),
        "events": [one for place in event or () for one in read_events(place)],
        "decide": read_decisions(decide or ()),
        "stubs": None if stubs is None else read_data(stubs),
    }
    found = fit(file, registry)
    if isinstance(found, tuple):
        complain(found)
        raise typer.Exit(1)
    complain(found.warnings)
    report = rehearse(
        found.name,
        found.company,
        read_script(given),
        catalogue=registry,
        start=SystemClock().now(),
    )
    for note in report.notes:
        sys.stderr.write(f"{note}\n")
    if as_json:
        sys.stdout.write(json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(lines_of(report)) + "\n")


def read_inputs(text: str | None) -> Any:
    """Read the inputs.

    Raises:
        Unreadable: they are not JSON.
    """
    try:
        return None if text is None else json.loads(text)
    except ValueError as error:
        raise Unreadable(f"--inputs is not JSON: {error}.") from None


def read_events(place: Path) -> list[Any]:
    found = read_data(place)
    return found if isinstance(found, list) else [found]


def read_decisions(given: Sequence[str]) -> Mapping[str, list[Any]]:
    """Return decisions by path; one that is given twice is two answers, in their order."""
    found: dict[str, list[Any]] = {}
    for text in given:
        path, _ = read_decision(text)
        found.setdefault(path, []).append(text.partition("=")[2])
    return found
