"""R1: what is not pure goes through the World. Names that are banned ruff finds; this finds the rest."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.test_modules import ROOT, SERVER, parse, paths

HISTORIES = 12
# Where nothing is simulated: the World itself, the database's one thread and its files, the demo, which
# is a user of Baton, commands that work on files with the rights of whoever typed them, and the pages
# that are written from the code.
APART = ("bot/world/", "bot/demo/", "bot/commands/", "bot/reference/", "coordination/database/")
TASKS = {"create_task", "ensure_future", "run_in_executor", "to_thread", "call_later", "call_at", "call_soon", "create_subprocess_exec", "create_subprocess_shell"}  # fmt: skip
FILES = {"read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "rmdir", "unlink", "symlink_to"}  # fmt: skip
CALLS = {"open", "os.open", "os.fdopen", "asyncio.sleep", "asyncio.open_connection", "asyncio.start_server"}  # fmt: skip
MODULES = {"aiohttp", "httpx", "requests", "tempfile", "shutil", "signal", "select", "selectors", "ssl", "multiprocessing", "concurrent"}  # fmt: skip

GROUPED = "tasks.create_task"  # of a TaskGroup, which does not end before all of its tasks did

READ_ASIDE = "reads beside the loop what may be long, and whoever asked waits for it"
ON_DISK = "files of people, which are looked at in a thread; in a simulation there are none"
BEGINNING = "folders and the key, before anything is begun"
SOCKET = "the socket is a file"
BACKUP = "what the last backup was stands beside the database"
SOCKETS = "limits of sockets, which no simulation has"
CLIENT = "Slack has a client of its own, which a simulation replaces"
ALLOWED: Mapping[str, str] = {
    "bot/app.py mkdir": BEGINNING,
    "bot/app.py to_thread": BEGINNING,
    "bot/app.py unlink": BEGINNING,
    "bot/admin.py to_thread": SOCKET,
    "bot/admin.py unlink": SOCKET,
    "bot/backups.py read_text": BACKUP,
    "bot/backups.py unlink": BACKUP,
    "bot/backups.py write_text": BACKUP,
    "bot/configuration.py read_text": ON_DISK,
    "bot/connections.py call_at": SOCKETS,
    "bot/connections.py call_soon": SOCKETS,
    "bot/connections.py create_task": "requests, owned by their connections",
    "bot/definitions.py read_bytes": ON_DISK,
    "bot/definitions.py to_thread": ON_DISK,
    "bot/file_triggers.py to_thread": ON_DISK,
    "bot/keys.py mkdir": BEGINNING,
    "bot/keys.py os.fdopen": BEGINNING,
    "bot/keys.py os.open": BEGINNING,
    "bot/keys.py read_bytes": BEGINNING,
    "bot/keys.py unlink": BEGINNING,
    "bot/lifecycle.py create_task": "the server of HTTP, which is awaited at the end of its block",
    "bot/lifecycle.py signal": "the one place where SIGTERM is heard",
    "bot/moments.py tempfile": "asks the file system what time it is there",
    "bot/rereading.py read_bytes": ON_DISK,
    "bot/rereading.py to_thread": ON_DISK,
    "bot/running_programs.py to_thread": ON_DISK,
    "bot/settings.py read_text": "the settings",
    "bot/slack/app.py aiohttp": CLIENT,
    "bot/slack/client.py aiohttp": CLIENT,
    "bot/whole_reports.py create_task": "a request, owned by its connection",
    "bot/written_files.py to_thread": ON_DISK,
    "coordination/reviewing.py to_thread": READ_ASIDE,
    "handlers/http/notify.py to_thread": READ_ASIDE,
    "workflows/actions/per_item.py asyncio.sleep": "no time passes; others get their turn",
    "workflows/actions/shell.py mkdir": "the folder of a run, for a program that is told of it",
    "workflows/rehearsal/published.py to_thread": READ_ASIDE,
    "workflows/runtimes/host/flight.py call_soon": "the rest of this turn of the loop",
}
# Who reaches the machine in a history: what seals a secret draws its own number, which nobody can hand in.
REACHING = {"coordination/secrets.py os.urandom", "coordination/secrets.py time.time"}


def past_the_world(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield what a module starts, opens or imports by itself, as "file what"."""
    file = path.relative_to(ROOT)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = getattr(node, "module", None)
            names = [named] if named else [each.name for each in node.names]
            yield from (f"{file} {top}" for name in names if (top := name.split(".")[0]) in MODULES)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS:
            yield f"{file} {ast.unparse(node.func)}"
        elif isinstance(node, ast.Attribute) and node.attr in TASKS | FILES and ast.unparse(node) != GROUPED:  # fmt: skip
            yield f"{file} {node.attr}"


def test_nobody_starts_opens_or_imports_what_is_the_worlds() -> None:
    found = {
        each
        for path in paths(*SERVER)
        if not str(path.relative_to(ROOT)).startswith(APART)
        for each in past_the_world(path, parse(path))
    }

    assert found - set(ALLOWED) == set()
    assert set(ALLOWED) - found == set(), "what is not there any more needs no leave"


@pytest.mark.parametrize(
    "planted",
    [
        "import shutil",
        "from concurrent.futures import ThreadPoolExecutor",
        "async def f(loop, work):\n    loop.create_task(work())",
        "async def f(path):\n    await asyncio.to_thread(path.resolve)",
        "def f(path):\n    return path.read_text()",
        "def f(path):\n    return open(path)",
        "def f(loop):\n    loop.call_later(1, print)",
        "async def f():\n    await asyncio.sleep(1)",
    ],
)
def test_what_goes_past_the_world_is_found(planted: str) -> None:
    assert list(past_the_world(ROOT / "planted.py", ast.parse(planted)))


def test_a_simulated_life_does_not_reach_the_machine() -> None:
    """By an audit hook below it all, and by the clocks and the chance of the standard library."""
    argv = [sys.executable, "-m", "tests.architecture.watched", "1", str(HISTORIES)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    apart = ("tests/", "coordination/database/")
    seen = {line for line in done.stdout.splitlines() if not line.startswith(apart)}
    assert seen - REACHING == set()
    for there in ("lock.py fcntl.flock", "statements.py time.perf_counter"):
        assert f"coordination/database/{there}" in done.stdout, "nothing was watched"
