"""One history: the demo is begun, killed and begun again on the same folder, until it is through."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.prove.kill.lives import Life, clear, left_after
from tests.prove.kill.moments import Kill, has_come, looked_at
from tests.prove.kill.witness import Witness

ORPHANS = 3.0  # s in which what a killed server started has to follow it


@dataclass
class History:
    """What was planned, and what came of it."""

    data: Path
    plan: list[Kill]
    done: list[str] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    orphans: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[str, str] = field(default_factory=dict)
    document: Any = None

    def __str__(self) -> str:
        return f"{self.data.name}: planned {', '.join(map(str, self.plan))}; done {self.done}"

    def live(self) -> None:
        """Live it to its end.

        Raises:
            AssertionError: a life hung, or the story did not come to its end.
        """
        self.data.mkdir()
        try:
            with Witness(self.data) as witness:
                life = self._killed()
                code = life.see_out()
            self.acknowledged = witness.acknowledged
            assert code == 0, f"life {life.number} ended with {code}:\n{life.complained}"
            self.document = json.loads(life.said)
            self.orphans.update(left_after(self.data, ORPHANS).values())
        finally:
            self._stop()

    def _killed(self) -> Life:
        """Kill one life after the other; return the one that is let live."""
        for kill in self.plan:
            life = self._begin()
            if not (life.until(partial(self._come, kill)) and self._strike(life, kill)):
                return life  # it was through before; what is left of the plan is for nobody
            if len(self.done) % 2:  # else begin again while what is left still ends
                self.orphans.update(left_after(self.data, ORPHANS).values())
        return self._begin()

    def _come(self, kill: Kill) -> bool:
        return kill.moment == "start" or has_come(looked_at(self.data / "baton.db"), kill.moment)

    def _strike(self, life: Life, kill: Kill) -> bool:
        due = time.monotonic() + kill.delay
        if not life.until(lambda: time.monotonic() >= due):
            return False
        life.kill()
        self.done.append(f"{kill} in {looked_at(self.data / 'baton.db')}")
        return True

    def _begin(self) -> Life:
        self.lives.append(Life(self.data, len(self.lives) + 1))
        return self.lives[-1]

    def _stop(self) -> None:
        for life in self.lives:
            life.kill()
        clear(self.data)
