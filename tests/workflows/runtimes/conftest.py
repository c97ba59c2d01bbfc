"""Stories on the embedded runtime."""

from pathlib import Path
from typing import Any

import pytest

from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import Bench, Play, Story
from workflows.core.plan import Plan
from workflows.runtimes.embedded import embedded_runtime


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(plan: Plan, story: Story, **how: Any) -> None:
        async def main() -> None:
            bench = Bench(tmp_path / "baton.db", plan, embedded_runtime, **how)
            await story(await bench.begin())

        simulate(main)

    return run
