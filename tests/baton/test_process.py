"""One piece of work, reported while it goes on."""

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from typing import Any

import pytest

import baton
from baton.client import Client


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("URL", "TOKEN", "RUN", "PROCESS_ID", "DISABLED", "TIMEOUT", "DEBUG"):
        monkeypatch.delenv(f"BATON_{name}", raising=False)
    monkeypatch.delenv("TRACEPARENT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def client(server: Any) -> Client:
    return Client(server.url, server.token)


def test_a_process_is_told_from_start_to_end(server: Any, client: Client) -> None:
    with baton.process("Nightly", category="build", client=client, labels={"team": "web"}) as p:
        p.progress(3, 10, "compiling")
        p.link("https://ci.example/7", "Log")
        p.result(tests=412)
        p.result(failed=0)
    assert client.flush(5)

    assert server.statuses == ["started", "in_progress", "in_progress", "completed"]
    started, moved, linked, ended = server.events
    assert (started["name"], started["category"], started["labels"]) == ("Nightly", "build", {"team": "web"})  # fmt: skip
    assert moved["progress"] == {"current": 3, "total": 10}
    assert moved["message"] == "compiling"
    assert linked["links"] == [{"url": "https://ci.example/7", "title": "Log", "rel": "related"}]
    assert ended["result"] == {"tests": 412, "failed": 0}
    assert {event["process_id"] for event in server.events} == {p.id}
    assert {event["category"] for event in server.events} == {"build"}
    numbers = [event["sequence"] for event in server.events]
    assert numbers == sorted(set(numbers))
    assert len({event["id"] for event in server.events}) == 4


def test_a_process_that_has_ended_leaves_nothing_to_the_collector(client: Client) -> None:
    """Who reports in a loop would pay for it in pauses."""
    seen = []
    with baton.process("Nightly", client=client) as p:
        pass
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            with baton.process("Nightly", client=client) as p:
                seen.append(weakref.ref(p))
        del p
        assert [each() for each in seen] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("no such file"), "failed", {"message": "no such file", "type": "ValueError"}),
        (ValueError(), "failed", {"message": "ValueError", "type": "ValueError"}),
        (SystemExit(3), "failed", {"message": "exit status 3", "type": "exit"}),
        (SystemExit("why"), "failed", {"message": "exit status why", "type": "exit"}),
        (SystemExit(0), "completed", None),
        (SystemExit(), "completed", None),
        (KeyboardInterrupt(), "cancelled", None),
        (asyncio.CancelledError(), "cancelled", None),
        (ValueError("password=hunter2hunter2"), "failed", {"message": "password=***", "type": "ValueError"}),
    ],
)  # fmt: skip
def test_what_ends_the_block_decides_the_end_and_goes_on_unchanged(
    server: Any, client: Client, error: BaseException, status: str, said: dict[str, str] | None
) -> None:
    with pytest.raises(type(error)) as caught, baton.process("x", client=client):
        raise error
    assert client.flush(5)

    assert caught.value is error
    ended = server.events[-1]
    assert (ended["status"], ended.get("error")) == (status, said)
    assert "Traceback" not in str(ended)


def test_a_block_in_a_block_is_its_child(server: Any, client: Client) -> None:
    with baton.process("outer", client=client) as outer:
        assert baton.current_process() is outer
        with baton.process("inner", client=client) as inner:
            assert baton.current_process() is inner
        assert baton.current_process() is outer
    assert baton.current_process() is None
    assert client.flush(5)

    child = next(event for event in server.events if event["name"] == "inner")
    parent = next(event for event in server.events if event["name"] == "outer")
    assert child["parent"] == {"process_id": outer.id}
    assert child["trace_id"] == parent["trace_id"]
    assert child["span_id"] != parent["span_id"]
    assert child["run_id"] == parent["run_id"]
    assert "parent" not in parent


