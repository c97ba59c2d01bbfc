"""What Baton costs while nothing happens: `python -m bot serve`, connected to a local Slack."""

import sys
import tempfile
import time
from pathlib import Path

from _measure import Bar, options, report, usage
from _programs import baton, echo, local_slack


def main() -> int:
    given = options(__doc__ or "", settle=30.0, seconds=60.0)
    with (
        tempfile.TemporaryDirectory(prefix="baton-idle-") as folder,
        local_slack(Path(folder)) as slack,
        baton(Path(folder), slack) as server,
        echo() as bare,
    ):
        time.sleep(given.settle)
        before = [usage(each.process.pid)[0] for each in (server, bare)]
        began = time.perf_counter()
        time.sleep(given.seconds)
        span = time.perf_counter() - began
        after = [usage(each.process.pid) for each in (server, bare)]
    shares = [(used - was) / span * 100 for (used, _), was in zip(after, before, strict=True)]
    held = [memory for _, memory in after]
    figures = {
        "seconds": round(span, 1),
        "baton_cpu_percent_of_a_core": round(shares[0], 3),
        "bare_uvicorn_cpu_percent_of_a_core": round(shares[1], 3),
        "baton_rss_mb": round(held[0], 1),
        "bare_uvicorn_rss_mb": round(held[1], 1),
    }
    bars = [
        Bar("CPU while idle", shares[0], 1.0, "% of a core", "bare uvicorn, %", shares[1], 3),
        Bar("memory while idle", held[0], 140, "MB", "bare uvicorn, MB", held[1], 3.5),
    ]
    return report("idle", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
