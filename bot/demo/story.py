"""The story of the demo: a build reports, a person decides. It can be played on from anywhere.

Everything here is done the way people and tools do it: a real `baton run`, a real click on a card.
What was already done in an earlier life is seen in the store, and not done again.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from baton.errors import BatonError
from bot.demo.slack import NotThere, Personas
from bot.settings import process_environment
from bot.world.leash import leash
from coordination.changes import Changes
from coordination.coordinator import Coordinator
from coordination.errors import NotFound
from coordination.outbox import Slot
from coordination.ports import RunStatus, RunView, StepStatus
from coordination.runs import RunFilter
from coordination.threads_view import ProcessFilter
from coordination.world import Clock
from handlers.slack import ids

T = TypeVar("T")

APPROVER = "U0GRACE"
BUILDER = "U0ADA"
SOURCE = "ci"
BUILD_NAME = "build web"
PATIENCE = timedelta(minutes=2)
BASE_PRICE = 1200
NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "USER")
LOOK = 0.5  # s between looks, when nothing tells that something changed
REASON = "The shop's prices are being checked until Monday."


class StoryFailed(BatonError):
    """The story did not get where it should; the sentence says how far it came."""


@dataclass(frozen=True, slots=True)
class Story:
    """Plays on a running Baton. *project* is the working copy of the sample project."""

    coordinator: Coordinator
    changes: Changes
    clock: Clock
    personas: Personas
    project: Path
    reporting: Mapping[str, str]  # BATON_URL and BATON_TOKEN of the build's source
    site: str

    async def released(self, number: int) -> RunView:
        """Build, and approve what follows; return the run once it has ended well."""
        run = await self.run_of_build(number)
        run = await self.until(run.id, self.approved_and_ended)
        if run.status is not RunStatus.COMPLETED:
            raise StoryFailed(f"{run.label} should have released the shop, but {run.status.value}: "
                              f"{run.error}")  # fmt: skip
        return run

    async def rejected(self, number: int) -> RunView:
        """Build, and say no to what follows; return the run once it has ended."""
        run = await self.run_of_build(number)
        run = await self.until(run.id, self.rejected_and_ended)
        error = run.error or {}
        if run.status is not RunStatus.FAILED or error.get("type") != "rejected":
            raise StoryFailed(f"{run.label} should have been rejected, but is {run.status.value}.")
        return run

    async def waiting(self, number: int) -> RunView:
        """Build, and leave the question to the visitor."""
        run = await self.run_of_build(number)
        return await self.until(run.id, self.asked_or_ended)

    async def run_of_build(self, number: int) -> RunView:
        """Return the run that build *number* started; build, unless an earlier life has."""
        name = f"build-web-{number}"
        if not await self.built(name):
            await self.build(name, number)
        return await self.eventually(lambda: self.started_by(name), f"a run for {name}")

    async def built(self, name: str) -> bool:
        wanted = ProcessFilter(namespace=SOURCE, status="completed", limit=100)
        found = await self.coordinator.processes(wanted)
        return any(one.process_id == name for one in found)

    async def started_by(self, name: str) -> RunView | None:
        for run in (await self.coordinator.runs(RunFilter(limit=100))).items:
            if run.trigger.get("process_id") == name:
                return run
        return None

    async def build(self, name: str, number: int) -> None:
        """Really build the shop, as build *number* of it, under `baton run`."""
        await asyncio.to_thread(vary, self.project, number)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "baton", "run", "--name", BUILD_NAME, "--id", name),
            *("--category", "build", "--result-file", "build.json"),
            *("--result", f"site={self.site}", "--", sys.executable, "build.py"),
            cwd=self.project,
            env={
                **unrelated(process_environment()),
                **self.reporting,
                "GIT_CEILING_DIRECTORIES": str(self.project.parent.resolve()),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=leash(),
        )
        said, _ = await child.communicate()
        if child.returncode != 0:
            raise StoryFailed(f"{name} failed: {said.decode(errors='replace')[-500:]}")

    async def approved_and_ended(self, run: RunView) -> bool:
        for question in run.questions:
            await self.press(run, f"approval:{question.approval_id}", ids.APPROVE)
        return await self.settled(run)

    async def rejected_and_ended(self, run: RunView) -> bool:
        for question in run.questions:
            pressed = await self.press(run, f"approval:{question.approval_id}", ids.REJECT)
            if pressed:
                view = await self.personas.wait_view(APPROVER, ids.REASON)
                values = {ids.REASON_BLOCK: {ids.REASON_INPUT: REASON}}
                await self.personas.submit(APPROVER, view["id"], values)
        return await self.settled(run)

    async def asked_or_ended(self, run: RunView) -> bool:
        shown = {slot.slot for slot in await self.slots(run)}
        asked = any(f"approval:{one.approval_id}" in shown for one in run.questions)
        return asked or await self.settled(run)

    async def settled(self, run: RunView) -> bool:
        """Answer what a stop left unknown, and say whether the run has ended."""
        for step in run.steps:
            if step.status is StepStatus.UNKNOWN:
                slot = f"unknown:{run.id}:{step.path}:{step.attempts}"
                await self.press(run, slot, await self.what_happened(run))
        return run.status.ended or run.status is RunStatus.FAULTED

    async def what_happened(self, run: RunView) -> str:
        """Look, as a person would: was it deployed? Return the button that says so."""
        log = self.project / "releases" / "deploys.log"
        there = await asyncio.to_thread(read, log)
        happened = str(run.inputs.get("sha")) in there
        return ids.RESOLVE_DONE if happened else ids.RESOLVE_RETRY

    async def press(self, run: RunView, slot: str, action_id: str) -> bool:
        """Press a button of the card in *slot*; say whether it stood there.

        Between a look and the press the card may have been drawn again, since somebody has answered:
        an earlier life of this story, for one. The next look sees what came of it.
        """
        for found in await self.slots(run):
            if found.slot == slot:
                try:
                    await self.personas.click(APPROVER, found.channel_id, found.ts, action_id)
                except NotThere:
                    return False
                return True
        return False

    async def slots(self, run: RunView) -> tuple[Slot, ...]:
        if run.thread_id is None:
            return ()
        return (await self.coordinator.thread(run.thread_id)).slots

    async def until(self, run_id: str, done: Callable[[RunView], Awaitable[bool]]) -> RunView:
        async def look() -> RunView | None:
            run = await self.coordinator.run(run_id)
            return run if await done(run) else None

        return await self.eventually(look, run_id)

    async def eventually(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Return what *look* finds, looking whenever something changed.

        Raises:
            StoryFailed: it did not come in time.
        """
        deadline = self.clock.monotonic() + PATIENCE.total_seconds()
        with self.changes.subscribe() as changed:
            while self.clock.monotonic() < deadline:
                try:
                    found = await look()
                except NotFound:
                    found = None
                if found is not None:
                    return found
                await changed.wait(LOOK)
        raise StoryFailed(f"Waited {PATIENCE} for {what}, and it did not come.")


def unrelated(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave what a program needs, and nothing that would tie the build to what is around the demo.

    A CI job, an agent's session or a process of Baton's own would make all builds one piece of work.
    """
    return {name: value for name, value in environment.items() if name in NEEDED}


def vary(project: Path, number: int) -> None:
    """Change the products a little, so that every build is another one; all of them, or none."""
    place = project / "products.json"
    products = json.loads(place.read_text(encoding="utf-8"))
    products[0]["cents"] = BASE_PRICE + 5 * number
    partial = place.with_suffix(".part")
    partial.write_text(json.dumps(products, indent=2) + "\n", encoding="utf-8")
    partial.replace(place)


def read(place: Path) -> str:
    return place.read_text(encoding="utf-8") if place.exists() else ""
