"""Lives of the real server under a wall clock that jumps, each around a change of the clocks."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordination.changes import Changes
from coordination.database import InlineDoor, Row
from tests.prove.clock.checks import wrong
from tests.prove.clock.life import Life, start_of, texts
from tests.prove.clock.wall import Wall
from tests.prove.kill.remains import all_of, read_rows
from tests.prove.network.town import town


@dataclass
class Past:
    """What was, what it left behind, and what is wrong with that."""

    life: Life
    rows: dict[str, list[Row]]
    wrong: list[str]


async def lived(folder: Path, seed: int, change: str, **how: Any) -> Past:
    """Live one life that begins a few hours before *change*."""
    folder.mkdir(parents=True)
    chance = random.Random(seed)  # noqa: S311  # it chooses when a life begins
    wall = Wall.at(folder / "wall", start_of(change, chance))
    async with town(folder / "data", texts(), wall.environment()) as made:
        life = Life(made, wall, seed, **how)
        await life.live()
    rows, broken = await read_rows(folder / "data" / "baton.db")
    rows["timers"] = await _timers(folder / "data" / "baton.db")
    said = wrong(life, rows)
    if broken is not None:
        said.append(f"P12: the audit chain breaks at row {broken}")
    again = f"python3 run.py prove clock --times 1 --seed {seed}"
    told = [f"{each} ({change}, seed {seed}). To see it again: {again}" for each in said]
    return Past(life, rows, told)


async def _timers(path: Path) -> list[Row]:
    door = InlineDoor(path, changes=Changes("clock"))
    try:
        return await door.read(lambda reader: all_of("timers", reader))
    finally:
        await door.close()
