"""The embedded engine as `bot serve` runs it, without Slack and HTTP: door, runtime, timers, records.

A bench hands in its actions and its definitions. What a run writes is what it writes in a real life:
journal, rows of its steps, notices, audit.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _measure import ROOT

# The folder of this file holds a bench named `click.py`, which is not the package of that name.
sys.path[0] = str(ROOT)

from baton.connector import ActionContext, Connector, Params, action  # noqa: E402
from baton.reading import Source, read_event  # noqa: E402
from bot.app import Baton, Fittings, assemble  # noqa: E402
from bot.configuration import Configuration  # noqa: E402
from bot.garbage import look_seldom  # noqa: E402
from bot.settings import Settings  # noqa: E402
from bot.slack.connection import SlackConnection  # noqa: E402
from bot.world import make_world  # noqa: E402
from coordination.changes import Changes  # noqa: E402
from coordination.credentials import Credential  # noqa: E402
from coordination.database import Door, func, open_sqlite, runs, select, waits  # noqa: E402
from coordination.policy import Principal  # noqa: E402

ME = Principal("token", "bench", source="bench", scopes=frozenset({"run", "read", "notify"}))
CREDENTIAL = Credential("bench", Source("bench", "ci", "generic"), frozenset({"notify"}))
NO_SLACK: dict[str, Any] = {
    "slack_bot_token": "xoxb-devslack-none",
    "slack_app_token": "xapp-devslack-none",
    "slack_api_url": "http://127.0.0.1:9/",
}
LAST = "last"  # the id of the step with which a run of a bench ends
OVER = ("completed", "failed", "cancelled")


class Nothing(Params):
    """The action of the benches takes any number, and gives it back."""

    n: int = 0


@dataclass
class Ends:
    """Tells a bench what its runs do, without a look at the store for each of their steps.

    *begun* has the time at which each action began, *first* that of the first one of each run; *step* is
    set whenever one did.
    """

    over: dict[str, "asyncio.Future[str]"] = field(default_factory=dict)
    ending: set[str] = field(default_factory=set)  # their last step is done, and not yet committed
    near: asyncio.Event = field(default_factory=asyncio.Event)  # there are such
    begun: list[float] = field(default_factory=list)
    first: dict[str, float] = field(default_factory=dict)
    step: asyncio.Event = field(default_factory=asyncio.Event)
    hang_at: str | None = None  # the step that does not answer before it may
    hanging: int = 0
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    def connector(self) -> Connector:
        @action("bench.nothing", repeatable=True)
        async def nothing(params: Nothing, ctx: ActionContext) -> Any:
            """Do nothing."""
            await self._performed(ctx)
            return {"n": params.n}

        @action("bench.pure", repeatable=True, pure=True)
        async def pure(params: Nothing, ctx: ActionContext) -> Any:
            """Do nothing, at once."""
            await self._performed(ctx)
            return {"n": params.n}

        @action("bench.once", repeatable=False)
        async def once(params: Nothing, ctx: ActionContext) -> Any:
            """Do nothing that may not be done twice."""
            await self._performed(ctx)
            return {"n": params.n}

        return Connector("bench", actions=(nothing, pure, once))

    async def _performed(self, ctx: ActionContext) -> None:
        self.begun.append(now := time.perf_counter())
        run = ctx.run
        self.first.setdefault(run.id, now)
        self.step.set()
        self.step.clear()
        if run.step == self.hang_at:
            self.hanging += 1
            await self.answer.wait()
        if run.step == LAST:
            self.ending.add(run.id)
            self.near.set()

    def expect(self, run_id: str) -> "asyncio.Future[str]":
        return self.over.setdefault(run_id, asyncio.get_running_loop().create_future())

    async def watch(self, door: Door) -> None:
        """Look at the runs that are about to end whenever one of them changed.

        While none is, a step wakes nobody but its own run.
        """
        while True:
            await self.near.wait()
            with door.changes.subscribe("run") as changes:
                while self.ending:
                    await self._settle(door)
                    if self.ending:
                        await changes.wait(0.5)
            self.near.clear()

    async def _settle(self, door: Door) -> None:
        ask = select(runs.c.id, runs.c.status).where(runs.c.id.in_(sorted(self.ending)))
        for row in await door.read(lambda reader: reader.fetch_all(ask)):
            if row.status in OVER:
                self.ending.discard(row.id)
                self.expect(row.id).set_result(row.status)


@dataclass
class Engine:
    """One life."""

    baton: Baton
    ends: Ends
    began: float  # when its runtime did
    began_cpu: float

    async def start(self, workflow: str, request: str, **inputs: Any) -> str:
        """Start a run by hand, as the API does, and return its id once it is stored."""
        view = await self.baton.coordinator.start(
            ME, workflow, inputs, request_id=request, via="bench"
        )
        return view.id

    async def run(self, workflow: str, request: str, **inputs: Any) -> str:
        """Start a run and wait until its end is committed; return its status."""
        run_id = await self.start(workflow, request, **inputs)
        status = await self.ends.expect(run_id)
        del self.ends.over[run_id]
        return status

    async def report(self, sha: str) -> None:
        """Report that the tests of a commit have ended; it is stored when this returns."""
        ids, now = self.baton.world.ids, self.baton.world.clock.now()
        body = {
            "process_id": f"tests-{sha}",
            "name": "tests",
            "status": "completed",
            "subject": {"sha": sha},
        }
        reading = read_event(
            body,
            credential=CREDENTIAL.source,
            received_at=now,
            event_id=ids.new("ev"),
            new_id=lambda: ids.new("id"),
        )
        await self.baton.coordinator.accept(CREDENTIAL, [reading], raw=json.dumps(body).encode())

    async def standing(self) -> str:
        """Say how many runs stand where, as "3 running, 1 faulted"."""
        ask = select(runs.c.status, func.count().label("count")).group_by(runs.c.status)
        found = await self.baton.door.read(lambda reader: reader.fetch_all(ask))
        return ", ".join(f"{row.count} {row.status}" for row in found)

    async def until_waiting(self, number: int) -> None:
        """Return once so many waits are open."""
        ask = select(func.count()).select_from(waits).where(waits.c.state == "open")
        with self.baton.door.changes.subscribe("wait") as changes:
            while (await self.baton.door.read(lambda reader: reader.fetch_all(ask)))[0][0] < number:
                await changes.wait(0.5)


@contextlib.asynccontextmanager
async def engine(
    data: Path, definitions: Mapping[str, str], places: int, ends: Ends
) -> AsyncIterator[Engine]:
    """Live one life on *data* with *definitions*, YAML by file name; Slack is never called.

    So many *places* for actions there are, which may be more than a server can be told.
    """
    folder, library = data / "definitions", data / "library"
    for each in (folder, library):
        each.mkdir(exist_ok=True)
    for name, text in definitions.items():
        (folder / name).write_text(text)
    chosen = Settings(
        **NO_SLACK, data=data, workflows=folder, channel="#bench",
    ).model_copy(update={"action_limit": places})  # fmt: skip
    chosen.work.mkdir(exist_ok=True)
    world = make_world(root=chosen.work, http_allow=(), programs=())
    door = await open_sqlite(chosen.database, changes=Changes(world.ids.new("boot")))
    slack = SlackConnection(chosen, chosen.slack_tokens(), world)
    fittings = Fittings(connectors=(ends.connector(),))
    baton = assemble(chosen, Configuration(), world, door, slack, fittings)
    baton.definitions.library = library  # nothing of the shipped ones
    try:
        await baton.definitions.load()
        began, began_cpu = time.perf_counter(), time.process_time()
        await baton.host.begin()
        for name, part in (("dispatcher", baton.dispatcher), ("timers", baton.timers)):
            world.tasks.keep(name, part.run)
        world.tasks.keep("ends", lambda: ends.watch(door))
        look_seldom()  # as `bot serve` does
        yield Engine(baton, ends, began, began_cpu)
    finally:
        await baton.host.stop()
        await world.close()
        await slack.release()
        await door.close()
