"""The embedded runtime on the parts that ship: the real store, the real World, real programs."""

import os
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.world import SystemWorld, make_world
from coordination import deadlines, runs
from coordination.changes import Changes
from coordination.database import Door, open_sqlite
from coordination.policy import Roles
from coordination.ports import RunView
from coordination.runs import NewRun
from coordination.store import runs as run_store
from coordination.timers import Timers
from coordination.votes import Judging
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.compile import compile_body
from workflows.language.definition import to_definition
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host, HostSettings, fire_timer

TALKS = """
name: talks
steps:
  - id: talk
    action: shell.run
    params: {argv: [python3, -c, "import os, sys; print('to', os.environ.get('WHO')); print('aside', file=sys.stderr)"], env: {WHO: "{{ inputs.who }}"}}
  - id: keep
    action: files.write
    params: {path: "{{ run.folder }}/said.txt", content: "{{ steps.talk.output.stdout }}"}
inputs:
  who: {type: string}
"""
SLEEPS = """
name: sleeps
steps:
  - id: nap
    action: shell.run
    params: {argv: [python3, -c, "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"]}
    timeout: 1s
"""


class Server:
    """A door, a World and a host, without the edges."""

    def __init__(self, door: Door, world: SystemWorld, host: Host, registry: Registry) -> None:
        self.door, self.world, self.host, self.registry = door, world, host, registry

    async def start(self, text: str, **inputs: Any) -> None:
        definition = to_definition(check(text, self.registry, file="test.yaml"))
        await self.host.publish_definition(definition, by="UADA")
        new = NewRun(
            id="run_1",
            workflow=definition.name,
            hash=definition.hash,
            inputs=inputs,
            trigger={"kind": "manual", "by": "UADA"},
            started_by="UADA",
            requested_by="UADA",
        )
        now = self.world.clock.now()
        await self.door.write(lambda tx: runs.start(tx, new, now=now, ids=self.world.ids))
        await self.host.start("run_1")

    async def ended(self) -> RunView:
        with self.door.changes.subscribe("run") as changes:
            while not (view := await self.host.describe("run_1")).status.ended:
                await changes.wait(10)
        return view

    async def log(self, path: str) -> str:
        written = await self.door.read(lambda reader: run_store.log(reader, 1, path))
        return (written or b"").decode()


def fire_approval(tx: Any, due: Any, now: datetime, ids: Any) -> None:
    deadlines.fire(tx, due, Judging(Roles(), now, ids))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    (tmp_path / "root").mkdir()
    world = make_world(root=tmp_path / "root", http_allow=(), programs=("python3",))
    door = await open_sqlite(tmp_path / "baton.db", changes=Changes("boot"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    registry = Registry(built_in(environment={"PATH": path}))
    host = embedded_runtime(
        door,
        world,
        registry=registry,
        read_plan=lambda content, body: compile_body(content, body, registry),
        secrets={}.__getitem__,
        settings=HostSettings(instance_key=b"key"),
    )
    await host.begin()
    loop = Timers(door, world, {"run": fire_timer, "approval": fire_approval})
    world.tasks.start("timers", loop.run())
    yield Server(door, world, host, registry)
    await host.stop()
    await world.close()
    await door.close()


async def test_a_program_runs_and_what_it_said_is_kept(server: Server) -> None:
    await server.start(TALKS, who="you")
    view = await server.ended()

    assert view.status == "completed"
    assert view.steps[0].output["stdout"] == "to you\n"
    assert sorted((await server.log("talk")).splitlines()) == ["aside", "to you"]
    assert (server.world.files.root / "runs/run_1/said.txt").read_text() == "to you\n"


async def test_a_program_that_takes_too_long_is_gone_with_its_group(
    server: Server, tmp_path: Path
) -> None:
    await server.start(SLEEPS)
    view = await server.ended()
    await server.host.stop()
    process = int((tmp_path / "root/pid").read_text())

    assert view.error["type"] == "timeout"
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
