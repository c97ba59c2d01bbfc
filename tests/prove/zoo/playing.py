"""`python -m tests.prove.zoo.playing FIRST COUNT`: play histories until one breaks a promise.

Prints how many that took, the seed and what broke, as JSON; null where none did.
"""

import json
import sys

from tests.prove.simulation.stage import open_stage

__all__ = ["play"]


def play(first: int, count: int) -> dict[str, object] | None:
    """Play *count* histories from the seed *first* on, one after the other."""
    with open_stage() as stage:
        for seed in range(first, first + count):
            played = stage.play(seed)
            if played.broken is not None:
                return {"seed": seed, "histories": seed - first + 1, "broken": played.broken}
    return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(play(*map(int, sys.argv[1:]))) + "\n")
