#!/usr/bin/env python3
"""Set Baton up on first use, then do what the verb says.

It runs before anything is installed: only the standard library, nothing of Baton's own. A stamp is
taken away before its stage and written after it, so that one which was broken off is done again.
"""

import difflib
import hashlib
import os
import shutil
import signal
import sys
import time
import venv
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, STDOUT, CalledProcessError, call, run

if sys.version_info < (3, 11):  # noqa: UP036  whoever has an older Python is whom this is for
    sys.exit("Baton needs Python 3.11 or newer, not " + sys.version.split()[0] + ".")

from collections.abc import Callable
from typing import NamedTuple

USAGE = """usage: python3 run.py VERB [options]
  demo     play the main job on a local Slack (--once --json --no-browser --port N --data DIR)
  bot      bot COMMAND: connect, serve and look after a Baton (python -m bot)
  test     run every test; what follows -- goes to pytest
  check    format, lint, types, imports and addresses
  fix      format, and mend what the linter can mend
  web      build the browser's pages
  docs     build the documentation into site/
  schema   write the JSON Schema of the workflow language
  bench    bench NAME [--json]: measure beside a yardstick
  prove    prove NAME [--json]: one long proof (--help says what it takes)
"""
ROOT, WINDOWS = Path(__file__).resolve().parent, os.name == "nt"
VENV, WEB, STATIC = ROOT / ".venv", ROOT / "web", ROOT / "handlers" / "http" / "static"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON, UV = (BIN / (name + ".exe" * WINDOWS) for name in ("python", "uv"))
SERVER, DEMO, DEV, NODE = (ROOT / f"requirements{n}.lock" for n in ("", "-demo", "-dev", "-node"))
PYTEST, RUFF = (PYTHON, "-m", "pytest"), (PYTHON, "-m", "ruff")
Argv = tuple[str | Path, ...]
VERBS: dict[str, tuple[str, list[Argv]]] = {  # the part that a verb needs, and its programs
    "demo": ("bot/demo*", [(PYTHON, "-m", "bot.demo")]),
    "bot": ("bot/__main__.py", [(PYTHON, "-m", "bot")]),
    "test": ("tests", [PYTEST]),
    "check": ("tests", [
        (*RUFF, "format", "--check", "."), (*RUFF, "check", "."),
        (PYTHON, "-m", "mypy"), (BIN / "lint-imports", "--no-logo"),
        (*PYTEST, "-q", "--noconftest", "tests/architecture/test_addresses.py"),
    ]),
    "fix": ("run.py", [(*RUFF, "format", "."), (*RUFF, "check", "--fix", ".")]),
    "web": ("web/package.json", []),
    "docs": ("mkdocs.yml", [(PYTHON, "-m", "zensical", "build", "--strict")]),
    "schema": ("bot/commands/schema.py", [(PYTHON, "-m", "bot", "schema")]),
    "bench": ("benchmarks", [(PYTHON,)]),
    "prove": ("tests/prove", [(PYTHON,)]),
}  # fmt: skip
say = partial(print, file=sys.stderr, flush=True)


class Stage(NamedTuple):
    title: str
    work: Callable[[], object]
    stamp: Path
    want: str


def play(stages: list[Stage]) -> bool:
    """Do what is due, one line each; return whether all of it worked."""
    due = [s for s in stages if not s.stamp.exists() or s.stamp.read_text() != s.want]
    for number, stage in enumerate(due, 1):
        say(f"[{number}/{len(due)}] {stage.title}", end=" ")
        started = time.monotonic()
        try:
            stage.stamp.unlink(missing_ok=True)
            stage.work()
            stage.stamp.write_text(stage.want)
        except (CalledProcessError, OSError) as why:
            say("failed", *str(getattr(why, "output", None) or why).splitlines()[-20:], sep="\n")
            if stage in stages[:2]:
                raise SystemExit(1) from None
            return bool(say("Baton has no pages until this works: python3 run.py web"))
        say(f"{time.monotonic() - started:.1f} s")
    return True


def quiet(*argv: str | Path, cwd: Path = ROOT) -> str:
    """Run a program; what it prints is shown only if it fails."""
    return str(run(argv, cwd=cwd, check=True, text=True, stdout=PIPE, stderr=STDOUT).stdout)


