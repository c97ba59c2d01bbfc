"""`python -m bot`: beside a running server, on a data folder of its own, and when something is wrong."""

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run
from bot.commands.doctor import of_version
from bot.reference.commands import reference
from coordination.database.upgrade import revisions

ROOT = Path(__file__).parents[2]
TOKENS = {
    "SLACK_API_URL": "http://127.0.0.1:9/api/",  # a local Slack that is not there
    "SLACK_BOT_TOKEN": "xoxb-devslack-1",
    "SLACK_APP_TOKEN": "xapp-devslack-1",
}


@dataclass
class Served:
    """A server in a process of its own."""

    process: "subprocess.Popen[str]"
    url: str
    data: Path
    errors: Path

    def ask(self, path: str, token: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


def start(data: Path) -> Served:
    errors = data.parent / "stderr.txt"
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", "0"],
            cwd=ROOT,
            env={**os.environ, **TOKENS, "BATON_DATA": str(data)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Baton serves at http://127.0.0.1:"), errors.read_text()
    return Served(process, line.split()[-1], data, errors)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = start(tmp_path_factory.mktemp("served") / "data")
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()
        assert served.process.stdout is not None
        served.process.stdout.close()


@pytest.fixture(autouse=True)
def environment(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Point commands to the server's folder where there is one, else to an empty one."""
    for name in [name for name in os.environ if name.startswith(("BATON_", "SLACK_", "PORT"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    served = "server" in request.fixturenames and request.getfixturevalue("server")
    monkeypatch.setenv("BATON_DATA", str(served.data if served else tmp_path / "data"))


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)


def answered(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run a command; return what it printed, once it ended with *code* and without a traceback."""
    capsys.readouterr()
    ended = run(arguments)
    out, err = capsys.readouterr()
    assert ended == code, (out, err)
    assert "Traceback" not in err
    if code:
        assert err.strip()
        assert out == "" or arguments[0] == "doctor"
    return out if code == 0 else err


def token_of(printed: str) -> str:
    (line,) = [line for line in printed.splitlines() if "BATON_TOKEN=" in line]
    return line.partition("BATON_TOKEN=")[2]


def test_a_token_is_made_through_the_running_server_and_ended_there(
    server: Served, capsys: Any
) -> None:
    printed = answered(
        capsys, "token", "create", "--source", "ci", "--owner", "U1", "--scope", "read"
    )
    token = token_of(printed)
    name = token.split("_")[1]

    status, me = server.ask("/v1/whoami", token)
    listed = json.loads(answered(capsys, "token", "list"))

    assert f"BATON_URL={server.url}" in printed
    assert (status, me["source"], me["owner"], me["scopes"]) == (200, "ci", "U1", ["read"])
    assert [one for one in listed if one["id"] == name] == [
        {"id": name, "source": "ci", "scopes": ["read"], "owner": "U1", "channel": None}
    ]
    assert token not in json.dumps(listed)
    assert answered(capsys, "token", "revoke", name) == "ended\n"
    assert server.ask("/v1/whoami", token)[0] == 401
    assert "There is no token" in answered(capsys, "token", "revoke", name, code=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--source", "No Slug!"), "cannot name a source"),
        (("--source", "ci", "--scope", "everything"), "There is no scope 'everything'"),
    ],
)
def test_a_token_that_cannot_be_is_refused_by_the_server(
    server: Served, capsys: Any, arguments: tuple[str, ...], says: str
) -> None:
    assert says in answered(capsys, "token", "create", *arguments, code=1)


def test_a_login_link_leads_to_the_running_server(server: Served, capsys: Any) -> None:
    url = answered(capsys, "login-link", "U1").strip()

    assert url.startswith(f"{server.url}/login?t=")


def test_nothing_else_touches_the_folder_of_a_running_server(
    server: Served, slack: None, capsys: Any
) -> None:
    port = server.url.rpartition(":")[2]

    for arguments in (("migrate",), ("serve", "--port", "0")):
        said = answered(capsys, *arguments, code=1)
        assert f"{server.data / 'baton.db'} is in use by another Baton" in said
        assert str(server.process.pid) in said
    assert f"Port {port} of 127.0.0.1 is taken" in answered(capsys, "serve", "--port", port, code=1)
    assert server.ask("/healthz") == (200, {"status": "ok"})
    assert stat.S_IMODE((server.data / "admin.sock").stat().st_mode) == 0o600


def test_a_server_without_slack_lives_and_is_not_ready(server: Served) -> None:
    assert server.ask("/healthz") == (200, {"status": "ok"})
    status, body = server.ask("/readyz")
    assert status == 503
    assert "slack" in body["failing"]


def test_doctor_asks_the_running_server(server: Served, slack: None, capsys: Any) -> None:
    assert run(["doctor", "--json"]) == 1
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}

    assert found["database"]["good"]
    assert not found["slack"]["good"]
    assert found["slack tokens"]["good"]
    assert found["baton"] == {"what": "baton", "good": True, "says": version("baton-bus")}
    assert found["schema"]["says"] == f"at {revisions()[-1]}"
    assert found["lock"] == {
        "what": "lock",
        "good": True,
        "says": f"held by the server, process {server.process.pid}",
    }


def test_doctor_tells_a_server_that_was_not_started_again_after_an_upgrade() -> None:
    assert of_version(None).good
    assert of_version(version("baton-bus")).good
    assert not of_version("0.0.1").good
    assert "start the server again" in of_version("0.0.1").says


def test_what_a_killed_server_left_is_not_in_the_way(tmp_path: Path, capsys: Any) -> None:
    place = tmp_path / "data" / "admin.sock"
    place.parent.mkdir()
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(place))

    token = token_of(answered(capsys, "token", "create", "--source", "ci"))
    served = start(tmp_path / "data")
    try:
        assert served.ask("/v1/whoami", token)[0] == 200
        stop_while_somebody_listens(served, token)
    finally:
        served.process.kill()
        served.process.wait()


def stop_while_somebody_listens(served: Served, token: str) -> None:
    port = int(served.url.rpartition(":")[2])
    with closing(socket.create_connection(("127.0.0.1", port))) as listener:
        head = "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        listener.sendall(f"{head}{token}\r\n\r\n".encode())
        assert listener.recv(4096).startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        code = served.process.wait(timeout=10)
        took = time.monotonic() - begun
    assert served.process.stdout is not None
    served.process.stdout.close()

    said = served.errors.read_text()
    assert (code, "Traceback" in said, "timeout graceful" in said) == (0, False, False), said
    assert took < 3
    assert not (served.data / "admin.sock").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_init_makes_the_first_token_once(tmp_path: Path, capsys: Any) -> None:
    first, again = answered(capsys, "init"), answered(capsys, "init")

    assert token_of(first).startswith("bt_")
    assert "BATON_TOKEN=" not in again
    assert "There is an admin token already" in again
    assert "https://api.slack.com/apps?new_app=1&manifest_yaml=" in first
    assert "display_information" in (tmp_path / "data" / "manifest.yaml").read_text()
    (listed,) = json.loads(answered(capsys, "token", "list"))
    assert (listed["source"], listed["scopes"]) == ("admin", ["admin", "read", "run"])


def test_init_subscribes_to_the_metadata_of_apps_that_are_listed(
    tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "data").mkdir()
    bus = "bus: {'#builds': {senders: {A0123456789: jenkins, U0ADA: ada}}}"
    (tmp_path / "data" / "baton.yaml").write_text(bus)
    answered(capsys, "init")
    written = (tmp_path / "data" / "manifest.yaml").read_text()
    assert "metadata_subscriptions:\n    - app_id: A0123456789\n" in written
    assert "U0ADA" not in written


def test_a_token_has_what_the_configuration_says_of_its_source(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "baton.yaml").write_text("sources: {ci: {kind: ci, channel: '#builds'}}")

    answered(capsys, "token", "create", "--source", "ci", "--days", "1")

    (listed,) = json.loads(answered(capsys, "token", "list"))
    assert (listed["channel"], listed["scopes"]) == ("#builds", ["notify", "read"])


def test_migrate_makes_the_database_and_then_has_nothing_to_do(tmp_path: Path, capsys: Any) -> None:
    first, again = answered(capsys, "migrate"), answered(capsys, "migrate")

    assert (tmp_path / "data" / "baton.db").exists()
    assert first != again


def test_doctor_says_what_to_do_next(capsys: Any) -> None:
    assert run(["doctor"]) == 1

    said = capsys.readouterr().out
    assert "BAD  slack tokens: SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set." in said
    assert "BAD  database: not made yet: python -m bot migrate" in said
    assert "BAD  server: not running: python -m bot serve" in said


def test_without_tokens_nothing_is_served(tmp_path: Path, capsys: Any) -> None:
    said = answered(capsys, "serve", "--port", "0", code=4)

    assert said == (
        "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set. "
        "`python -m bot init` says how to make the app and its tokens.\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("serve", "--port", "0"), ("migrate",), ("init",)])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, slack: None, capsys: Any, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "data").write_text("in the way")

    said = answered(capsys, *arguments, code=4)

    assert said.startswith(str(tmp_path / "data"))
    assert said.endswith("Set BATON_DATA to a folder that Baton may write.\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [("roles: {boss: [U1]}", "no role 'boss'"), ("roles: {operator: [olga]}", "'olga' is nobody")],
)
def test_a_wrong_configuration_stops_the_start_and_leaves_the_folder_free(
    tmp_path: Path, slack: None, capsys: Any, text: str, says: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "baton.yaml").write_text(text)

    assert says in answered(capsys, "serve", "--port", "0", code=4)
    answered(capsys, "migrate")


def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, slack: None, capsys: Any
) -> None:
    (tmp_path / "data").mkdir()
    place = tmp_path / "data" / "baton.db"
    place.write_bytes(b"my holiday pictures" * 1000)

    for arguments in (("migrate",), ("serve", "--port", "0"), ("token", "list")):
        assert str(place) in answered(capsys, *arguments, code=1)
    assert place.read_bytes() == b"my holiday pictures" * 1000


def test_a_newer_database_is_refused(tmp_path: Path, capsys: Any) -> None:
    answered(capsys, "migrate")
    with closing(sqlite3.connect(tmp_path / "data" / "baton.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()

    assert "later version of Baton" in answered(capsys, "migrate", code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("srve",),
        ("serve", "--prot", "1"),
        ("token", "make"),
        ("token", "create"),
        ("serve", "--port", "x"),
    ],
)
def test_a_command_that_does_not_exist_is_a_wrong_usage(
    capsys: Any, arguments: tuple[str, ...]
) -> None:
    answered(capsys, *arguments, code=2)


def test_help_names_every_command(capsys: Any) -> None:
    said = answered(capsys, "--help")

    for name in ("serve", "migrate", "init", "doctor", "login-link", "token"):
        assert name in said


def test_the_version_is_that_of_the_package(capsys: Any) -> None:
    assert answered(capsys, "--version").strip() == version("baton-bus")


def test_the_reference_says_what_the_commands_take() -> None:
    written = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")

    assert written == reference(), "write it anew: python -m bot.reference"
    for name in ("baton notify", "baton approve", "python -m bot token create", "--owner"):
        assert f"`{name}" in written
