"""One Slack and one event loop for all stories of a worker; a fresh workspace for each."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.operations import create_token
from bot.slack.manifest import manifest
from coordination.changes import Changes
from coordination.database import open_sqlite
from coordination.database.statements import Statements
from devslack.app import Server
from devslack.emulator import Options
from devslack.manifest import understand
from tests.stories.box import BatonInABox, Seed, open_box
from tests.stories.sinks import spilled
from tests.stories.slack import PEOPLE
from tests.stories.world import Time, make_moved_world, note_tasks
from workflows.runtimes.memory import memory_runtime

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(note_tasks)
    async with Server(Options(manifest=understand(manifest()))) as started:
        yield started
    loop.set_task_factory(None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def seed(tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """Make the empty database that all stories begin with, and the token of their tool."""
    folder = tmp_path_factory.mktemp("seed")
    world = make_moved_world(Time(), folder)
    door = await open_sqlite(folder / "baton.db", changes=Changes("seed"))
    scopes = ["notify", "read", "run"]
    request = {"source": "ci", "scopes": scopes, "channel": "#releases", "owner": PEOPLE["ada"]}
    made = await create_token(door, world, request)
    await door.close()
    return Seed(folder / "baton.db", str(made["token"]), (Statements(), Statements()))


@pytest_asyncio.fixture(loop_scope="session")
async def baton(server: Server, seed: Seed, tmp_path: Path) -> AsyncIterator[BatonInABox]:
    async with open_box(server, tmp_path / "data", seed) as box:
        yield box
        assert spilled(box) == []


@pytest_asyncio.fixture(loop_scope="session")
async def fleeting(server: Server, seed: Seed, tmp_path: Path) -> AsyncIterator[BatonInABox]:
    """Hand out a Baton whose runs live in memory alone."""
    async with open_box(server, tmp_path / "data", seed, runtime=memory_runtime) as box:
        yield box
        assert spilled(box) == []
