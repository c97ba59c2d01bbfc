"""What starts workflows that are not active is not put to use, by whichever way it comes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coordination.errors import InvalidDefinition, NotFound
from coordination.publishing import Order
from tests.bot.test_definitions import ADMIN, GOOD, Shelf
from tests.coordination.scene import open_scene


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    scene = await open_scene(tmp_path / "baton.db")
    yield Shelf(scene, tmp_path)
    await scene.door.close()


PARENT = "name: parent\nsteps:\n  - id: greet\n    workflow: hello\n"


async def test_what_starts_a_workflow_that_is_not_active_is_not_put_to_use(shelf: Shelf) -> None:
    publishing = shelf.publishing
    await publishing.publish_workflow(ADMIN, GOOD.format(title="Mine"), Order(draft=True))
    with pytest.raises(InvalidDefinition, match=r"4:15: the workflow `hello` is a draft.*Activate"):
        await publishing.publish_workflow(ADMIN, PARENT, Order())
    with pytest.raises(NotFound):
        await shelf.find("parent")
    kept = await publishing.publish_workflow(ADMIN, PARENT, Order(draft=True))
    assert [each["code"] for each in kept.warnings] == ["idle_child"]
    with pytest.raises(InvalidDefinition, match="is a draft"):
        await publishing.activate_workflow(ADMIN, "parent", via="api")

    await publishing.activate_workflow(ADMIN, "hello", via="api")
    await publishing.activate_workflow(ADMIN, "parent", via="api")
    await publishing.move_workflow(ADMIN, "hello", "pause", via="api")
    with pytest.raises(InvalidDefinition, match=r"is paused.*Resume it first"):
        await publishing.publish_workflow(ADMIN, f"{PARENT}title: Newer\n", Order())
    await publishing.move_workflow(ADMIN, "hello", "archive", via="api")
    with pytest.raises(InvalidDefinition, match="is archived"):
        await publishing.restore_revision(ADMIN, "parent", 1, via="api")
    with pytest.raises(InvalidDefinition, match="there is no workflow `helo`"):
        await publishing.publish_workflow(ADMIN, PARENT.replace("hello", "helo"), Order())
    assert (await shelf.find("parent")).status == "active"


async def test_published_together_a_parent_and_its_child_begin_together(shelf: Shelf) -> None:
    await shelf.publishing.publish_workflow(ADMIN, GOOD.format(title="Mine"), Order(draft=True))
    files = {"hello.yaml": GOOD.format(title="Mine"), "parent.yaml": PARENT}
    await shelf.publishing.publish_workflows(ADMIN, files, Order())
    assert [(await shelf.find(name)).status for name in ("hello", "parent")] == ["active"] * 2


async def test_a_file_whose_child_is_paused_keeps_its_last_good_revision(shelf: Shelf) -> None:
    shelf.write("hello.yaml", GOOD.format(title="Hello"))
    place = shelf.write("parent.yaml", PARENT)
    await shelf.folders().load()
    await shelf.publishing.move_workflow(ADMIN, "hello", "pause", via="api")

    await shelf.folders().load()  # nothing changed: it stays as it is, and nothing is wrong with it
    assert (await shelf.find("parent")).problems is None
    place.write_text(f"{PARENT}title: Newer\n")
    await shelf.folders().load()
    found = await shelf.find("parent")
    assert (found.revision, found.title) == (1, "parent")
    assert [each["code"] for each in found.problems] == ["idle_child"]
