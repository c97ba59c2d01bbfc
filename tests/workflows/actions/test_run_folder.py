"""The scratch folder of a run: it is there when a program is told of it, and nowhere else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baton.connector import NotStarted
from tests.workflows.actions.fakes import Context
from workflows.actions.registry import Registry


@pytest.fixture
def own(ctx: Context) -> Context:
    """A run with a folder of its own, which nobody has made."""
    return replace(ctx, run=replace(ctx.run, folder=ctx.files.root / "runs" / "run_1"))


async def call(registry: Registry, ctx: Context, **params: Any) -> None:
    verb = registry.require("shell.run")
    await verb(verb.params.model_validate(params), ctx)


@pytest.mark.parametrize(
    "params",
    [
        {"argv": ["make"], "cwd": "runs/run_1"},
        {"argv": ["./plan.sh", "--out=runs/run_1/plan.diff"]},
        {"argv": ["make"], "env": {"OUT": "runs/run_1"}},
    ],
)
async def test_a_program_that_is_told_of_it_finds_it(
    registry: Registry, own: Context, params: dict[str, Any]
) -> None:
    await call(registry, own, **params)

    assert own.run.folder.is_dir()
    assert len(own.processes.started) == 1
    await call(registry, own, **params)  # a second time it is there already


async def test_nothing_is_made_for_a_program_that_is_not(registry: Registry, own: Context) -> None:
    await call(registry, own, argv=["make", "runs"])

    assert list(own.files.root.iterdir()) == []


async def test_it_is_made_nowhere_else(
    registry: Registry, own: Context, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere: Path = tmp_path_factory.mktemp("elsewhere")
    (own.files.root / "runs").symlink_to(elsewhere)

    with pytest.raises(NotStarted, match="leads out of BATON_ROOT"):
        await call(registry, own, argv=["make", "runs/run_1/x"])
    assert list(elsewhere.iterdir()) == []
    assert own.processes.started == []


async def test_a_file_in_its_place_is_said(registry: Registry, own: Context) -> None:
    (own.files.root / "runs").write_text("")

    with pytest.raises(NotStarted, match=r"run\.folder 'runs/run_1' cannot be made"):
        await call(registry, own, argv=["make", "runs/run_1/x"])
    assert own.processes.started == []
