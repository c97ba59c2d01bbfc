"""A program that splits in two, at the worst moments."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from baton.client import Client
from baton.exports import Exports
from baton.item import Delivery, Item
from baton.sender import Sender
from tests.baton.rough import ROUGH, rough

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BATON_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.delenv("BATON_URL", raising=False)


def in_child(work: Any) -> str:
    """Fork, let the child say something, and return it; a child that hangs is an error."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - counted in another process
        said = "raised"
        try:
            said = str(work())
        finally:
            os.write(write, said.encode())
            os._exit(0)
    os.close(write)
    until = time.monotonic() + PATIENCE
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(child, 9)
            os.waitpid(child, 0)
            os.close(read)
            return "hung"
        time.sleep(0.005)
    with os.fdopen(read) as answer:
        return answer.read()


def test_a_fork_in_the_middle_of_a_delivery_sends_nothing_twice(server: Any) -> None:
    server.hold = threading.Event()
    client = Client(server.url)
    client.send({"process_id": "parent", "status": "completed"})
    while not server.told:
        time.sleep(0.001)
    client.send({"process_id": "queued", "status": "completed"})

    def child() -> bool:
        client.send({"process_id": "child", "status": "completed"})
        return client.flush(5)

    release = threading.Timer(0.2, server.hold.set)
    release.start()
    assert in_child(child) == "True"
    release.join()
    assert client.flush(5)
    assert sorted(event["process_id"] for event in server.events) == ["child", "parent", "queued"]


def test_a_fork_waits_until_an_import_is_over() -> None:
    loading, loaded = threading.Event(), threading.Event()

    class Post:
        def load(self) -> None:
            loading.set()
            time.sleep(0.2)
            loaded.set()

        def deliver(self, items: Any, timeout: float) -> Delivery:
            return Delivery()

        def keep(self, items: Any) -> None:
            return None

        def catch_up(self, timeout: float) -> bool:
            return False

    own = Sender(Post(), jitter=lambda: 0.0, timeout=1.0)
    own.put(Item({"process_id": "p"}, rank=1))
    assert loading.wait(5)
    assert not loaded.is_set()

    assert in_child(loaded.is_set) == "True"
    assert own.flush(5)
    assert not own._loading.locked()


def test_a_child_born_while_another_thread_is_in_the_ledger_finds_it_open() -> None:
    ledger = Exports()
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with ledger._lock:
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(5)

    def child() -> str | None:
        own = {"BATON_TEST": "x"}
        ledger.enter(own)
        ledger.leave(own)
        return os.environ.get("BATON_TEST")

    assert in_child(child) == "None"
    leave.set()
    thread.join()


def test_a_child_born_while_another_thread_queues_can_queue_too(server: Any) -> None:
    client = Client(server.url)
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with client._sender._changed:
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(5)

    def child() -> bool:
        client.send({"process_id": "child", "status": "completed"})
        return client.flush(5)

    assert in_child(child) == "True"
    leave.set()
    thread.join()
    assert server.statuses == ["completed"]


SPLIT = """
import os, sys, time
import baton
with baton.process("outer") as p:
    if os.fork() == 0:
        {child}
    time.sleep(0.4)
"""


def run(script: str, shell: dict[str, str], **variables: str) -> Any:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**shell, **variables}, capture_output=True, timeout=20, check=False,
    )  # fmt: skip


def test_a_child_that_leaves_the_block_does_not_end_its_parents_process(
    server: Any, shell: dict[str, str]
) -> None:
    done = run(SPLIT.format(child="sys.exit(5)"), shell, BATON_URL=server.url)

    assert done.returncode == 0
    assert server.statuses == ["started", "completed"]


def test_a_daemon_ends_the_process_that_its_parent_began(
    server: Any, shell: dict[str, str]
) -> None:
    script = """
        import os, time
        import baton
        with baton.process("daemon"):
            baton.default_client().flush(5)
            if os.fork():
                os._exit(0)
            time.sleep(0.3)
    """
    run(script, shell, BATON_URL=server.url)
    until = time.monotonic() + PATIENCE
    while server.statuses != ["started", "completed"] and time.monotonic() < until:
        time.sleep(0.01)

    assert server.statuses == ["started", "completed"]


def test_a_child_that_exits_without_a_word_leaves_its_end_on_disk(shell: dict[str, str]) -> None:
    script = """
        import os, time
        import baton
        with baton.process("outer"):
            began = time.monotonic()
            child = os.fork()
            if child == 0:
                with baton.process("inner"):
                    pass
                os._exit(0)
            os.waitpid(child, 0)
            print(time.monotonic() - began < 2)
    """
    with rough(ROUGH["hanging"]) as there:
        done = run(script, shell, BATON_URL=there.url)

    assert done.stdout == b"True\n"
    kept = (Path(shell["HOME"]) / ".local/state/baton/spool.ndjson").read_text()
    assert '"name":"inner"' in kept


WORKERS = """
import multiprocessing, sys
import baton

@baton.tracked("work")
def work(n):
    return n * 2

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with baton.process("pool"):
        child = context.Process(target=work, args=(2,))
        child.start()
        child.join()
        print(child.exitcode)
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_of_every_kind_deliver_before_they_end(
    method: str, server: Any, shell: dict[str, str], tmp_path: Path
) -> None:
    program = tmp_path / "workers.py"
    program.write_text(WORKERS)
    done = subprocess.run(
        [sys.executable, str(program), method], env={**shell, "BATON_URL": server.url},
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, b"0\n", b"")
    ends = sorted((event["name"], event["status"]) for event in server.events)
    assert ends == [
        ("pool", "completed"), ("pool", "started"), ("work", "completed"), ("work", "started")
    ]  # fmt: skip
    pool, child = (
        next(event for event in server.events if event["name"] == name) for name in ("pool", "work")
    )
    assert child["parent"] == {"process_id": pool["process_id"]}
    assert child["run_id"] == pool["run_id"]
