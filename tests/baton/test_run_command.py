"""``baton run``: the command must not notice, and the server must hear."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

SECRET = {"MY_TOKEN": "hunter2hunter2"}


def test_output_input_and_exit_code_pass_unchanged(server: Any, baton: Any) -> None:
    script = "cat; printf 'to\\000out'; printf err >&2; exit 3"

    for tail in ("40", "0"):
        done = baton("run", "--tail", tail, "--", "sh", "-c", script, stdin=b"\xff\xfein\r\n")
        assert done.returncode == 3
        assert done.stdout == b"\xff\xfein\r\nto\x00out"
        assert done.stderr == b"err"


@pytest.mark.parametrize(("words", "found"), [((), b"a terminal"), (("--tail", "9"), b"a pipe")])
def test_a_terminal_stays_one_unless_somebody_wants_its_lines(
    server: Any, shell: dict[str, str], words: tuple[str, ...], found: bytes
) -> None:
    script = "[ -t 1 ] && echo a terminal || echo a pipe; exit 1"
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "baton", "run", *words, "--", "sh", "-c", script]
    env = {**shell, "BATON_URL": server.url}
    subprocess.run(argv, env=env, stdout=theirs, stderr=subprocess.PIPE, timeout=10, check=False)
    said = os.read(ours, 100)
    os.close(ours)
    os.close(theirs)

    assert said.strip() == found
    assert server.events[-1].get("message") == (found.decode() if words else None)


def test_a_success_is_reported_with_its_duration(server: Any, baton: Any, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    script = f"""echo '{{"tests": 412}}' > {found}"""

    done = baton(
        "run", "--name", "build web", "--category", "build", "--id", "b1", "--result", "level=2",
        "--result-file", str(found), "--label", "team=web", "--", "sh", "-c", script,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    started, ended = server.events
    assert (started["status"], started["name"], started["category"]) == (
        "started",
        "build web",
        "build",
    )
    assert started["labels"] == {"team": "web"}
    assert ended["status"] == "completed"
    assert ended["process_id"] == started["process_id"] == "b1"
    assert (ended["result"]["tests"], ended["result"]["level"]) == (412, 2)
    assert 0 <= ended["result"]["duration_s"] < 20
    assert "exit_code" not in ended["result"]
    assert ended["sequence"] > started["sequence"]
    assert "message" not in ended


def test_a_failure_is_reported_with_its_masked_tail(server: Any, baton: Any) -> None:
    script = "echo one; echo two; printf 'old\\rnew\\n'; echo $MY_TOKEN; printf '\\033[31mred\\033[0m'; exit 2"

    done = baton("run", "--tail", "3", "--", "sh", "-c", script, **SECRET)

    assert done.returncode == 2
    assert b"hunter2hunter2" in done.stdout  # the command's own output is not ours to change
    ended = server.events[-1]
    assert ended["status"] == "failed"
    assert ended["error"] == {"message": "exit status 2", "type": "exit"}
    assert ended["message"] == "new\n***\nred"
    assert ended["result"]["exit_code"] == 2
    assert "hunter2" not in json.dumps(server.events)


def test_a_long_tail_keeps_its_end(server: Any, baton: Any) -> None:
    baton(
        "run",
        "--",
        "sh",
        "-c",
        "seq 1 100000; head -c 5000 /dev/zero | tr '\\0' x; echo last; exit 1",
    )

    message = server.events[-1]["message"]
    assert message.endswith("xlast")
    assert len(message) <= 3000


def test_the_command_learns_where_it_belongs(server: Any, baton: Any) -> None:
    done = baton("run", "--", "sh", "-c", "echo $BATON_RUN $BATON_PROCESS_ID $TRACEPARENT")

    run, process_id, traceparent = done.stdout.decode().split()
    started = server.events[0]
    assert (started["run_id"], started["process_id"]) == (run, process_id)
    assert traceparent == f"00-{started['trace_id']}-{started['span_id']}-01"


def test_a_command_in_a_command_is_its_child(server: Any, baton: Any) -> None:
    inner = f"{sys.executable} -m baton run --name inner -- true"

    done = baton("run", "--name", "outer", "--", "sh", "-c", inner, BATON_RUN="R-1")

    assert done.returncode == 0
    outer = next(event for event in server.events if event["name"] == "outer")
    child = next(event for event in server.events if event["name"] == "inner")
    assert child["parent"] == {"process_id": outer["process_id"]}
    assert child["run_id"] == outer["run_id"] == "R-1"
    assert child["trace_id"] == outer["trace_id"]
    assert "parent" not in outer


@pytest.mark.parametrize(
    ("command", "code"),
    [("no-such-program-at-all", 127), ("/etc/passwd", 126), ("/no/such/file", 127)],
)
def test_a_command_that_cannot_start_has_the_shells_code(
    server: Any, baton: Any, command: str, code: int
) -> None:
    done = baton("run", "--", command)

    assert done.returncode == code
    assert command.encode() in done.stderr
    assert b"Traceback" not in done.stderr
    assert server.statuses == ["started", "failed"]
    assert server.events[-1]["error"]["type"] == "not-started"


def test_a_command_killed_by_a_signal_gives_128_and_its_number(server: Any, baton: Any) -> None:
    done = baton("run", "--", "sh", "-c", "kill -9 $$")

    assert done.returncode == 137
    assert server.events[-1]["status"] == "failed"
    assert server.events[-1]["error"] == {"message": "ended by signal 9", "type": "signal"}


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, "cancelled"), (signal.SIGINT, "cancelled"), (signal.SIGUSR1, "failed")],
)
def test_a_signal_reaches_the_command(
    server: Any, shell: dict[str, str], number: signal.Signals, status: str
) -> None:
    # A shell that is just about to become another program may lose an interruption; this one stays.
    script = "echo ready; for each in $(seq 400); do sleep 0.05; done"
    env = {**shell, "BATON_URL": server.url}
    argv = [sys.executable, "-m", "baton", "run", "--", "sh", "-c", script]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, start_new_session=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(number)
        code = running.wait(10)

    assert code == 128 + number
    assert server.events[-1]["status"] == status


def test_a_command_may_answer_a_signal_itself(server: Any, shell: dict[str, str]) -> None:
    script = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    env = {**shell, "BATON_URL": server.url}
    argv = [sys.executable, "-m", "baton", "run", "--", "sh", "-c", script]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, start_new_session=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == b"bye\n"
        assert running.wait(10) == 5
    assert server.events[-1]["status"] == "failed"


def test_a_dead_server_changes_nothing(baton: Any, dead_url: str) -> None:
    began = time.monotonic()
    done = baton("run", "--", "sh", "-c", "echo out; echo err >&2; exit 4", BATON_URL=dead_url)

    assert (done.returncode, done.stdout, done.stderr) == (4, b"out\n", b"err\n")
    assert time.monotonic() - began < 3


def test_a_server_that_never_answers_costs_two_seconds(server: Any, baton: Any) -> None:
    server.hold = threading.Event()
    began = time.monotonic()
    done = baton("run", "--", "true")

    assert (done.returncode, done.stderr) == (0, b"")
    assert time.monotonic() - began < 4


def test_without_a_server_the_command_runs_all_the_same(server: Any, baton: Any) -> None:
    done = baton("run", "--", "echo", "--name", "x", BATON_URL=None)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"--name x\n", b"")
    assert server.told == []


def test_descriptors_that_the_shell_hands_down_stay_open(
    server: Any, shell: dict[str, str]
) -> None:
    read, write = os.pipe()
    argv = [sys.executable, "-m", "baton", "run", "--", "bash", "-c", f"echo token >&{write}"]
    subprocess.run(argv, env={**shell, "BATON_URL": server.url}, pass_fds=(write,), check=True)
    os.close(write)

    assert os.read(read, 100) == b"token\n"
    os.close(read)


def test_a_reader_that_leaves_ends_the_command_as_in_a_pipe(
    server: Any, shell: dict[str, str]
) -> None:
    line = f"{sys.executable} -m baton run -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], env={**shell, "BATON_URL": server.url},
        capture_output=True, timeout=10, check=False,
    )  # fmt: skip

    assert done.stdout == b"y\n141\n"
    assert b"Traceback" not in done.stderr


def test_what_a_command_leaves_running_does_not_hold_it_up(server: Any, baton: Any) -> None:
    began = time.monotonic()
    done = baton("run", "--", "sh", "-c", "sleep 20 & echo done")

    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("content", ["[1]", "{", "x" * 70000, None])
def test_a_bad_result_file_is_left_out_with_a_sentence(
    server: Any, baton: Any, tmp_path: Path, content: str | None
) -> None:
    found = tmp_path / "found.json"
    if content is not None:
        found.write_text(content)

    done = baton("run", "--result-file", str(found), "--", "true")

    assert done.returncode == 0
    assert done.stderr.count(b"\n") == 1
    assert server.events[-1]["result"].keys() == {"duration_s"}


@pytest.mark.parametrize("words", [("run", "--", "true"), ("notify", "started"), ("--help",)])
def test_a_short_command_loads_nothing_that_is_slow_to_load(
    server: Any, shell: dict[str, str], words: tuple[str, ...]
) -> None:
    argv = [sys.executable, "-S", "-X", "importtime", "-m", "baton", *words]
    env = {**shell, "BATON_URL": server.url, "BATON_TOKEN": "of-no-known-form"}
    done = subprocess.run(argv, env=env, capture_output=True, timeout=20, check=True)

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    slow = {"dataclasses", "hashlib", "http.client", "pathlib", "ssl", "typing", "urllib.parse"}
    of_help = set() if words == ("--help",) else {"shutil"}  # which asks how wide the terminal is
    assert "baton.cli" in loaded
    assert not loaded & (slow | of_help)
    assert len(server.events) == {"run": 2, "notify": 1}.get(words[0], 0)
