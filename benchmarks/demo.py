"""How long a stranger waits: a fresh clone until the example is through, and a second start.

The clone holds what is committed, and sets itself up: .venv, packages and pages. The caches of the
package clients are those of this machine, so they are as warm as it is.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import ROOT, Bar, fixed_loop, fsync, options, report
from _programs import Server, free_port, until_ready

LOOP = "fixed Python loop, s"


def clone(to: Path) -> str:
    """Clone this checkout and return the commit."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(to)], check=True)
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=to, check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def python() -> str:
    """Return the Python that a stranger types, not that of our .venv."""
    beside = Path(sys.prefix) / "bin"
    folders = [each for each in os.environ["PATH"].split(os.pathsep) if Path(each) != beside]
    found = shutil.which("python3", path=os.pathsep.join(folders))
    return found or sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001 - no other name


def first(checkout: Path) -> dict[str, Any]:
    """Play the whole story once and return its document."""
    argv = [python(), "run.py", "demo", "--once", "--json", "--no-browser", "--port", "0"]
    told = subprocess.run(argv, cwd=checkout, check=True, stdout=subprocess.PIPE, env=clean())
    document: dict[str, Any] = json.loads(told.stdout)
    return document


def clean() -> dict[str, str]:
    """Return our environment without what the .venv that we run in has put there."""
    ours = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    return {name: value for name, value in os.environ.items() if name not in ours}


@contextlib.contextmanager
def second(checkout: Path) -> Iterator[Server]:
    """Start the demo again on the same data; Ctrl-C ends it."""
    port = free_port()
    argv = [python(), "run.py", "demo", "--no-browser", "--port", str(port)]
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(argv, cwd=checkout, stdin=quiet, stdout=subprocess.PIPE, env=clean())
    try:
        yield Server(f"http://127.0.0.1:{port}", child, {})
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def page(server: Server) -> str:
    """Return which page answered: the demo's, or a run's where that is not built."""
    for path in ("/demo", "/r/last"):
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.ask("GET", path)[0] in (200, 303, 401):
                return path
    raise RuntimeError("Neither /demo nor /r answers.")


def main() -> int:
    given = options(__doc__ or "")
    before = fixed_loop()
    with tempfile.TemporaryDirectory(prefix="baton-demo-") as folder:
        synced, checkout = fsync(Path(folder)), Path(folder) / "baton"
        began = time.perf_counter()
        commit = clone(checkout)
        document = first(checkout)
        whole = time.perf_counter() - began
        began = time.perf_counter()
        with second(checkout) as server:
            until_ready(server, "/readyz")
            ready, shown = time.perf_counter() - began, page(server)
            answered = time.perf_counter() - began
    loop = max(before, fixed_loop())
    figures = {
        "commit": commit,
        "clone_to_finished_s": round(whole, 1),
        "of_that_the_story_s": document["seconds"],
        "runs": [run["status"] for run in document["runs"]],
        "second_start_to_readyz_s": round(ready, 2),
        "second_start_to_page_s": round(answered, 2),
        "page": shown,
        "fixed_loop_s": round(loop, 4),
        "fsync_p50_ms": round(synced, 3),
    }
    bars = [
        Bar("fresh clone to the finished example", whole, 90, "s", LOOP, loop, 270),
        Bar("second start to /readyz and the page", answered, 5, "s", LOOP, loop, 15),
    ]
    return report("demo", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
