"""One suite per port, run on every implementation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import Bench, Play, Story
from workflows.core.plan import Plan
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host
from workflows.runtimes.memory import memory_runtime


@pytest.fixture(params=[embedded_runtime, memory_runtime], ids=["embedded", "memory"])
def make(request: pytest.FixtureRequest) -> Callable[..., Host]:
    return request.param


@pytest.fixture
def play(make: Callable[..., Host], tmp_path: Path) -> Play:
    """Play a story on a runtime of each kind; no task of ours may have failed in it."""

    def run(plan: Plan, story: Story, **how: Any) -> None:
        bench = Bench(tmp_path / "baton.db", plan, make, **how)

        async def main() -> None:
            await bench.begin()
            await story(bench)
            assert bench.world.tasks.failures == []
            await bench.host.stop()

        simulate(main)

    return run
