"""Holds a figure of a bench above a floor: below the bar that it is to meet, and kept all the same.

    python3 benchmarks/_floor.py BENCH FIGURE LEAST [what goes to the bench]

The bench runs, whatever it says of its bars; of FIGURE, which is a ratio inside that one run, the
median counts. For CI, where a bar that is not met yet would hide that something became worse.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(bench: str, figure: str, least: str, *more: str) -> int:
    argv = [sys.executable, str(ROOT / "run.py"), "bench", bench, "--json", *more]
    done = subprocess.run(argv, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)["figures"][figure]["median"]
    held = bool(found >= float(least))
    print(f"{bench}: {figure} {found:g}, {'above' if held else 'BELOW'} its floor of {least}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