def digest(*files: Path, also: str = "") -> str:
    parts = [also, *((file.name, file.read_bytes()) for file in files)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def pip() -> Argv:
    """Find a pip for .venv: its own, or the system's, which drives it from outside."""
    own, outside = (PYTHON, "-m", "pip"), (sys.executable, "-m", "pip", "--python", PYTHON)
    for found in (own, outside):
        if not run([*found, "--version"], capture_output=True, check=False).returncode:
            return found
    raise OSError("No pip was found. On Debian: sudo apt install python3-venv")


def install(*what: str | Path) -> None:
    """Install with uv, or with pip where uv has no wheel."""
    if not UV.exists():
        run([*pip(), "install", "-q", "uv==0.13.9"], capture_output=True, check=False)
    compiled = (UV, "pip", "install", "--python", PYTHON, "--compile-bytecode")
    quiet(*(compiled if UV.exists() else (*pip(), "install")), "-q", *what)


def python_stages(*locks: Path) -> list[Stage]:
    if VENV.is_symlink():
        sys.exit(f"{VENV} is a link; what it leads to is not ours to empty. Remove the link first.")
    if not PYTHON.exists():  # the Python it pointed to is gone; so must be the stamps
        shutil.rmtree(VENV, ignore_errors=True)
    project = (ROOT / "pyproject.toml").read_text().partition("[dependency-groups]")[0]

    def work() -> None:
        install(*(part for lock in locks for part in ("-r", lock)))
        install("--no-deps", "--no-build-isolation", "-e", ROOT)

    make = partial(venv.create, VENV, clear=True, with_pip=bool(find_spec("ensurepip")))
    stamp, want = VENV / f".baton-{locks[-1].stem}", digest(*locks, also=f"{ROOT} {project}")
    made = Stage("making .venv", make, VENV / ".baton-venv", str(ROOT))
    return [made, Stage("installing the locked packages", work, stamp, want)]


def find_npm() -> Path:
    """Find npm: the system's if its Node is new enough, else the one in .venv."""
    node, system = shutil.which("node"), shutil.which("npm")
    if node and system and int(quiet(node, "--version").strip("v").split(".")[0]) >= 22:
        return Path(system)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return BIN / ("npm" + ".exe" * WINDOWS)


def web_stages(npm: Path) -> list[Stage]:
    tops = [top for top in WEB.iterdir() if top.name not in {"node_modules", "dist", "tests"}]
    files = sorted(f for top in tops for f in (top, *top.rglob("*")) if f.is_file())
    packages, lock = WEB / "node_modules" / ".baton-stamp", digest(WEB / "package-lock.json")
    bundle, want = STATIC / ".baton-stamp", digest(*files)
    clean = ("ci", "--no-audit", "--no-fund", "--fetch-retries=1")
    own = ("fetching Node", lambda: install("-r", NODE), VENV / ".baton-node", digest(NODE))
    fetch = Stage("fetching npm packages", lambda: quiet(npm, *clean, cwd=WEB), packages, lock)
    build = Stage("building the pages", lambda: quiet(npm, "run", "build", cwd=WEB), bundle, want)
    return [Stage(*own), fetch, build] if npm.parent == BIN else [fetch, build]


def perform(verb: str, rest: list[str], programs: list[Argv]) -> int:
    """Set up what the verb needs and run its programs; one alone takes this one's place."""
    stages = python_stages(SERVER, DEMO if verb in {"demo", "bot", "web"} else DEV)
    pages = verb in {"demo", "bot", "test", "web"} and (WEB / "package.json").exists()
    whole = play(stages + (web_stages(find_npm()) if pages else []))
    if not whole and (verb == "web" or "browser" in os.environ.get("BATON_REQUIRE", "")):
        return 1
    if verb == "test" and not rest:  # pytest comes last, since its closing lines are the verdict
        vitest: list[Argv] = [(find_npm(), "--prefix", WEB, "test")] if pages and whole else []
        shared = ("-n", f"{min(6, 1 + (os.cpu_count() or 1))}", "--dist", "loadfile")  # tests wait
        programs = [*vitest, (*PYTEST, *shared, "--no-loadscope-reorder")]  # the long files first
    if len(programs) == 1 and not WINDOWS:  # then signals and the exit code are its own
        os.execv(programs[0][0], [*map(str, programs[0]), *rest])  # noqa: S606  no shell is wanted
    return max([0, *(call([*program, *rest]) for program in programs)])


def chosen(folder: Path, rest: list[str]) -> list[str]:
    """Put what Python runs in the place of its name: a file, or a folder that is a module."""
    mains = {p.parent.name: f"-mtests.prove.{p.parent.name}" for p in folder.glob("*/__main__.py")}
    known = mains or {p.stem: str(p) for p in folder.glob("[a-z]*.py")}
    if rest and rest[0] in known:
        return [known[rest[0]], *rest[1:]]
    sys.exit(say(f"Name one of these: {', '.join(sorted(known)) or 'there is none yet'}") or 2)


def main(verb: str = "", *rest: str) -> int:
    if verb in {"-h", "--help", "help"}:
        print(USAGE)
        return 0
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, 1)
        return say(f"There is no verb {verb!r}. Did you mean {near[0]!r}?" if near else USAGE) or 2
    part, programs = VERBS[verb]
    if not any(ROOT.glob(part)):
        return say(f"run.py {verb}: this part of Baton is not built yet.") or 2
    os.chdir(ROOT)
    args = [word for word in rest if word != "--"]
    args = chosen(ROOT / part, args) if verb in {"bench", "prove"} else args
    return perform(verb, args, programs)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends this without a traceback
    sys.exit(main(*sys.argv[1:]))
