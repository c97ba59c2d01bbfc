"""How soon runs go on that were in the middle of a step when the engine died.

A run has gone on when the step that was cut off is under way again: its action was called, which happens
after the commit that says so. Nothing else of the runs is in that figure; then they go on to their end.
"""

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
        "cpu_us_a_run": spread([each["cpu_us_a_run"] for each in lives]),
        "ended_a_second": spread([each["ended_a_second"] for each in lives]),
        "ready_ms": spread([each["ready_ms"] for each in lives]),
        "fsync_p50_ms": round(synced, 3),
    }
    bars = [at_least("runs resumed a second", resumed["median"], 5_000.0)]
    return report("restart", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