async def test_tasks_side_by_side_do_not_mix_up_their_parents(server: Any, client: Client) -> None:
    async def branch(name: str) -> None:
        async with baton.process(name, client=client) as own:
            await asyncio.sleep(0)
            async with baton.process(f"{name}-child", client=client) as child:
                await asyncio.sleep(0)
            assert child._common["parent"] == {"process_id": own.id}

    before = dict(os.environ)
    await asyncio.gather(branch("a"), branch("b"))
    assert dict(os.environ) == before
    assert await asyncio.to_thread(client.flush, 5)
    assert server.statuses.count("completed") == 4


def test_processes_that_end_out_of_order_leave_the_environment_as_it_was(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")
    before = dict(os.environ)
    first, second = (baton.process(name, client=client) for name in ("first", "second"))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert os.environ["BATON_PROCESS_ID"] == second.id
    assert baton.current_process() is second
    os.environ["TRACEPARENT"] = "the program's own"
    second.__exit__(None, None, None)
    assert dict(os.environ) == {**before, "TRACEPARENT": "the program's own"}
    assert baton.current_process() is None


def test_programs_started_inside_learn_where_they_belong(client: Client) -> None:
    with baton.process("x", client=client) as p:
        inside = {name: os.environ[name] for name in p.variables()}
    assert inside == p.variables()
    assert inside["BATON_PROCESS_ID"] == inside["BATON_RUN"] == p.id
    assert not os.environ.keys() & p.variables().keys()


def test_a_process_of_its_own_name_opens_no_thread_under_it(client: Client) -> None:
    assert "BATON_RUN" not in baton.process("x", id="nightly", client=client).variables()


def test_a_trace_that_the_environment_names_is_carried_on(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")
    monkeypatch.setenv("BATON_PROCESS_ID", "outer")
    client = Client(server.url)
    with baton.process("x", client=client):
        pass
    assert client.flush(5)

    started = server.events[0]
    assert (started["trace_id"], started["parent"]) == ("a" * 32, {"process_id": "outer"})
    assert "run_id" not in started


def test_a_loop_of_progress_is_cheap_and_tells_only_the_latest(server: Any, client: Client) -> None:
    with baton.process("x", client=client) as p:
        for n in range(5000):
            p.progress(n, 5000)
    assert client.flush(5)

    told = [event["progress"]["current"] for event in server.events if "progress" in event]
    assert told == sorted(told)
    assert told[-1] == 4999
    assert len(server.events) < 100


def test_progress_takes_words_or_a_fraction(server: Any, client: Client) -> None:
    with baton.process("x", client=client) as p:
        p.progress("half", fraction=0.5)
    assert client.flush(5)

    event = server.events[1]
    assert (event["message"], event["progress"]) == ("half", {"fraction": 0.5})


def test_nothing_is_told_after_the_end(server: Any, client: Client) -> None:
    with baton.process("x", client=client) as p:
        pass
    p.message("late")
    p.end("failed")
    assert client.flush(5)

    assert server.statuses == ["started", "completed"]


def test_signs_of_life_come_only_when_asked_for(
    server: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = threading.Event()
    own = baton.process("x", client=client, heartbeat=20)
    waits: list[float] = []

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds or 0)
        if len(waits) > 2:
            beats.set()
            return True
        return False

    monkeypatch.setattr(own._place.over, "wait", wait)
    with own:
        assert beats.wait(5)
    assert client.flush(5)

    told = [event for event in server.events if event.get("heartbeat")]
    assert [(event["lease_s"], event["status"]) for event in told] == [(60, "in_progress")] * 2
    assert waits == [20, 20, 20]


@pytest.mark.parametrize("call", [
    lambda p: p.progress(object()), lambda p: p.progress(10**5000, 3), lambda p: p.link(None),
    lambda p: p.message(None), lambda p: p.next_step(3), lambda p: p.result(x=object()),
    lambda p: p.progress(float("nan")), lambda p: p.progress([1], {}),
])  # fmt: skip
def test_no_call_raises_into_the_program(server: Any, client: Client, call: Any) -> None:
    with baton.process("x", client=client) as p:
        call(p)
    assert client.flush(5)
    assert server.statuses[-1] == "completed"


def test_without_a_server_everything_is_a_no_op() -> None:
    threads = threading.active_count()
    with baton.process("x", client=Client(), heartbeat=1) as p:
        p.progress(1, 2)
        assert not os.environ.keys() & p.variables().keys()
    assert threading.active_count() == threads


SCRIPT = """
    import baton, os, sys
    with baton.process("outer") as p:
        p.progress(1, 3)
        child = os.fork()
        if child == 0:
            with baton.process("forked"):
                pass
            os._exit(0)
        os.waitpid(child, 0)
    print("out")
"""


def run_script(script: str, shell: dict[str, str], **variables: str) -> Any:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**shell, **variables}, capture_output=True, timeout=20, check=False,
    )  # fmt: skip


