"""Which faults strike in a history: kinds are switched on by its seed, and a mask leaves some out.

Each kind draws from a generator of its own. So a history played again without some faults is as much
like the first as it can be, and a failing one can be made smaller.
"""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

KINDS = {
    "K": "the process is killed",
    "W": "power is lost in the midst of a commit",
    "I": "a statement or a commit fails",
    "B": "somebody else has locked the database",
    "N": "requests and their answers are lost, late, or come twice",
    "S": "Slack refuses, hangs, forgets to answer, or is down",
    "C": "the wall clock jumps",
    "2": "a second copy is started",
    "L": "the database answers late",
}
SHARE = {"K": 1.0, "W": 0.3, "I": 0.2, "B": 0.2, "N": 0.5, "S": 0.5, "C": 0.25, "2": 0.1, "L": 0.4}
ALWAYS, MOST = "K", 3  # in a small history, and so many kinds beside it
LARGE = 0.06  # of histories; what that means stands in `plot`


@dataclass(frozen=True, slots=True)
class Mask:
    """What is left out of a history: whole kinds, single faults of them (counted from 0), builds.

    *calm* leaves out what people do beside answering; *large* makes a small history a large one.
    """

    kinds: str = ""
    single: Collection[tuple[str, int]] = frozenset()
    builds: int | None = None
    calm: bool = False
    large: bool = False

    def said(self) -> str:
        """Return the words of the command line that stand for it."""
        singles = ",".join(f"{kind}{number}" for kind, number in sorted(self.single))
        words = [f"--without {self.kinds}{',' + singles if singles else ''}".strip(",")]
        words = words if self.kinds or singles else []
        words += [f"--builds {self.builds}"] if self.builds is not None else []
        words += [f"--{word}" for word in ("calm", "large") if getattr(self, word)]
        return " ".join(words)


@dataclass
class Faults:
    """The faults of one history; they outlive every life in it."""

    seed: int
    mask: Mask = field(default_factory=Mask)
    on: frozenset[str] = frozenset()
    struck: Counter[str] = field(default_factory=Counter)
    healed: bool = False
    large: bool = False

    def __post_init__(self) -> None:
        self.large = self.mask.large or self.rng_of("size").random() < LARGE
        self.on = frozenset(self._drawn() - set(self.mask.kinds))
        self._rngs = {kind: self.rng_of(kind) for kind in KINDS}

    def _drawn(self) -> set[str]:
        """Draw the kinds: each by its own chance, or only a few, by which rare pairs stand alone."""
        rng = self.rng_of("swarm")
        if self.large:
            return {kind for kind, share in SHARE.items() if rng.random() < share}
        others = [kind for kind in SHARE if kind != ALWAYS]
        return {
            ALWAYS,
            *rng.choices(others, [SHARE[kind] for kind in others], k=rng.randint(0, MOST)),
        }

    def rng_of(self, name: str) -> random.Random:
        """Return a generator that nothing else draws from."""
        return random.Random(f"{self.seed}.{name}")  # noqa: S311 - a simulation

    def rng(self, kind: str) -> random.Random:
        return self._rngs[kind]

    def strike(self, kind: str, chance: float) -> bool:
        """Say whether a fault of *kind* strikes now."""
        if kind not in self.on or self.healed or self._rngs[kind].random() >= chance:
            return False
        return self.certain(kind)

    def certain(self, kind: str) -> bool:
        """Count a fault that is about to strike; False where it is left out."""
        if kind not in self.on or self.healed:
            return False
        number = self.struck[kind]
        self.struck[kind] += 1
        return (kind, number) not in self.mask.single


__all__ = ["KINDS", "Faults", "Mask"]
