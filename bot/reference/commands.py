"""Writes ``docs/reference/commands.md`` from the commands as they are."""

from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import typer

from baton.cli import VERBS, parser
from bot.__main__ import app

HEAD = """# Commands

<!-- Written by `python -m bot.reference`; a test compares. Change the code, not this page. -->

`baton` does what HTTP can do: it needs the address of a Baton and a token, in `BATON_URL` and `BATON_TOKEN` or
stored by `baton login`. `python -m bot` does what needs the server's code or its data folder.

Data goes to stdout, everything else to stderr, and an error is one sentence that says what to do.

| exit code | means |
|---|---|
| 0 | done |
| 1 | failed; the sentence says why |
| 2 | wrong usage; also a decision without the reason it needs |
| 3 | the run failed, or people said no |
| 4 | not configured, or not allowed |
| 5 | timed out waiting |
| 130 | interrupted |

`baton run` ends with the code of the command that it runs: 127 where there is none, 128 and its number where a
signal ended it. `baton notify` ends with 0 also where the server is away: the event is kept and sent later.

A command that reads takes `--json` and prints one document; `baton events --follow` and `baton watch` print a line
of JSON each time. Nothing is asked on the way unless a person sits at the terminal, and never with `--no-input`.
"""

SERVER = """
## `python -m bot`

While a server runs on the data folder, `token` and `login-link` go through it, by the socket `admin.sock` in
that folder; `migrate` is refused. Without one they work on the folder itself, which they lock for that time.
"""


def reference() -> str:
    """Return the whole page."""
    server = typer.main.get_command(app)
    return f"{HEAD}\n## `baton`\n{''.join(of_baton())}{SERVER}{''.join(of_server('python -m bot', server))}"


def of_baton() -> Iterator[str]:
    for name, verb in verbs(parser()).items():
        arguments = [
            (written(action), (action.help or "").replace("%%", "%"))
            for action in verb._actions  # noqa: SLF001 - argparse has no other way to ask
            if action.dest not in ("help", "perform")
        ]
        example = f"\n```sh\n{VERBS[name].example}\n```\n"
        yield section(f"baton {name}", verb.description or "", arguments) + example


def written(action: Action) -> str:
    """Return an argument as people type it: ``--result K=V``."""
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    return " ".join((", ".join(action.option_strings), value)).strip()


def verbs(whole: ArgumentParser) -> Mapping[str, ArgumentParser]:
    """Return the parser of each command."""
    (found,) = [
        action
        for action in whole._actions  # noqa: SLF001 - as above
        if isinstance(action, _SubParsersAction)
    ]
    commands: Mapping[str, ArgumentParser] = found.choices
    return commands


def of_server(name: str, command: Any) -> Iterator[str]:
    """Describe *command*, or, of a group of commands, each."""
    inner = getattr(command, "commands", None)
    if inner is not None:
        for word, one in inner.items():
            yield from of_server(f"{name} {word}", one)
        return
    arguments = [
        (", ".join(one.opts) if one.param_type_name == "option" else one.name.upper(), one.help)
        for one in command.params
        if one.name != "help"
    ]
    yield section(name, command.help, arguments)


def section(name: str, says: str, arguments: Iterable[tuple[str, str | None]]) -> str:
    """Write one command: what it does, then what it takes."""
    rows = "".join(f"- `{name}`" + (f": {help_}\n" if help_ else "\n") for name, help_ in arguments)
    words = " ".join(says.split())
    return f"\n### `{name}`\n\n{words}\n" + (f"\n{rows}" if rows else "")
