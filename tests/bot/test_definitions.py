"""Folders of definitions: published as they load, again as they change, never broken by a bad file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.definitions import Definitions
from coordination import definitions
from coordination.database import Transaction, update
from coordination.database import workflows as workflows_table
from coordination.definitions import WorkflowView
from coordination.errors import Conflict, NotFound
from coordination.footing import Ports
from coordination.lookups import Rules
from coordination.policy import Principal
from coordination.publishing import Order, Publishing
from tests.coordination.floor import NotedRuntime, TargetsOnly, Workspace
from tests.coordination.scene import SmallWorld, open_scene
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.reading import DefinitionReader

GOOD = "name: hello\ntitle: {title}\nsteps:\n  - id: say\n    action: baton.log\n    params: {{message: hi}}\n"
BROKEN = "name: hello\nsteps:\n  - id: say\n    action: baton.lgo\n"


ADMIN = Principal("token", "tests", scopes=frozenset({"admin"}), admin=True)


class Shelf:
    """A database, a runtime that publishes into it, and two folders."""

    def __init__(self, scene: Any, folder: Path) -> None:
        self.scene = scene
        self.own, self.library = folder / "own", folder / "library"
        self.own.mkdir()
        self.library.mkdir()
        registry = Registry(built_in(environment={}))
        world = SmallWorld()
        world.ids = scene.ids
        ports = Ports(NotedRuntime(), TargetsOnly(), Workspace(), None, DefinitionReader(registry))
        self.publishing = Publishing(scene.door, world, ports, Rules())  # type: ignore[arg-type]

    def folders(self, own: Path | None = None) -> Definitions:
        return Definitions(self.publishing, own or self.own, self.library)

    def write(self, name: str, text: str) -> Path:
        place = self.own / name
        partial = self.own / f"{name}.part"
        partial.write_text(text, encoding="utf-8")
        partial.replace(place)
        return place

    async def find(self, name: str = "hello") -> WorkflowView:
        found: WorkflowView = await self.scene.door.read(
            lambda reader: definitions.workflow(reader, name)
        )
        return found

    async def until(self, **facts: Any) -> WorkflowView:
        """Return the workflow once it looks as it should; files take a moment to be seen."""
        async with asyncio.timeout(15):
            while True:
                try:
                    found = await self.find()
                except NotFound:
                    found = None
                if found and all(getattr(found, name) == said for name, said in facts.items()):
                    return found
                await asyncio.sleep(0.05)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    scene = await open_scene(tmp_path / "baton.db")
    yield Shelf(scene, tmp_path)
    await scene.door.close()


@asynccontextmanager
async def watching(folders: Definitions) -> AsyncIterator[None]:
    task = asyncio.ensure_future(folders.watch())
    await asyncio.sleep(0.3)  # it has to begin before there is something to see
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_own_files_are_active_and_those_of_the_library_are_drafts(shelf: Shelf) -> None:
    shelf.write("hello.yaml", GOOD.format(title="Hello"))
    (shelf.library / "shipped.yml").write_text(
        GOOD.format(title="Shipped").replace("name: hello", "name: shipped")
    )

    await shelf.folders().load()

    mine, shipped = await shelf.find(), await shelf.find("shipped")
    assert (mine.status, mine.title, mine.revision, mine.problems) == ("active", "Hello", 1, None)
    assert shipped.status == "draft"


async def test_loading_again_changes_nothing(shelf: Shelf) -> None:
    shelf.write("hello.yaml", GOOD.format(title="Hello"))

    await shelf.folders().load()
    first = await shelf.find()
    await shelf.folders().load()

    assert await shelf.find() == first


async def test_a_draft_that_somebody_activated_stays_active(shelf: Shelf) -> None:
    place = shelf.library / "hello.yaml"
    place.write_text(GOOD.format(title="Hello"))
    await shelf.folders().load()

    def activate(tx: Transaction) -> None:
        tx.execute(
            update(workflows_table).where(workflows_table.c.name == "hello"), status="active"
        )

    await shelf.scene.door.write(activate)
    await shelf.folders().load()

    assert (await shelf.find()).status == "active"


async def test_a_file_that_breaks_keeps_its_last_good_revision_and_shows_why(
    shelf: Shelf,
) -> None:
    shelf.write("hello.yaml", GOOD.format(title="Hello"))
    folders = shelf.folders()
    await folders.load()
    good = await shelf.find()

    shelf.write("hello.yaml", BROKEN)
    with capture_logs() as logs:
        await folders.load()

    kept = await shelf.find()
    assert (kept.status, kept.revision, kept.definition.hash) == ("active", 1, good.definition.hash)
    assert kept.problems is not None
    (problem,) = [each for each in kept.problems if each["severity"] == "error"][:1]
    assert (problem["file"], problem["line"]) == ("hello.yaml", 4)
    assert "baton.lgo" in problem["message"]
    assert [(entry["event"], entry["file"]) for entry in logs] == [
        ("definition_refused", "hello.yaml")
    ]

    shelf.write("hello.yaml", GOOD.format(title="Better"))
    await folders.load()
    mended = await shelf.find()
    assert (mended.title, mended.revision, mended.problems) == ("Better", 2, None)


async def test_the_problems_of_a_renamed_file_stand_at_the_workflow_it_defined(
    shelf: Shelf,
) -> None:
    place = shelf.write("release.yaml", GOOD.format(title="Hello"))
    folders = shelf.folders()
    await folders.load()

    shelf.write("release.yaml", "steps: [")
    with capture_logs():
        await folders.publish(place, draft=False)

    assert (await shelf.find()).problems


async def test_one_bad_file_does_not_keep_the_others_out(shelf: Shelf) -> None:
    shelf.write("aaa.yaml", "steps: [")
    shelf.write("bbb.yaml", "\x00")
    (shelf.own / "ccc.yaml").write_bytes(b"\xff\xfe")
    (shelf.own / "ddd.yaml").mkdir()
    (shelf.own / "eee.yaml").symlink_to(shelf.own / "nowhere")
    shelf.write("hello.yaml", GOOD.format(title="Hello"))
    shelf.write(".hidden.yaml", GOOD.format(title="Hidden").replace("hello", "hidden"))
    shelf.write("notes.txt", "no definition")

    with capture_logs():
        await shelf.folders().load()

    assert (await shelf.find()).status == "active"
    with pytest.raises(NotFound):
        await shelf.find("hidden")


async def test_while_the_server_runs_files_break_and_are_mended(shelf: Shelf) -> None:
    shelf.write("hello.yaml", GOOD.format(title="Hello"))
    folders = shelf.folders()
    await folders.load()

    with capture_logs():
        async with watching(folders):
            shelf.write("hello.yaml", BROKEN)
            while (await shelf.find()).problems is None:
                await asyncio.sleep(0.05)
            kept = await shelf.find()
            shelf.write("hello.yaml", GOOD.format(title="Mended"))
            mended = await shelf.until(title="Mended")

    assert (kept.title, kept.revision) == ("Hello", 1)
    assert (mended.revision, mended.problems) == (2, None)


async def test_what_changed_before_anybody_watched_is_seen_with_the_first_change(
    shelf: Shelf,
) -> None:
    folders = shelf.folders()
    await folders.load()
    shelf.write("hello.yaml", GOOD.format(title="Early"))

    async with watching(folders):
        shelf.write("other.yaml", GOOD.format(title="Other").replace("name: hello", "name: other"))
        found = await shelf.until(title="Early")

    assert found.status == "active"


async def test_a_file_that_goes_leaves_its_workflow(shelf: Shelf) -> None:
    place = shelf.write("hello.yaml", GOOD.format(title="Hello"))
    folders = shelf.folders()
    await folders.load()

    async with watching(folders):
        place.unlink()
        shelf.write("other.yaml", GOOD.format(title="Other").replace("name: hello", "name: other"))
        while True:
            try:
                await shelf.find("other")
                break
            except NotFound:
                await asyncio.sleep(0.05)

    found = await shelf.find()
    assert (found.status, found.problems) == ("active", None)


async def test_the_same_folder_counts_once(shelf: Shelf) -> None:
    (shelf.library / "hello.yaml").write_text(GOOD.format(title="Hello"))

    await shelf.folders(own=shelf.library).load()

    assert (await shelf.find()).status == "active"


async def test_without_a_folder_of_ones_own_nothing_is_watched(shelf: Shelf) -> None:
    shelf.write("hello.yaml", GOOD.format(title="Hello"))
    shipped = GOOD.format(title="Shipped").replace("name: hello", "name: shipped")
    (shelf.library / "shipped.yml").write_text(shipped)
    folders = Definitions(shelf.publishing, None, shelf.library)

    await asyncio.wait_for(folders.watch(), 1)  # it ends by itself: there is nothing to look at
    await folders.load()

    assert [each.name for each in folders.files] == ["shipped.yml"]
    assert (await shelf.find("shipped")).status == "draft"
    with pytest.raises(NotFound):
        await shelf.find()


async def test_of_two_files_that_define_the_same_the_first_stays_and_the_other_is_named(
    shelf: Shelf,
) -> None:
    shelf.write("a.yaml", GOOD.format(title="First"))
    shelf.write("b.yaml", GOOD.format(title="Second"))
    folders = shelf.folders()
    with capture_logs() as logs:
        await folders.load()

    assert (await shelf.find()).title == "First"
    assert [each["event"] for each in logs] == ["definition_twice"]
    assert list(folders.twice.values()) == ["b.yaml: `a.yaml` defines a workflow `hello` as well"]

    (shelf.own / "a.yaml").unlink()
    await folders.load()
    assert (await shelf.find()).title == "Second"
    assert folders.twice == {}


async def test_who_takes_a_name_that_became_free_is_published(shelf: Shelf) -> None:
    first = shelf.write("a.yaml", GOOD.format(title="First"))
    shelf.write("b.yaml", GOOD.format(title="Second"))
    folders = shelf.folders()
    with capture_logs():
        await folders.load()
        first.unlink()
        await folders.changed([first])

    found = await shelf.find()
    assert (found.title, found.file) == ("Second", "b.yaml")
    assert [*folders.complaints()] == []


async def test_a_renamed_file_keeps_its_workflow(shelf: Shelf) -> None:
    before = shelf.write("before.yaml", GOOD.format(title="Hello"))
    folders = shelf.folders()
    await folders.load()
    after = shelf.own / "after.yaml"
    before.rename(after)
    await folders.changed([before, after])

    found = await shelf.find()
    assert (found.status, found.revision, found.file) == ("active", 1, "after.yaml")


async def test_a_workflow_whose_file_is_gone_may_be_changed_by_others(shelf: Shelf) -> None:
    place = shelf.write("hello.yaml", GOOD.format(title="Hello"))
    folders = shelf.folders()
    await folders.load()
    order, text = Order(), GOOD.format(title="Mine")
    with pytest.raises(Conflict, match=r"the file hello\.yaml"):
        await shelf.publishing.publish_workflow(ADMIN, text, order)
    with pytest.raises(Conflict, match=r"the file hello\.yaml"):
        await shelf.publishing.restore_revision(ADMIN, "hello", 1, via="api")

    place.unlink()
    with capture_logs() as logs:
        await shelf.folders().load()
    await shelf.publishing.publish_workflow(ADMIN, text, order)

    assert [each["event"] for each in logs] == ["definitions_gone"]
    assert ((await shelf.find()).title, (await shelf.find()).file) == ("Mine", None)


async def test_a_file_takes_over_what_was_published_otherwise(shelf: Shelf) -> None:
    await shelf.publishing.publish_workflow(ADMIN, GOOD.format(title="Mine"), Order())
    shelf.write("hello.yaml", GOOD.format(title="Theirs"))
    await shelf.folders().load()

    found = await shelf.find()
    assert (found.title, found.revision, found.file) == ("Theirs", 2, "hello.yaml")


async def test_a_draft_of_somebodys_own_is_not_replaced_by_the_library(shelf: Shelf) -> None:
    (shelf.library / "hello.yaml").write_text(GOOD.format(title="Shipped"))
    await shelf.folders().load()
    await shelf.publishing.activate_workflow(ADMIN, "hello", via="api")
    await shelf.publishing.publish_workflow(ADMIN, GOOD.format(title="Mine"), Order(draft=True))
    (shelf.library / "hello.yaml").write_text(GOOD.format(title="Newer"))
    await shelf.folders().load()
    kept = await shelf.find()
    await shelf.publishing.activate_workflow(ADMIN, "hello", via="api")
    await shelf.folders().load()

    mine = await shelf.find()
    assert (kept.title, kept.draft) == ("Shipped", 2)
    assert (mine.title, mine.draft, mine.origin) == ("Mine", None, "api")


async def test_a_library_that_grows_replaces_its_own_draft(shelf: Shelf) -> None:
    for title in ("One", "Two", "Three"):
        (shelf.library / "hello.yaml").write_text(GOOD.format(title=title))
        await shelf.folders().load()
        if title == "One":
            await shelf.publishing.activate_workflow(ADMIN, "hello", via="api")

    found = await shelf.find()
    assert (found.title, found.revision, found.draft) == ("One", 1, 3)


async def test_a_parent_and_its_child_load_together_whatever_their_order(shelf: Shelf) -> None:
    shelf.write("a_parent.yaml", "name: parent\nsteps:\n  - {id: call, workflow: hello}\n")
    shelf.write("z_child.yaml", GOOD.format(title="Child"))
    await shelf.folders().load()

    assert (await shelf.find("parent")).status == "active"


async def test_cases_are_no_definitions_and_a_file_that_never_was_good_is_a_complaint(
    shelf: Shelf,
) -> None:
    shelf.write("hello.test.yaml", "cases: []")
    place = shelf.write("fresh.yaml", BROKEN)
    folders = shelf.folders()
    with capture_logs():
        await folders.load()
    (said,) = folders.complaints()
    assert said.startswith("fresh.yaml defines nothing: fresh.yaml:4:")

    shelf.write("fresh.yaml", GOOD.format(title="Hello"))
    await folders.changed([place])
    assert [*folders.complaints()] == []
