"""How long `import baton` takes in a fresh interpreter: it stands in other people's programs."""

import statistics
import subprocess
import sys

from _measure import ROOT, Bar, options, report

TIMED = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"
BESIDE = "dataclasses, datetime, json"  # what most programs import anyway


def once(what: str) -> float:
    """Return the milliseconds of one import."""
    argv = [sys.executable, "-c", TIMED.format(what)]
    told = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(told.stdout) * 1000


def main() -> int:
    given = options(__doc__ or "", rounds=20)
    once("baton")  # compiles, and warms the disk's cache
    pairs = [(once("baton"), once(BESIDE)) for _ in range(int(given.rounds))]
    ours, beside = (statistics.median(each) for each in zip(*pairs, strict=True))
    figures = {"import_baton_ms": round(ours, 2), "import_yardstick_ms": round(beside, 2)}
    bar = Bar("import baton", ours, 30, "ms", f"import {BESIDE}, ms", beside, 0.8)
    return report("import_baton", figures, [bar], as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