def test_a_program_and_its_forks_deliver_before_they_exit(
    server: Any, shell: dict[str, str]
) -> None:
    done = run_script(SCRIPT, shell, BATON_URL=server.url)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"out\n", b"")
    ends = sorted((event["name"], event["status"]) for event in server.events)
    assert ends == [
        ("forked", "completed"), ("forked", "started"), ("outer", "completed"), ("outer", "in_progress"),
        ("outer", "started"),
    ]  # fmt: skip


def test_a_program_is_not_changed_by_a_server_that_is_down(
    shell: dict[str, str], dead_url: str
) -> None:
    began = time.monotonic()
    done = run_script(
        "import baton\nwith baton.process('x'): raise SystemExit(7)", shell, BATON_URL=dead_url
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, b"", b"")
    assert time.monotonic() - began < 3


def test_importing_the_package_loads_the_standard_library_alone(shell: dict[str, str]) -> None:
    script = """
        import sys
        import baton
        ours = {name.partition(".")[0] for name in sys.modules}
        foreign = ours - set(sys.stdlib_module_names) - {"baton", "__main__", "_distutils_hack", "sitecustomize"}
        print(sorted(name for name in foreign if not name.startswith("__editable__")))
        slow = {"typing", "dataclasses", "json", "logging", "urllib", "http", "ssl", "asyncio", "re", "pydantic"}
        print(sorted(slow & ours))
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", textwrap.dedent(script)],
        env=shell, capture_output=True, timeout=20, check=True,
    )  # fmt: skip
    assert done.stdout == b"[]\n[]\n"


def test_the_client_and_the_command_load_the_standard_library_alone(
    server: Any, shell: dict[str, str]
) -> None:
    script = """
        import sys
        import baton, baton.cli, baton.reading, baton.events
        baton.notify("p", "started")
        ours = {name.partition(".")[0] for name in sys.modules}
        print(sorted(ours - set(sys.stdlib_module_names) - {"baton", "__main__"}))
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", textwrap.dedent(script)],
        env={**shell, "BATON_URL": server.url}, capture_output=True, timeout=20, check=True,
    )  # fmt: skip
    assert done.stdout == b"[]\n"
    assert server.statuses == ["started"]


SEEDS = """
    notify_process_started notify_process_progress notify_process_completed notify_process_failed
    request_approval notify_synthesis_complete notify_mcp_tool_complete notify_test_complete
    emit_process_complete emit_synthesis_complete emit_mcp_tool_complete emit_test_complete
    with_workflow_notifications ProcessStatus ProcessSource TriggerType
"""


def test_the_public_names_are_exactly_these() -> None:
    own = (
        "BatonError Client Decision Process Result ask current_process notify process tracked wait"
    )

    assert sorted(baton.__all__) == sorted([*own.split(), *SEEDS.split()])
    assert all(hasattr(baton, name) for name in baton.__all__)
    assert not hasattr(baton, "sender_of_things")
