"""Plants each flaw in a copy of its own, and says whether its catcher sees it there and only there."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.prove.zoo.catching import Seen, ask, healthy
from tests.prove.zoo.copies import ROOT, DoesNotApply, copied, plant
from tests.prove.zoo.rows import SIMULATION, Absent, Planted, Row

__all__ = ["Judged", "judge"]

COMMAND = "python3 run.py prove zoo --only"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a row: it was `caught`, `missed` or `broken`, or there is nothing to plant it in (`absent`)."""

    row: Row
    word: str
    told: str

    @property
    def line(self) -> str:
        number = self.row.number
        return f"{self.row.name} {self.row.flaw}: {self.told}" + (
            f"\n  {COMMAND} {number}" if self.word in ("missed", "broken") else ""
        )


def judge(rows: Sequence[Row], root: Path = ROOT) -> Iterator[Judged]:
    """Judge *rows*, as many at once as there are processors; first those who catch are asked without a flaw."""
    with copied(root) as sound:
        planted = [each for each in rows if isinstance(each, Planted)]
        sick = healthy(sound, [each.catcher for each in planted])
        with ThreadPoolExecutor(os.cpu_count()) as several:
            yield from several.map(lambda row: _judged(row, sound, sick), rows)


def _judged(row: Row, sound: Path, sick: dict[str, str]) -> Judged:
    if isinstance(row, Absent):
        return Judged(row, "absent", f"does not apply: {row.reason}")
    if row.catcher in sick:
        return Judged(row, "broken", f"{row.catcher} fails without it: {sick[row.catcher]}")
    with copied(sound) as copy:
        try:
            plant(copy, row.changes)
        except DoesNotApply as error:
            return Judged(row, "broken", f"the patch does not apply any more. {error}")
        seen = ask(copy, row.catcher)
    return _said(row, seen, sound)


def _said(row: Planted, seen: Seen, sound: Path) -> Judged:
    if seen.trouble is not None:
        return Judged(row, "broken", seen.trouble)
    if seen.what is None:
        return Judged(row, "missed", f"{row.breaks} breaks, and nobody sees it: {seen.how}")
    if row.catcher == SIMULATION and seen.seed is not None:
        without = ask(sound, SIMULATION, seen.seed, 1)
        if without.what is not None or without.trouble is not None:
            why = without.what or without.trouble
            return Judged(row, "broken", f"history {seen.seed} fails without it: {why}")
    return Judged(row, "caught", f"caught by {seen.how}: {seen.what}")
