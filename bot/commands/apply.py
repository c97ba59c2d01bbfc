"""`python -m bot apply`: publish definitions from files, all of them or none."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.asking import asked
from bot.commands.validate import read
from bot.settings import read_settings
from workflows.language.errors import Problem

MOST = 900_000  # bytes: what goes through the socket at once


def apply(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Definitions, or folders of them.")
    ],
    *,
    draft: Annotated[bool, typer.Option(help="Keep them beside what is in use.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What came of each, as JSON.")] = False,
) -> None:
    """Publish definitions: all of FILE…, or none where one has an error; exit 1 then."""
    texts, unread = read(files)
    if unread:
        refuse(unread)
    if sum(map(len, texts.values())) > MOST:
        sys.stderr.write("These are too many at once: apply fewer files, children first.\n")
        raise typer.Exit(1)
    request = {
        "command": "workflow-apply",
        "files": {name: text.decode("utf-8", "replace") for name, text in texts.items()},
        "draft": draft,
    }
    done = asked(read_settings(), request)
    problems = [Problem(**each) for each in done["problems"]]
    if as_json:
        sys.stdout.write(json.dumps(done, indent=2) + "\n")
    if problems and not as_json:
        refuse(problems)
    if not as_json:
        sys.stdout.writelines(f"{line}\n" for each in done["published"] for line in lines(each))
    raise typer.Exit(1 if problems else 0)


def refuse(problems: list[Problem]) -> None:
    """Say what is wrong, and that nothing was published. Raises: Exit."""
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    sys.stderr.write("Nothing was published.\n")
    raise typer.Exit(1)


def lines(done: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to say of one definition."""
    state = f"revision {done['revision']}, {done['status']}"
    if done["draft"] == done["revision"]:
        state = f"revision {done['revision']} is a draft beside what is in use"
    yield f"{done['name']}: {state}{'' if done['changed'] else ', as before'}"
    yield from (f"  it {gain}" for gain in done["gains"])
    yield from (f"  {Problem(**each)}" for each in done["warnings"])
    for made in done["secrets"]:
        yield f"  {made['trigger']} is called at {made['url']}"
        yield f"  and signed with {made['secret']}: this is the only time that it is shown"
