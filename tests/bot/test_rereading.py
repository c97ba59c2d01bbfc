"""baton.yaml is read again when it changes; a mistake leaves in force what it said before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from structlog.testing import capture_logs

from bot.configuration import read_configuration
from bot.rereading import Rereading
from bot.world.system import SystemClock
from coordination.lookups import Rules
from coordination.policy import Role
from coordination.store import tokens as token_store
from tests.coordination.scene import Scene, SmallWorld, open_scene


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(folder / "baton.db")
    try:
        yield scene
    finally:
        await scene.door.close()


class Desk:
    """A file, what is read of it, and who is told."""

    def __init__(self, scene: Scene, folder: Path, text: str) -> None:
        self.place = folder / "baton.yaml"
        self.scene = scene
        self.told: list[Rules] = []
        self.heard = asyncio.Event()
        if text:
            self.write(text)
        world = SmallWorld()
        world.clock = SystemClock()  # type: ignore[assignment]  # files change in the system's time
        self.reading = Rereading(
            self.place,
            read_configuration(self.place),
            channel="#general",
            door=scene.door,
            world=world,  # type: ignore[arg-type]  # as much of it as is used
        )

    def write(self, text: str) -> None:
        partial = self.place.with_suffix(".part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.place)

    def hear(self, rules: Rules) -> None:
        self.told.append(rules)
        self.heard.set()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        watching = asyncio.create_task(self.reading.watch(self.hear))
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def test_a_change_is_in_force_without_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        desk = Desk(scene, tmp_path, "roles: {operator: ['@grace']}")
        desk.write("roles: {operator: ['@linus']}\nsources: {ci: {channel: '#builds'}}")
        async with desk.watched(), asyncio.timeout(20):
            await desk.heard.wait()  # it came before anybody watched, and is found all the same
        assert desk.told[-1].roles.named == {Role.OPERATOR: ("@linus",)}
        assert desk.reading.rules is desk.told[-1]
        (ci,) = [row for row in await scene.door.read(token_store.all_sources) if row.name == "ci"]
        assert ci.channel == "#builds"


async def test_a_mistake_leaves_in_force_what_was_said_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        desk = Desk(scene, tmp_path, "roles: {operator: ['@grace']}")
        for wrong in (
            "roles: {king: ['@grace']}",
            "roles: [",
            "sources: {'Not A Slug': {}}",
            "sources: {baton: {}}",
            "sources: {ci: {namespace: baton}}",
        ):
            desk.write(wrong)
            desk.reading._text = desk.place.read_bytes()
            with capture_logs() as logs:
                await desk.reading.read_again(desk.hear)
            assert [each["event"] for each in logs] == ["configuration_refused"], wrong
            assert desk.reading.problem
            assert desk.reading.rules.roles.named == {Role.OPERATOR: ("@grace",)}
        assert desk.told == []
        desk.write("roles: {operator: ['@linus']}")
        await desk.reading.read_again(desk.hear)
        assert (len(desk.told), desk.reading.problem) == (1, None)


async def test_a_file_that_is_gone_takes_no_rights_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        desk = Desk(scene, tmp_path, "roles: {operator: ['@grace']}")
        desk.place.unlink()
        desk.reading._text = None
        with capture_logs():
            await desk.reading.read_again(desk.hear)
        assert "is gone" in str(desk.reading.problem)
        assert (desk.told, desk.reading.rules.roles.named) == ([], {Role.OPERATOR: ("@grace",)})
