"""Files that change start runs: once for each change that has come to rest."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot import file_triggers
from bot.file_triggers import FileTriggers, found
from coordination.store import triggers as trigger_store
from tests.coordination.shop import Shop, open_shop

SECOND = timedelta(seconds=1)
REPORTS = """triggers:
  - file: reports/*.xml
    inputs: {path: "{{ trigger.path }}", change: "{{ trigger.change }}"}
inputs: {path: {type: string}, change: {type: string}}
"""


@dataclass
class Desk:
    """A shop with a folder of files that are watched."""

    shop: Shop
    root: Path
    watch: FileTriggers

    def write(self, name: str, text: str = "x") -> None:
        place = self.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    async def look(self, after: timedelta = timedelta(0)) -> None:
        self.shop.inbox.clock.advance(after)
        await self.watch.look()
        await self.shop.work()

    async def rest(self) -> None:
        """Let what changed come to rest."""
        await self.look()
        await self.look(SECOND)

    async def started(self) -> list[tuple[str, str]]:
        return [(run.trigger["path"], run.trigger["change"]) for run in await self.shop.runs()]

    def reopen(self) -> None:
        """Begin another life of the program."""
        self.shop.open()
        self.watch = FileTriggers(self.shop.inbox.door, self.shop.inbox.world, self.root)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    shop = open_shop(tmp_path)
    root = tmp_path / "root"
    (root / "reports").mkdir(parents=True)
    yield Desk(shop, root, FileTriggers(shop.inbox.door, shop.inbox.world, root))
    await shop.inbox.door.close()


async def test_a_file_that_is_added_starts_a_run_once_it_has_come_to_rest(desk: Desk) -> None:
    await desk.shop.publish(REPORTS)
    await desk.look()
    desk.write("reports/a.xml")
    desk.write("reports/a.txt")
    desk.write("other/a.xml")
    await desk.look()
    assert (await desk.started(), desk.watch.busy) == ([], True)
    await desk.look(SECOND)

    (run,) = await desk.shop.runs()
    assert run.inputs == {"path": "reports/a.xml", "change": "added"}
    assert run.trigger["kind"] == "file"
    await desk.look(10 * SECOND)
    assert (len(await desk.shop.runs()), desk.watch.busy) == (1, False)


async def test_what_is_there_from_the_beginning_starts_nothing(desk: Desk) -> None:
    desk.write("reports/old.xml")
    await desk.shop.publish(REPORTS)
    await desk.rest()
    assert await desk.started() == []

    desk.write("reports/old.xml", "more")
    await desk.rest()
    assert await desk.started() == [("reports/old.xml", "modified")]
    (desk.root / "reports/old.xml").unlink()
    await desk.rest()
    assert (await desk.started())[1:] == [("reports/old.xml", "deleted")]


async def test_changes_that_follow_each_other_closely_count_as_one(desk: Desk) -> None:
    await desk.shop.publish(REPORTS.replace("    inputs", "    debounce: 5s\n    inputs", 1))
    await desk.look()
    for length in range(1, 6):
        desk.write("reports/a.xml", "x" * length)
        await desk.look(4 * SECOND)
    assert await desk.started() == []
    await desk.look(5 * SECOND)
    assert await desk.started() == [("reports/a.xml", "added")]


async def test_only_the_changes_that_are_asked_for_count(desk: Desk) -> None:
    await desk.shop.publish(REPORTS.replace("    inputs", "    changes: [deleted]\n    inputs", 1))
    await desk.look()
    desk.write("reports/a.xml")
    await desk.rest()
    desk.write("reports/a.xml", "more")
    await desk.rest()
    assert await desk.started() == []
    (desk.root / "reports/a.xml").unlink()
    await desk.rest()
    assert await desk.started() == [("reports/a.xml", "deleted")]


async def test_a_file_that_comes_and_goes_before_it_rests_starts_nothing(desk: Desk) -> None:
    await desk.shop.publish(REPORTS)
    await desk.look()
    desk.write("reports/a.xml")
    await desk.look()
    (desk.root / "reports/a.xml").unlink()
    await desk.rest()
    assert await desk.started() == []


async def test_no_change_starts_twice_over_a_restart_and_none_is_lost(desk: Desk) -> None:
    await desk.shop.publish(REPORTS)
    await desk.look()
    desk.write("reports/a.xml")
    await desk.rest()
    desk.write("reports/b.xml")
    await desk.look()  # seen, and not at rest when the program ends
    desk.reopen()
    desk.write("reports/c.xml")  # while nobody watches
    await desk.shop.publish(REPORTS)
    await desk.rest()
    assert await desk.started() == [(f"reports/{name}.xml", "added") for name in ("a", "b", "c")]


async def test_what_changes_during_a_pause_is_not_made_up_for(desk: Desk) -> None:
    await desk.shop.publish(REPORTS)
    await desk.look()
    await desk.shop.become("paused")
    await desk.look()
    desk.write("reports/a.xml")
    await desk.rest()
    await desk.shop.become("active")
    await desk.rest()
    assert await desk.started() == []
    assert list(await desk.shop.inbox.door.read(trigger_store.states)) == [("tidy", "0")]


async def test_another_glob_begins_anew(desk: Desk) -> None:
    await desk.shop.publish(REPORTS)
    await desk.look()
    desk.write("reports/a.xml")
    desk.write("logs/a.txt")
    await desk.shop.publish(REPORTS.replace("reports/*.xml", "logs/*.txt"))
    await desk.rest()
    assert await desk.started() == []
    desk.write("logs/b.txt")
    await desk.rest()
    assert await desk.started() == [("logs/b.txt", "added")]


async def test_a_glob_that_finds_too_much_is_told_and_stops_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_triggers, "MOST", 3)
    for number in range(5):
        desk.write(f"many/{number}.xml")
    await desk.shop.publish("triggers:\n  - file: many/*\n", "greedy")
    await desk.shop.publish(REPORTS)
    await desk.look()
    desk.write("reports/a.xml")
    await desk.rest()
    assert await desk.started() == [("reports/a.xml", "added")]
    assert desk.watch.troubles == {
        ("greedy", "0"): "greedy: many/* is not watched: it finds more than 3 files; narrow it"
    }


def test_a_glob_finds_files_and_nothing_hidden_foreign_or_of_runs(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for place in (
        "a.xml",
        "deep/b.xml",
        ".hidden/c.xml",
        "deep/.d.xml",
        "runs/run_1/e.xml",
        "w/.git/h.xml",
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text("x")
    outside.mkdir()
    (outside / "f.xml").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "g.xml").symlink_to(outside / "f.xml")
    (root / "gone.xml").symlink_to(tmp_path / "nowhere")
    (root / "folder.xml").mkdir()

    assert sorted(found(root, "**/*.xml")) == ["a.xml", "deep/b.xml"]
    assert sorted(found(root, "link/*.xml")) == []
    assert sorted(found(root, "deep/.*.xml")) == ["deep/.d.xml"]
    assert sorted(found(root, "w/.git/*.xml")) == []
    assert sorted(found(root, "runs/*/*.xml")) == ["runs/run_1/e.xml"]


async def test_the_file_system_says_when_to_look(desk: Desk) -> None:
    await desk.shop.publish(REPORTS.replace("    inputs", "    debounce: 0s\n    inputs", 1))
    watching = asyncio.ensure_future(desk.watch.run())
    try:
        async with asyncio.timeout(10):
            while not await desk.shop.inbox.door.read(trigger_store.states):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)  # until the kernel watches
            desk.write("reports/a.xml")
            while not await desk.shop.dispatcher.dispatch_all():
                await asyncio.sleep(0.01)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert await desk.started() == [("reports/a.xml", "added")]
