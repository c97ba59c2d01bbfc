"""Towns one after the other: a few histories go on at once in each, and are looked over in the end."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coordination.database import Row
from tests.prove.clock.wall import Wall
from tests.prove.kill.remains import read_rows
from tests.prove.network.checks import wrong
from tests.prove.network.history import Histories
from tests.prove.network.town import town

CAUGHT_UP = "Slack was back after more than a minute"


@dataclass
class Past:
    """What was, what it left behind, and what is wrong with that."""

    histories: Histories
    rows: dict[str, list[Row]]
    wrong: list[str]


async def lived(data: Path, seed: int, count: int, *, hurried: bool = False, **how: Any) -> Past:
    """Live *count* histories at once in a town of its own; one that is *hurried* has a longer outage.

    Then time passes faster for Baton while Slack is gone. Its own clock says so, and Slack's does not.
    """
    wall = Wall.at(data.with_suffix(".wall"), datetime.now(UTC)) if hurried else None
    more = wall.environment(alone=False) if wall else {}
    async with town(data, more=more) as made:
        past = Histories(made, seed, count, wall=wall, **how)
        await past.live()
    if hurried:
        past.reached[CAUGHT_UP] += (data / "baton.log").read_text().count("slack_is_back")
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
