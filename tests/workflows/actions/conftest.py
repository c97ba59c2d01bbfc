"""The actions as they ship, on a scripted world."""

from pathlib import Path
from typing import Any

import pytest

from baton.connector import RunInfo
from bot.world.files import RootedFiles
from tests.workflows.actions.fakes import Context, Perform
from workflows.actions import built_in
from workflows.actions.registry import Registry


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(RootedFiles(tmp_path), RunInfo("run_1", 1, "demo", "a_step", tmp_path))


@pytest.fixture
def registry() -> Registry:
    return Registry(built_in(environment={"PATH": "/bin"}))


@pytest.fixture
def perform(registry: Registry, ctx: Context) -> Perform:
    """Check the params as the host does, then call the action."""

    async def call(name: str, params: dict[str, Any]) -> Any:
        action = registry.require(name)
        return await action(action.params.model_validate(params), ctx)

    return call
