"""What could not be delivered waits on disk, and the next program takes it along."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from baton import spool as module
from baton.client import Client
from baton.locking import FileLock
from baton.posting import destination_of
from baton.spool import Spool, flush_spool, spool_state


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("URL", "TOKEN", "RUN", "PROCESS_ID", "DISABLED", "TRANSPORT"):
        monkeypatch.delenv(f"BATON_{name}", raising=False)
    monkeypatch.setenv("BATON_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "spool"


def event(name: str, **more: Any) -> bytes:
    return json.dumps({"id": name, "process_id": name, "status": "completed", **more}).encode()


def names(spool: Spool) -> list[str]:
    return [json.loads(each.event)["id"] for each in spool.kept()]


def test_what_is_kept_comes_back_in_order_and_is_its_owners_alone(folder: Path) -> None:
    spool = Spool(str(folder))
    spool.keep("there", [(2, event("a")), (1, event("b"))])
    spool.keep("there", [(0, event("c"))])

    assert names(spool) == ["a", "b", "c"]
    assert [each.rank for each in spool.kept()] == [2, 1, 0]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}


def test_the_token_is_never_kept(folder: Path) -> None:
    Spool(str(folder)).keep("there", [(2, event("a", x="my hunter2 is"))], secret="hunter2")  # noqa: S106

    assert "hunter2" not in (folder / "spool.ndjson").read_text()


def test_a_torn_line_is_skipped_and_does_not_spoil_the_next(folder: Path) -> None:
    spool = Spool(str(folder))
    spool.keep("there", [(2, event("a"))])
    whole = (folder / "spool.ndjson").read_bytes()
    for cut in range(1, len(whole)):
        (folder / "spool.ndjson").write_bytes(whole + whole[:-cut])
        assert names(spool)[:1] == ["a"]
        spool.keep("there", [(2, event("b"))])
        assert names(spool)[-1] == "b"


def test_where_there_is_no_room_progress_goes_first_and_ends_last(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 4000)
    monkeypatch.setattr(module, "ROOM", 400)
    spool = Spool(str(folder))
    for n in range(10):
        spool.keep("there", [(0, event(f"progress{n}", x="x" * 200)), (2, event(f"end{n}"))])
        spool.keep("there", [(1, event(f"start{n}", x="x" * 100))])

    left = names(spool)
    assert [name for name in left if name.startswith("end")] == [f"end{n}" for n in range(10)]
    assert "progress0" not in left
    assert "start9" in left
    assert (folder / "spool.ndjson").stat().st_size <= 4000


def test_what_is_older_than_a_week_is_forgotten(folder: Path) -> None:
    spool = Spool(str(folder))
    spool.keep("there", [(2, event("a")), (2, event("b"))])
    path = folder / "spool.ndjson"
    lines = path.read_bytes().split(b"\n")
    at = spool.kept()[0].at
    lines[0] = lines[0].replace(b'"at":%d' % at, b'"at":%d' % (at - 8 * 86_400))
    path.write_bytes(b"\n".join(lines))

    assert names(spool) == ["b"]
    spool.remove(set())
    assert b'"id": "a"' not in path.read_bytes()


def test_only_one_program_at_a_time_writes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(str(folder))
    spool.keep("there", [(2, event("a"))])
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    holder = FileLock(f"{folder}/spool.lock")
    assert holder.take()
    with pytest.raises(TimeoutError):
        spool.keep("there", [(2, event("b"))])
    holder.free()

    spool.keep("there", [(2, event("c"))])
    assert names(spool) == ["a", "c"]


def test_a_lock_is_free_when_its_holder_has_died(folder: Path) -> None:
    folder.mkdir()
    held = f"""
        import os
        from baton.locking import FileLock
        print(FileLock({str(folder / "lock")!r}).take(), flush=True)
        os._exit(1)
    """
    script = "\n".join(line.strip() for line in held.splitlines())
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip

    assert done.stdout == b"True\n"
    lock = FileLock(str(folder / "lock"))
    assert lock.take()
    lock.free()


def test_many_programs_that_end_at_once_lose_nothing(folder: Path, dead_url: str) -> None:
    script = "import baton, sys; baton.notify(sys.argv[1], 'completed')"
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root, "BATON_URL": dead_url}
    running = [subprocess.Popen([sys.executable, "-c", script, f"p{n}"], env=env) for n in range(6)]
    assert [each.wait(20) for each in running] == [0] * 6

    kept = [json.loads(each.event)["process_id"] for each in Spool(str(folder)).kept()]
    assert sorted(kept) == [f"p{n}" for n in range(6)]


# What becomes of it


def keep(folder: Path, url: str, token: str | None, *events: bytes) -> None:
    Spool(str(folder)).keep(destination_of(url, token), [(2, each) for each in events])


def wait_until_empty(folder: Path) -> None:
    until = time.monotonic() + 5
    while Spool(str(folder)).kept() and time.monotonic() < until:
        time.sleep(0.01)


def test_the_next_program_delivers_what_an_earlier_one_left(folder: Path, server: Any) -> None:
    keep(folder, server.url, server.token, *(event(f"old{n}") for n in range(250)))
    client = Client(server.url, server.token)
    client.send({"process_id": "new", "status": "started"})
    assert client.flush(5)
    wait_until_empty(folder)

    told = [each["process_id"] for each in server.events]
    assert told == ["new", *(f"old{n}" for n in range(250))]
    assert [len(each.body) for each in server.told[1:]] == [100, 100, 50]
    assert (folder / "spool.ndjson").read_bytes() == b""


def test_a_program_that_only_reports_and_ends_takes_it_along(
    folder: Path, server: Any, shell: dict[str, str]
) -> None:
    keep(folder, server.url, server.token, event("old"))
    env = {**shell, "BATON_URL": server.url, "BATON_TOKEN": server.token}
    script = "import baton; baton.notify('new', 'completed')"
    subprocess.run(
        [sys.executable, "-c", script], env={**env, "BATON_SPOOL_DIR": str(folder)}, check=True
    )

    assert [each["process_id"] for each in server.events] == ["new", "old"]
    assert names(Spool(str(folder))) == []


def test_the_events_of_another_source_or_server_stay(folder: Path, server: Any) -> None:
    keep(folder, server.url, server.token, event("mine"))
    keep(folder, server.url, "bt_zzzzzzzzzzzz_other", event("theirs"))
    keep(folder, "https://elsewhere.example", server.token, event("elsewhere"))

    flushed = flush_spool(Client(server.url, server.token))

    assert flushed == (1, 2, 0)
    assert [each["process_id"] for each in server.events] == ["mine"]
    assert names(Spool(str(folder))) == ["theirs", "elsewhere"]


def test_what_the_server_does_not_take_stays_until_it_does(folder: Path, server: Any) -> None:
    keep(folder, server.url, server.token, event("a"), event("b"))
    client = Client(server.url, server.token)
    for status in (503, 401, 429):
        server.answers.append((status, {}, {"detail": "not now"}))
        assert flush_spool(client) == (0, 2, 0)

    assert flush_spool(client) == (2, 0, 0)
    assert flush_spool(client) == (0, 0, 0)
    assert len(server.events) == 8


def test_what_the_server_refuses_is_dropped_and_the_rest_delivered(
    folder: Path, server: Any
) -> None:
    keep(folder, server.url, server.token, event("bad"), event("good"))
    bad = {"index": 0, "problem": {"status": 422, "detail": "no"}}
    server.answers.append((200, {}, {"results": [bad, {"process_id": "good"}]}))

    assert flush_spool(Client(server.url, server.token)) == (1, 0, 1)
    assert names(Spool(str(folder))) == []


def test_a_line_that_is_no_event_does_not_stop_the_others(folder: Path, server: Any) -> None:
    keep(folder, server.url, server.token, b'{"a":}', event("good"), b"[" * 9000 + b"]" * 9000)

    flushed = flush_spool(Client(server.url, server.token))
    assert (flushed.sent, flushed.left) == (1, 0)


def test_two_programs_do_not_deliver_the_same(folder: Path, server: Any) -> None:
    keep(folder, server.url, server.token, event("a"))
    client = Client(server.url, server.token)
    first = client.replay()
    assert first is not None

    assert client.replay() is None
    while first.step(5):
        pass
    first.close()
    assert len(server.events) == 1


def test_a_client_without_a_spool_keeps_and_takes_nothing(
    folder: Path, server: Any, dead_url: str
) -> None:
    keep(folder, server.url, server.token, event("a"))
    without = Client(dead_url, spool=False)
    without.send({"process_id": "p", "status": "completed"})
    without._sender.finish()

    assert names(Spool(str(folder))) == ["a"]
    assert Client(server.url, server.token, spool=False).replay() is None
    assert server.told == []


def test_signs_of_life_are_not_kept(folder: Path, dead_url: str) -> None:
    client = Client(dead_url)
    client.send({"process_id": "p", "status": "in_progress", "heartbeat": True})
    client.send({"process_id": "p", "status": "completed"})
    client._sender.finish()

    (kept,) = Spool(str(folder)).kept()
    assert json.loads(kept.event)["status"] == "completed"


def test_a_long_outage_moves_the_queue_to_disk_and_back(folder: Path, server: Any) -> None:
    server.answer = lambda told: (503, {"Retry-After": "0"}, {})
    server.hold = threading.Event()
    client = Client(server.url, server.token)
    client.send({"process_id": "first", "status": "completed"})
    while not server.told:
        time.sleep(0.001)
    for n in range(600):
        client.send({"process_id": f"p{n}", "status": "completed"})
    server.hold.set()
    until = time.monotonic() + 5
    while not Spool(str(folder)).kept() and time.monotonic() < until:
        time.sleep(0.01)
    assert len(Spool(str(folder)).kept()) >= 500
    server.answer = None
    assert client.flush(5)
    wait_until_empty(folder)

    assert len({each["process_id"] for each in server.events}) == 601
    assert client._sender.lost == 0


def test_the_state_of_the_spool_is_told(folder: Path) -> None:
    assert (spool_state().count, spool_state().bytes) == (0, 0)
    assert not folder.exists()
    Spool(str(folder)).keep("there", [(2, event("a")), (2, event("b"))])

    state = spool_state()
    assert (state.count, state.path) == (2, f"{folder}/spool.ndjson")
    assert state.bytes == (folder / "spool.ndjson").stat().st_size
    assert 0 <= state.oldest_age_s < 60


@pytest.mark.parametrize(
    ("url", "token", "name"),
    [
        ("http://x/", "bt_abcdefghijkl_secretsecret", "http://x abcdefghijkl"),
        ("http://ada:pw@x", None, "http://x"),
        ("http://x", "other", "http://x d9298a10d1b07358"),
    ],
)
def test_a_destination_is_named_without_its_secrets(url: str, token: Any, name: str) -> None:
    assert destination_of(url, token) == name


def test_another_users_file_and_a_link_are_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "precious").write_text("mine")
    (folder / "spool.ndjson").symlink_to(tmp_path / "precious")

    with pytest.raises(OSError, match="symbolic"):
        Spool(str(folder)).keep("there", [(2, event("a"))])
    assert (tmp_path / "precious").read_text() == "mine"
    assert spool_state().count == 0
