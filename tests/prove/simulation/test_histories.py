"""Simulated histories with a crash at every commit. `run.py prove simulation -- --histories 10000`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.prove.simulation.history import History, play

SMOKE = 300
BLOCKS = 6
REACHED = (
    "crash before commit",
    "crash after commit",
    "crash between intent and result",
    "a wake-up outlived the crash",
    "an event outlived the crash",
    "repeat answered",
    "click refused: already-decided",
    "click refused: not-eligible",
    "click refused: superseded",
    "approval approved",
    "approval rejected",
    "failed run retried",
    "unknown answered: done",
    "unknown answered: retry",
    "run completed",
    "run failed",
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log of thousands of lives out of the report."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(logger: object, name: str, event: object) -> dict[str, object]:
    raise structlog.DropEvent


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_is_lost_and_nothing_happens_twice_wherever_baton_dies(
    block: int, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    each = pytestconfig.getoption("histories", SMOKE) // BLOCKS
    reached: Counter[str] = Counter()
    for seed in range(block * each, (block + 1) * each):
        try:
            reached += play(seed, tmp_path / f"{seed}.db")
        except AssertionError as broken:
            raise AssertionError(
                f"history {seed}: {broken}\nplay it alone: "
                f"pytest {__name__.replace('.', '/')}.py -k alone --seed {seed}"
            ) from broken
    missed = [mark for mark in REACHED if reached[mark] < each // 50]
    assert not missed, f"{each} histories never came by: {missed} (reached: {dict(reached)})"


def test_one_history_can_be_played_alone(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    seed = pytestconfig.getoption("seed", 0)
    assert play(seed, tmp_path / "one.db")["run completed"] >= 0


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_seed_decides_everything(tmp_path: Path, seed: int) -> None:
    first, again = History(seed, tmp_path / "first.db"), History(seed, tmp_path / "again.db")
    assert first.run() == again.run()
    assert first.outside.effects == again.outside.effects
    assert first.outside.answers == again.outside.answers
    assert first.outside.effects
