"""Back up, restore, purge and upgrade, with the real commands beside a real server, and how it stops."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run
from coordination.database.upgrade import revisions
from tests.bot.test_commands import ROOT, TOKENS, Served, answered, start, token_of

PAGE = ROOT / "docs" / "howto" / "operate.md"
TYPED = re.compile(r"^bot (\S.*)$", re.MULTILINE)
SLOW = """
name: slow
title: Take a moment
steps:
  - id: work
    action: shell.run
    params: {argv: [sleep, "1"]}
  - {id: go, wait_for: {signal: go_on}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point commands at an empty data folder."""
    for name in [name for name in os.environ if name.startswith(("BATON_", "SLACK_", "PORT"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BATON_SHELL_ALLOW", "sleep")
    monkeypatch.setenv("BATON_STOP_GRACE", "PT20S")
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "data"


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    found = start(folder)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        assert found.process.stdout is not None
        found.process.stdout.close()


def stop(served: Served) -> int:
    served.process.send_signal(signal.SIGTERM)
    return served.process.wait(timeout=60)


def value(path: Path, sql: str) -> Any:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(sql).fetchone()[0]


def test_a_backup_is_made_beside_the_server_and_takes_its_place_after_it(
    served: Served, folder: Path, capsys: Any
) -> None:
    answered(capsys, "token", "create", "--source", "ci")
    copy = folder.parent / "copy.db"
    made = json.loads(answered(capsys, "backup", str(copy), "--json"))
    answered(capsys, "token", "create", "--source", "later")

    assert (made["generation"], made["schema"]) == (1, revisions()[-1])
    assert made["bytes"] == copy.stat().st_size
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert value(copy, "SELECT count(*) FROM sources WHERE name = 'ci'") == 1
    assert "is there already" in answered(capsys, "backup", str(copy), code=1)
    assert "is in use by another Baton" in answered(capsys, "restore", str(copy), code=1)
    assert not list(folder.parent.glob(".*.part"))

    assert stop(served) == 0
    done = json.loads(answered(capsys, "restore", str(copy), "--json"))
    assert done["generation"] == 2
    assert "instance.key" in done["instance_key"]
    database = folder / "baton.db"
    assert value(database, "SELECT count(*) FROM sources WHERE name = 'later'") == 0
    assert value(Path(done["kept"]), "SELECT count(*) FROM sources WHERE name = 'later'") == 1
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    again = json.loads(answered(capsys, "restore", str(copy), "--json"))
    assert again["generation"] == 3  # never the same twice
    says = answered(capsys, "doctor") if run(["doctor"]) == 0 else capsys.readouterr().out
    assert "generation: 3, restored 2 times" in says
    assert "backup: 0 days old" in says
    assert "lock: nobody holds the database" in says


def test_a_backup_that_cannot_be_trusted_changes_nothing(folder: Path, capsys: Any) -> None:
    answered(capsys, "token", "create", "--source", "ci")
    database, copy = folder / "baton.db", folder.parent / "copy.db"
    answered(capsys, "backup", str(copy))
    before = value(database, "SELECT count(*) FROM tokens")

    newer = folder.parent / "newer.db"
    shutil.copy(copy, newer)
    with closing(sqlite3.connect(newer)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    assert "a later version of Baton" in answered(capsys, "restore", str(newer), code=1)

    damaged = folder.parent / "damaged.db"
    content = bytearray(copy.read_bytes())
    for at in range(4096 * 2, len(content), 4096):
        content[at : at + 64] = b"\xff" * 64
    damaged.write_bytes(content)
    assert str(damaged) in answered(capsys, "restore", str(damaged), code=1)

    none, text = folder.parent / "none.db", folder.parent / "text.db"
    text.write_text("no database at all, however long this text may be\n" * 100)
    assert "There is no file" in answered(capsys, "restore", str(none), code=1)
    assert "text.db" in answered(capsys, "restore", str(text), code=1)
    assert value(database, "SELECT count(*) FROM tokens") == before
    assert not list(folder.glob("*.replaced-*"))
    assert not list(folder.glob("*.restoring*"))


def test_a_newer_database_is_not_opened(folder: Path, capsys: Any) -> None:
    answered(capsys, "migrate")
    with closing(sqlite3.connect(folder / "baton.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    for command in (("migrate",), ("serve", "--port", "0"), ("purge",)):
        assert "written by a later version of Baton" in answered(capsys, *command, code=1)
    assert run(["doctor", "--json"]) == 1
    says = [
        each["says"] for each in json.loads(capsys.readouterr().out) if each["what"] == "schema"
    ]
    assert len(says) == 1
    assert "Install that version" in says[0]
    assert "bot migrate" not in says[0]


def test_every_command_of_the_page_works_as_it_is_typed(folder: Path, capsys: Any) -> None:
    answered(capsys, "migrate")
    typed = TYPED.findall(PAGE.read_text("utf-8"))
    assert {line.split()[0] for line in typed} == {
        "doctor", "backup", "restore", "purge", "migrate",
    }  # fmt: skip
    for line in typed:
        if line != "doctor":  # no server runs, which it says
            answered(capsys, *line.split())
    assert "Would delete 0 ended runs." in answered(capsys, "purge", "--dry-run")


def test_what_is_in_flight_at_a_stop_is_finished_answered_and_stored(
    served: Served, folder: Path, capsys: Any
) -> None:
    token = token_of(answered(capsys, "token", "create", "--source", "boss", "--scope", "admin"))
    asked(served, token, "PUT", "/v1/workflows/slow", SLOW.encode(), "application/yaml")
    asked(served, token, "POST", "/v1/workflows/slow/activate", b"{}")
    asked(served, token, "POST", "/v1/workflows/slow/runs", b'{"inputs": {}}')
    while value(folder / "baton.db", "SELECT count(*) FROM steps WHERE status = 'running'") == 0:
        assert served.process.poll() is None, served.errors.read_text()
    port = int(served.url.rpartition(":")[2])
    with closing(socket.create_connection(("127.0.0.1", port))) as waiting:
        head = f"GET /v1/runs/last?wait=30 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}"
        waiting.sendall(f"{head}\r\n\r\n".encode())
        assert served.ask("/healthz")[0] == 200  # so the other request has been read too
        assert stop(served) == 0
        assert waiting.recv(4096).startswith(b"HTTP/1.1 200")

    database = folder / "baton.db"
    assert value(database, "SELECT status FROM steps WHERE path = 'work'") == "completed"
    assert value(database, "SELECT status FROM runs") == "waiting"
    assert not (folder / "admin.sock").exists()
    assert not (folder / "baton.db-wal").exists() or not (folder / "baton.db-wal").stat().st_size
    assert "Traceback" not in served.errors.read_text()


def asked(
    served: Served, token: str, method: str, path: str, body: bytes | None = None, kind: str = ""
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind or "application/json"}
    request = urllib.request.Request(  # noqa: S310
        served.url + path, data=body, headers=headers, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return answer.status, json.load(answer)
