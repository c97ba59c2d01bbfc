"""For all tests: how hard Hypothesis looks, and what is done about a tool that is missing."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
import uvloop
from hypothesis import settings

Loops = Callable[[], asyncio.AbstractEventLoop]

TESTS = Path(__file__).parent

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def chromium() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


@cache
def traces() -> bool:
    """Say whether programs may be traced here: the tool is there, and nobody forbids it."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    argv = [strace, "-o", os.devnull, "true"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


# Suites that need a tool, by folder: the word for BATON_REQUIRE, and whether the tool is there.
NEEDS: Mapping[str, tuple[str, Callable[[], bool]]] = {
    "browser": ("browser", chromium),
    **dict.fromkeys(("prove/power", "prove/syscalls"), ("strace", traces)),
    "prove/clock": ("libfaketime", lambda: any(Path("/usr/lib").glob("*/faketime/*MT.so.1"))),
    "editors": ("yaml-language-server", lambda: bool(shutil.which("yaml-language-server"))),
}

# Where single files take as long as whole folders do elsewhere. They begin first: what begins last
# is what the other workers wait for at the end.
LONG = ("prove/", "browser/", "workflows/actions/", "workflows/runtimes/", "architecture/")


# Where tests run on the event loop of `bot serve`.
ON_THE_SERVED_LOOP = ("stories", "handlers", "workflows/actions", "bot")


def missing() -> dict[str, str]:
    """Return the suites that cannot run here, each with the word for its tool."""
    return {folder: word for folder, (word, there) in NEEDS.items() if not there()}


def keep_what_is_compiled() -> None:
    """Compile each module once, not once for each worker and each program that a test starts."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    keep_what_is_compiled()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Begun in the background by a script. What the tests start would inherit it, and no
        # interruption would reach them.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    required = {word.strip() for word in os.environ.get("BATON_REQUIRE", "").split(",")}
    if absent := required.intersection(missing().values()):
        raise pytest.UsageError(
            f"BATON_REQUIRE names {', '.join(sorted(absent))}, which this machine does not have."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the suites whose tool is missing, and let the long ones begin."""
    folders = [TESTS / folder for folder in missing()]
    out = [item for item in items if any(folder in item.path.parents for folder in folders)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(LONG))


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Loops]:
    """Give tests of whole Batons and of programs that they start the loop that `bot serve` runs on.

    The others keep asyncio's own, whose sockets are Python's: those are held to this machine.
    """
    served = any(TESTS / folder in item.path.parents for folder in ON_THE_SERVED_LOOP)
    return {"served": uvloop.new_event_loop} if served else {"plain": asyncio.new_event_loop}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line for each suite that it was left out."""
    for folder, word in missing().items():
        terminalreporter.write_line(
            f"left out: tests/{folder}, since there is no {word} here "
            "(BATON_REQUIRE makes that an error)"
        )
