"""`python -m bot doctor`: one line for each thing that has to be right, each with its mend."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import packages_distributions
from typing import Annotated

import typer

from bot.admin import AdminRefused, ask
from bot.configuration import read_configuration
from bot.lifecycle import STATIC
from bot.settings import InvalidSettings, Settings, read_settings

OURS = ("baton", "coordination", "workflows", "handlers", "bot", "devslack")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is right, and what to do if not."""

    what: str
    good: bool
    says: str


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Look at everything Baton stands on; exit 1 if something is wrong."""
    found = tuple(findings())
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=2) + "\n")
    else:
        for one in found:
            sys.stdout.write(f"{'ok  ' if one.good else 'BAD '} {one.what}: {one.says}\n")
    raise typer.Exit(0 if all(one.good for one in found) else 1)


def findings() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", sys.version_info >= (3, 11), f"{version} (3.11 or newer is needed)")
    yield from names()
    try:
        settings = read_settings()
    except InvalidSettings as error:
        yield Finding("settings", good=False, says=str(error))
        return
    yield from of_settings(settings)
    yield from of_data(settings)
    bundle = (STATIC / "demo.html").is_file()
    yield Finding("pages", bundle, "built" if bundle else "not built: python3 run.py web")


def names() -> Iterator[Finding]:
    """No other distribution may bring a package of our names: it would shadow ours unseen."""
    brought = packages_distributions()
    for name in OURS:
        others = [one for one in brought.get(name, []) if one != "baton-bus"]
        if others:
            yield Finding(
                name, good=False, says=f"{others[0]} brings a package of that name: remove it"
            )


def of_settings(settings: Settings) -> Iterator[Finding]:
    try:
        settings.slack_tokens()
        yield Finding("slack tokens", good=True, says=f"set, for {settings.slack_api_url}")
    except InvalidSettings as error:
        yield Finding("slack tokens", good=False, says=str(error))
    try:
        read_configuration(settings.configuration)
        yield Finding("baton.yaml", good=True, says=str(settings.configuration))
    except InvalidSettings as error:
        yield Finding("baton.yaml", good=False, says=str(error))


def of_data(settings: Settings) -> Iterator[Finding]:
    there = settings.database.exists()
    says = str(settings.database) if there else "not made yet: python -m bot migrate"
    yield Finding("database", there, says)
    try:
        running = asyncio.run(ask(settings.data / "admin.sock", {"command": "readiness"}))
    except AdminRefused as error:
        yield Finding("server", good=False, says=str(error))
        return
    if running is None:
        yield Finding("server", good=False, says="not running: python -m bot serve")
        return
    for part, word in running["failing"].items():
        yield Finding(part, good=False, says=str(word))
    yield Finding("server", not running["failing"], "running")
