"""How soon runs go on that were in the middle of a step when the engine died."""

import sys
import tempfile
from pathlib import Path

from _beside import at_least, life, spread
from _measure import fsync, options, report


def main() -> int:
    given = options(__doc__ or "", runs=1_000, rounds=4)
    with tempfile.TemporaryDirectory(prefix="baton-restart-") as made:
        lives = []
        for number in range(given.rounds):
            data = Path(made) / f"data-{number}"
            life("cut", data, amount=given.runs)
            lives.append(life("resume", data, amount=given.runs))
        synced = fsync(Path(made))
    resumed = spread([each["resumed_a_second"] for each in lives])
    figures = {
        "runs": given.runs,
        "resumed_a_second": resumed,
        "ready_ms": spread([each["ready_ms"] for each in lives]),
        "fsync_p50_ms": round(synced, 3),
    }
    bars = [at_least("runs resumed a second", resumed["median"], 5_000.0)]
    return report("restart", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
