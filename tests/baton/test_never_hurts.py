"""Whatever the server does, the program that reports does what it did without it."""

import contextlib
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.baton.rough import ROUGH, rough

SERVERS = ["up", "down", *ROUGH]
PROGRAM = """
import sys
import baton
with baton.process("nightly") as p:
    for n in range(50):
        p.progress(n, 50, "compiling")
    p.link("https://ci.example/7")
    baton.notify("other", "completed", results={"tests": 412})
    print("out")
    sys.exit(3)
"""


@contextlib.contextmanager
def at(name: str, server: Any, dead_url: str) -> Iterator[str]:
    if name == "up":
        yield server.url
    elif name == "down":
        yield dead_url
    else:
        with rough(ROUGH[name]) as there:
            yield there.url


def run(
    program: str, shell: dict[str, str], *args: str, **variables: str
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *args],
        env={**shell, **variables}, capture_output=True, timeout=20, check=False,
    )  # fmt: skip


def spooled(shell: dict[str, str]) -> list[str]:
    path = Path(shell["HOME"]) / ".local/state/baton/spool.ndjson"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("name", SERVERS)
def test_output_and_exit_code_are_its_own_and_nothing_is_lost(
    name: str, server: Any, dead_url: str, shell: dict[str, str]
) -> None:
    with at(name, server, dead_url) as url:
        began = time.monotonic()
        settings = {"BATON_URL": url, "BATON_TOKEN": server.token, "BATON_TIMEOUT": "0.4"}
        done = run(PROGRAM, shell, **settings)
        took = time.monotonic() - began

    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"")
    assert took < 4.5  # two seconds for the exit, and the start of Python
    kept = spooled(shell)
    if name == "up":
        assert server.statuses[-1] == "failed"
        assert kept == []
    else:
        assert sum('"status":"failed"' in line for line in kept) == 1
        assert sum('"tests":412' in line for line in kept) == 1
        assert server.token not in "".join(kept)


@pytest.mark.parametrize("name", ["up", "down", "hanging", "500"])
def test_a_block_is_not_held_up(
    name: str, server: Any, dead_url: str, shell: dict[str, str]
) -> None:
    program = """
        import os, time, baton
        took = []
        for _ in range(40):
            began = time.perf_counter()
            with baton.process("x"): pass
            took.append(time.perf_counter() - began)
            time.sleep(0.002)
        print(sorted(took)[20] * 1000, flush=True)
        os._exit(0)
    """
    with at(name, server, dead_url) as url:
        done = run(program, shell, BATON_URL=url)

    assert float(done.stdout) < 5.0  # ms; the bench holds it to one


@pytest.mark.parametrize("how", ["raise KeyboardInterrupt", "raise ValueError('no')", "1 / 0"])
def test_what_ends_a_program_ends_it_as_before(
    how: str, dead_url: str, shell: dict[str, str]
) -> None:
    plain = run(f"{how}\n", shell)
    program = f"import baton\nwith baton.process('x'):\n    {how}\n"
    told = run(program, shell, BATON_URL=dead_url)

    assert told.returncode == plain.returncode
    assert told.stdout == b""
    last = plain.stderr.splitlines()[-1]
    assert told.stderr.splitlines()[-1] == last
    status = "cancelled" if "Keyboard" in how else "failed"
    assert sum(f'"status":"{status}"' in line for line in spooled(shell)) == 1


def test_an_interrupt_during_the_exit_ends_it_at_once_and_keeps_what_is_left(
    shell: dict[str, str],
) -> None:
    program = """
        import baton, os, signal, threading, time
        with baton.process("x"): pass
        def interrupt():
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt, daemon=True).start()
    """
    with rough(ROUGH["hanging"]) as there:
        began = time.monotonic()
        done = run(program, shell, BATON_URL=there.url, BATON_TIMEOUT="10")

    assert (done.returncode, done.stdout) == (0, b"")
    assert time.monotonic() - began < 8.0
    assert len(spooled(shell)) == 2


def test_a_disk_that_cannot_be_written_is_no_error(dead_url: str, shell: dict[str, str]) -> None:
    done = run(PROGRAM, shell, BATON_URL=dead_url, BATON_SPOOL_DIR="/proc/nowhere")

    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"")


def test_debugging_tells_each_trouble_on_stderr(dead_url: str, shell: dict[str, str]) -> None:
    done = run(PROGRAM, shell, BATON_URL=dead_url, BATON_DEBUG="1")

    assert done.stdout == b"out\n"
    assert b"baton: cannot reach Baton at" in done.stderr


def test_a_program_without_stderr_and_without_a_folder_goes_on(
    dead_url: str, shell: dict[str, str], tmp_path: Path
) -> None:
    program = """
        import os, sys
        sys.stderr = None
        os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
        import baton
        with baton.process("x"): pass
        print(baton.notify("y", "completed"))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=tmp_path,
        env={**shell, "BATON_URL": dead_url, "BATON_DEBUG": "1"},
        capture_output=True, timeout=20, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, b"None\n", b"")


def test_reports_from_exit_functions_are_kept_when_time_is_over(
    dead_url: str, shell: dict[str, str]
) -> None:
    program = """
        import atexit
        import baton
        atexit.register(lambda: baton.process("late").start().end("completed"))
        baton.notify("p", "started")
    """
    done = run(program, shell, BATON_URL=dead_url)

    assert (done.returncode, done.stderr) == (0, b"")
    assert sum('"name":"late"' in line for line in spooled(shell)) == 2
