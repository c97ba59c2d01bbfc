"""Towns one after the other: a few histories go on at once in each, and are looked over in the end."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordination.database import Row
from tests.prove.kill.remains import read_rows
from tests.prove.network.checks import wrong
from tests.prove.network.history import Histories
from tests.prove.network.town import town


@dataclass
class Past:
    """What was, what it left behind, and what is wrong with that."""

    histories: Histories
    rows: dict[str, list[Row]]
    wrong: list[str]


async def lived(data: Path, seed: int, count: int, **how: Any) -> Past:
    """Live *count* histories at once in a town of its own."""
    async with town(data) as made:
        past = Histories(made, seed, count, **how)
        await past.live()
    rows, broken = await read_rows(data / "baton.db")
    said = wrong(past, rows)
    if broken is not None:
        said.append(f"P12: the audit chain breaks at row {broken}")
    again = f"python3 run.py prove network --histories {count} --seed {seed}"
    told = [f"{each} (seed {seed}). To see it again: {again}" for each in said]
    return Past(past, rows, told)


def counted(past: Histories) -> Counter[str]:
    """Return what was tried and come by."""
    found = Counter({"histories": past.count, "events acknowledged": len(past.acknowledged)})
    found["reports repeated"] = sum(past.retried.values())
    for proxy in past.town.proxies.values():
        found.update({f"{fault} before {proxy.name}": n for fault, n in proxy.done.items()})
        found[f"answers lost before {proxy.name}"] = sum(proxy.lost.values())
    return found + past.reached
