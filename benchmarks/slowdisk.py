"""How the engine fares on a disk that takes 4 ms longer for each sync, beside DBOS on the same one.

A small library between the program and the C library holds up `fsync` and `fdatasync`; it is built
with the compiler at hand.
"""

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from _beside import at_least, dbos, environment, life, ratios, shuffled, spread
from _measure import options, report

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int (*of(const char *name))(int) { return (int (*)(int)) dlsym(RTLD_NEXT, name); }
int fsync(int fd) { usleep(%(us)d); return of("fsync")(fd); }
int fdatasync(int fd) { usleep(%(us)d); return of("fdatasync")(fd); }
"""


def shim(folder: Path, late: float) -> dict[str, str]:
    """Build the library; return the environment in which programs are held up by *late* ms.

    Raises:
        SystemExit: there is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("slowdisk needs a C compiler: apt-get install gcc libc6-dev")
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(SHIM % {"us": int(late * 1000)})
    argv = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(argv, check=True)
    return {"LD_PRELOAD": str(library)}


def ours(folder: Path, seconds: float, env: dict[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as data:
        return life("chains", Path(data), env=env, seconds=seconds)


def main() -> int:
    given = options(__doc__ or "", rounds=4, seconds=5.0, late=4.0)
    environment()
    with tempfile.TemporaryDirectory(prefix="baton-slowdisk-") as made:
        folder = Path(made)
        env = shim(folder, given.late)
        programs = {
            "baton": partial(ours, folder, given.seconds, env),
            "dbos_async_32": partial(dbos, "async", 32, given.seconds, folder, env),
            "dbos_sync_8": partial(dbos, "sync", 8, given.seconds, folder, env),
        }
        found = shuffled(programs, given.rounds)
    steps = [each["steps_a_second"] for each in found["baton"]]
    best = [max(a, b) for a, b in zip(found["dbos_async_32"], found["dbos_sync_8"], strict=True)]
    over = spread(ratios(steps, best))
    figures = {
        "sync_is_late_by_ms": given.late,
        "baton_steps_a_second": spread(steps),
        "best_of_dbos_a_second": spread(best),
        "ratio": over,
    }
    bars = [at_least("our steps a second over DBOS's", over["median"], 50.0)]
    return report("slowdisk", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
