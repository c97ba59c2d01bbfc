"""Programs: only those that were named, in a group of their own, and gone when they have to be."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.connector import Failed, Finished, NotStarted
from bot.world.processes import LATE_OUTPUT, TAIL, ChildProcesses

PYTHON = sys.executable
SLEEPS = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]]);"
    "print(child.pid, flush=True);"
)


@pytest.fixture
def programs() -> ChildProcesses:
    return ChildProcesses(
        programs=frozenset({PYTHON, "no-such-program"}), grace=timedelta(seconds=0.3)
    )


@pytest.fixture
def run(programs: ChildProcesses, tmp_path: Path) -> Callable[..., Any]:
    async def start(code: str, *arguments: str, **more: Any) -> Finished:
        where = {"cwd": tmp_path, "env": {}} | more
        return await programs.run([PYTHON, "-c", code, *arguments], **where)

    return start


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


async def is_gone(pid: int) -> bool:
    for _ in range(100):
        if not is_alive(pid):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_program_ends_with_what_it_said(run: Any) -> None:
    done = await run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")

    assert (done.exit_code, done.stdout, done.stderr, done.truncated) == (
        3,
        "out\n",
        "err\n",
        False,
    )


async def test_arguments_are_no_shell(run: Any, tmp_path: Path) -> None:
    done = await run("import sys; print(sys.argv[1:])", "$HOME; touch x", "`id`", "a\nb")

    assert done.stdout == "['$HOME; touch x', '`id`', 'a\\nb']\n"
    assert list(tmp_path.iterdir()) == []


async def test_a_program_sees_its_folder_and_nothing_of_ours(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "hush")

    code = "import os, sys; print(os.getcwd(), os.environ.get('A'), 'SECRET_OF_MINE' in os.environ)"
    done = await run(code, env={"A": "1"})
    reads = await run("import sys; print(repr(sys.stdin.read()))")

    assert done.stdout == f"{tmp_path} 1 False\n"
    assert reads.stdout == "''\n"


async def test_what_it_says_is_told_as_it_says_it(run: Any) -> None:
    told: list[tuple[str, str]] = []
    code = (
        "import sys, time;"
        "sys.stdout.buffer.write('grü'.encode()[:-1]); sys.stdout.flush(); time.sleep(.1);"
        "sys.stdout.buffer.write('ü'.encode()[1:] + b'n\\xc3'); sys.stderr.write('e')"
    )

    await run(code, on_output=lambda stream, text: told.append((stream, text)))

    assert "".join(text for stream, text in told if stream == "stdout") == "grün\ufffd"
    assert ("stderr", "e") in told


async def test_only_the_end_of_much_output_is_kept(run: Any) -> None:
    done = await run(f"print('a' * {TAIL}); print('the end')")

    assert done.truncated
    assert len(done.stdout) == TAIL
    assert done.stdout.endswith("the end\n")


async def test_a_program_that_was_not_named_is_not_started(
    programs: ChildProcesses, tmp_path: Path
) -> None:
    for argv in (["touch", str(tmp_path / "x")], [], [f"{PYTHON} "], ["../" + PYTHON]):
        with pytest.raises(NotStarted, match="BATON_SHELL_ALLOW") as refused:
            await programs.run(argv, cwd=tmp_path, env={})
        assert refused.value.type == "not_allowed"
    assert list(tmp_path.iterdir()) == []


async def test_without_names_nothing_is_started(tmp_path: Path) -> None:
    with pytest.raises(NotStarted):
        await ChildProcesses(programs=frozenset()).run([PYTHON], cwd=tmp_path, env={})


async def test_what_cannot_be_started_says_so(
    programs: ChildProcesses, run: Any, tmp_path: Path
) -> None:
    with pytest.raises(NotStarted) as missing:
        await programs.run(["no-such-program"], cwd=tmp_path, env={})
    with pytest.raises(NotStarted) as nowhere:
        await run("", cwd=tmp_path / "nowhere")
    with pytest.raises(NotStarted) as zero:
        await run("a\0b")
    with pytest.raises(NotStarted) as hidden:
        await programs.run([PYTHON, "-c", ""], cwd=tmp_path, env={"A": "b\0c"})

    refused = {each.value.type for each in (missing, nowhere, zero, hidden)}
    assert refused == {"spawn"}


@pytest.mark.parametrize("deaf", ["", DEAF])
async def test_after_a_timeout_the_whole_group_is_gone(run: Any, deaf: str) -> None:
    pids: list[int] = []
    code = f"{deaf}{PARENT}time.sleep(60)"

    with pytest.raises(Failed) as failed:
        await run(
            code,
            f"{DEAF}time.sleep(60)",
            timeout=timedelta(seconds=1),
            on_output=lambda _, text: pids.append(int(text)),
        )

    assert failed.value.type == "timeout"
    assert await is_gone(pids[0])


async def test_after_a_cancellation_the_whole_group_is_gone(run: Any) -> None:
    said: asyncio.Queue[int] = asyncio.Queue()
    work = asyncio.ensure_future(
        run(
            f"{PARENT}time.sleep(60)",
            f"{DEAF}time.sleep(60)",
            on_output=lambda _, text: said.put_nowait(int(text)),
        )
    )
    child = await asyncio.wait_for(said.get(), 10)
    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work
    assert await is_gone(child)


async def test_a_program_may_clean_up_first(run: Any, tmp_path: Path) -> None:
    code = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: (open('clean', 'w').close(), sys.exit(0)));"
        "print('ready', flush=True); time.sleep(60)"
    )
    ready = asyncio.Event()
    work = asyncio.ensure_future(run(code, on_output=lambda *_: ready.set()))
    await asyncio.wait_for(ready.wait(), 10)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert (tmp_path / "clean").exists()


async def test_a_child_that_holds_the_output_open_holds_nobody_up(run: Any) -> None:
    pids: list[int] = []
    loop = asyncio.get_running_loop()
    begun = loop.time()

    done = await run(PARENT, SLEEPS, on_output=lambda _, text: pids.append(int(text)))

    assert done.exit_code == 0
    assert done.stdout == f"{pids[0]}\n"
    assert loop.time() - begun < LATE_OUTPUT + 5
    os.kill(pids[0], 9)


async def test_a_program_that_is_killed_did_not_succeed(run: Any) -> None:
    done = await run("import os; os.kill(os.getpid(), 9)")

    assert done.exit_code == -9
