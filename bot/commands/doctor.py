"""`python -m bot doctor`: one line for each thing that has to be right, each with its mend."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import packages_distributions, version
from typing import Annotated

import typer

from baton.errors import BatonError
from bot.admin import AdminRefused, ask
from bot.backups import finding as of_backup
from bot.configuration import read_configuration, rules_of
from bot.lifecycle import STATIC
from bot.looking import Finding
from bot.settings import InvalidSettings, Settings, process_environment, read_settings
from bot.vitals import generation, of_sqlite, of_wal, size_of
from bot.world import make_world
from bot.world.listening import listen
from coordination.database import DatabaseInUse, DatabaseUnusable, Lock, look_at, schema_of

OURS = ("baton", "coordination", "workflows", "handlers", "bot", "devslack")
OAUTH = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")  # Bolt changes its ways where these are set


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
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", sys.version_info >= (3, 11), f"{python} (3.11 or newer is needed)")
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
        says = f"set, for {settings.slack_api_url}, {settings.slack_mode} mode"
        yield Finding("slack tokens", good=True, says=says)
    except InvalidSettings as error:
        yield Finding("slack tokens", good=False, says=str(error))
    for name in OAUTH:
        if name in process_environment():
            says = "takes the app to many workspaces, which Baton does not: unset it"
            yield Finding(name, good=False, says=says)
    if settings.channel is None:
        says = "not set: a thread that nothing gives a channel is only on the web"
        yield Finding("BATON_CHANNEL", good=True, says=says)


def of_data(settings: Settings) -> Iterator[Finding]:
    """Look at the data folder, and ask the server that holds it, if there is one."""
    there = settings.database.exists()
    says = str(settings.database) if there else "not made yet: python -m bot migrate"
    yield Finding("database", there, says)
    try:
        running = asyncio.run(ask(settings.data / "admin.sock", {"command": "doctor"}))
    except AdminRefused as error:
        yield Finding("server", good=False, says=str(error))
        return
    if running is not None:
        yield Finding("server", good=True, says=f"running, at {settings.address}")
        yield of_version(running.get("version"))
        yield of_schema(settings)
        yield from (Finding(**each) for each in running["findings"])
        return
    yield Finding("server", good=False, says="not running: python -m bot serve")
    yield of_version(None)
    yield from offline(settings)


def of_version(running: str | None) -> Finding:
    """Name the version that is installed; a server that runs another one is to be started again."""
    ours = version("baton-bus")
    if running in (None, ours):
        return Finding("baton", good=True, says=ours)
    says = f"the server runs {running}, and {ours} is installed: start the server again"
    return Finding("baton", good=False, says=says)


def of_schema(settings: Settings) -> Finding:
    """Name the schema of the database, and what to do where it is not that of this version."""
    try:
        look_at(settings.database)
        found, newest = schema_of(settings.database)
    except DatabaseUnusable as error:
        return Finding("schema", good=False, says=str(error))
    return Finding("schema", newest, f"at {found}" + ("" if newest else ": python -m bot migrate"))


def offline(settings: Settings) -> Iterator[Finding]:
    """Look at what the server would tell if it ran: the database, port, and the file."""
    if settings.database.exists():
        yield from of_database(settings)
    try:
        listen(settings.host, settings.port).close()
        yield Finding("port", good=True, says=f"{settings.port} is free")
    except BatonError as error:
        yield Finding("port", good=False, says=str(error))
    try:
        rules_of(read_configuration(settings.configuration), channel=settings.channel)
        yield Finding("baton.yaml", good=True, says=str(settings.configuration))
    except InvalidSettings as error:
        yield Finding("baton.yaml", good=False, says=str(error))


def of_database(settings: Settings) -> Iterator[Finding]:
    """Look at a database that no server answers for: who holds it, what wrote it, what was copied."""
    place = settings.database
    try:
        Lock.take(place).release()
        yield Finding("lock", good=True, says="nobody holds the database")
    except (DatabaseInUse, DatabaseUnusable) as error:
        yield Finding("lock", good=False, says=str(error))
    yield (schema := of_schema(settings))
    if schema.good:
        yield Finding("generation", good=True, says=generation(look_at(place).generation))
    yield of_wal(size_of(place.with_name(f"{place.name}-wal")))
    yield of_sqlite()
    world = make_world(root=settings.work, http_allow=(), programs=())
    yield of_backup(settings.data, world.clock.now())
