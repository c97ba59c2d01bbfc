"""How every history begins: the tokens, the people and the workflows that are there already.

There is something old as well, whose time is over: a process and a run that ended long ago.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from baton.reading import Source
from coordination import tokens
from coordination.database import Transaction
from coordination.ports import Definition, Person
from tests.prove.simulation.disk import Disk
from tests.prove.simulation.faults import Faults, Mask
from tests.prove.simulation.life import Life, Surroundings, assemble
from tests.prove.simulation.loop import simulate
from tests.prove.simulation.outside import Canaries, Outside, Trace
from tests.prove.simulation.people import TOKEN_OF, WITH_TOKENS
from tests.prove.simulation.plans import NAMES, PLANS, body, triggers
from tests.prove.simulation.slack import SimSlack
from tests.prove.simulation.tools import Wire
from tests.prove.simulation.world import SimWorld

CALM = Mask(kinds="KWIBNSC2L")
LONG_AGO = timedelta(days=200)


def person(name: str, **how: Any) -> Person:
    values: dict[str, Any] = {"is_bot": False, "deleted": False, "is_admin": False}
    values |= {"restricted": False, **how}
    return Person(id=f"U{name.upper()}", handle=name, name=name.title(), **values)


PEOPLE: Sequence[Person] = (
    *(person(name) for name in ("ada", "grace", "maya", "kit", "new")),
    person("guest", restricted=True),
)


def definition(name: str, catch_up: str = "latest") -> Definition:
    return Definition(
        name=name,
        title=name.title(),
        description="",
        hash=f"hash-{name}",
        body=body(name),
        source=f"name: {name}\n",
        triggers=triggers(name, catch_up),
    )


def furnish(disk: Disk) -> str:
    """Write into an empty file what every history begins with, and return the token of a tool."""
    ids = SimWorld(random.Random("genesis")).ids  # noqa: S311 - a simulation
    tool, own = tokens.make(ids), {who: tokens.make(ids) for who in WITH_TOKENS}
    simulate(lambda: _furnish(disk, tool, own))
    disk.keep()
    TOKEN_OF.update({who: token.text for who, token in own.items()})
    return tool.text


async def _furnish(disk: Disk, tool: tokens.NewToken, own: dict[str, tokens.NewToken]) -> None:
    faults = Faults(0, CALM)

    async def nothing(*_: Any, **__: Any) -> None:
        await asyncio.sleep(0)

    around = Surroundings(
        disk,
        SimSlack(faults),
        faults,
        nothing,
        lambda: tuple(PEOPLE),
        Outside(faults, Trace(wanted=False), tuple(PEOPLE), Canaries()).groups,
        lambda: 0,
        lambda place: None,
        {},
        lambda commit: commit(),
        lambda touched: None,
    )
    life = assemble(around, SimWorld(random.Random("genesis")))  # noqa: S311 - a simulation
    now = life.world.clock.now()

    def unit(tx: Transaction) -> None:
        for source in ("builder", "desk"):
            tokens.put_source(tx, Source(source, "ci", "generic"), channel=None, now=now)
        scopes = frozenset({"notify", "run", "read"})
        tokens.create(tx, tool, tokens.Grant(source="builder", scopes=scopes), now=now)
        for who, token in own.items():
            scopes = frozenset({"approve", "run", "read"})
            grant = tokens.Grant(source="desk", scopes=scopes, owner=who)
            tokens.create(tx, token, grant, now=now)

    await life.door.write(unit)
    await life.coordinator.refresh_directory()
    for name in NAMES:
        if name != "ticking":
            await life.host.publish_definition(definition(name), by="UADA")
    await _long_ago(life, tool.text)
    life.die()


async def _long_ago(life: Life, token: str) -> None:
    """Have a process and a run end long before every history."""
    life.world.clock.skew = -LONG_AGO
    await life.begin()
    faults = Faults(0, CALM)
    wire = await Wire.to(life, Outside(faults, Trace(wanted=False), tuple(PEOPLE), Canaries()))
    old = {"process_id": "old", "name": "old", "status": "completed"}
    for path, asked, key in (("notify", old, "old"), ("workflows/kid/runs", {"inputs": {}}, None)):
        status, answer = await wire.ask("POST", f"/v1/{path}", token, asked, key)
        assert status == 202, answer
    await asyncio.sleep(60)
    life.world.clock.skew = timedelta()


__all__ = ["PEOPLE", "PLANS", "definition", "furnish"]
