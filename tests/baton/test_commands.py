"""The command line, as a shell sees it: exit codes, stdout, stderr."""

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.baton.here import Done, run_here

WAITING = {
    "id": "run_1",
    "number": 7,
    "label": "R-7",
    "workflow": "release",
    "status": "waiting",
    "waiting_for": {"kind": "approval", "text": "Waits for @maya: Deploy to production?"},
    "steps": [
        {
            "path": "build",
            "status": "completed",
            "started_at": "2026-03-02T10:15:04Z",
            "ended_at": "2026-03-02T10:15:06.040Z",
        },
        {"path": "deploy", "status": "pending", "started_at": None},
    ],
}


@pytest.fixture
def baton(
    server: Any, shell: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> Callable[..., Done]:
    return run_here(server, shell, monkeypatch, capfdbinary)


def always(status: int, body: Any, **headers: str) -> Any:
    return lambda told: (status, headers, body)


def test_notify_reports_one_event_and_says_what_became_of_it(server: Any, baton: Any) -> None:
    done = baton(
        "notify", "completed", "--id", "b1", "--name", "Build", "--progress", "3/7",
        "--result", "tests=412", "--result", "note=fine", "--label", "team=web",
        "--link", "https://ci.example/1", "--message", "all good",
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"b1  completed  created  th_1\n"
    (event,) = server.events
    assert event["result"] == {"tests": 412, "note": "fine"}
    assert event["labels"] == {"team": "web"}
    assert event["links"] == [{"rel": "related", "url": "https://ci.example/1"}]
    assert (event["progress"], event["name"], event["message"]) == ("3/7", "Build", "all good")
    assert event["id"]
    assert event["occurred_at"]
    assert server.told[0].headers["Authorization"] == f"Bearer {server.token}"
    assert not event.keys() & {"run_id", "parent"}


def test_notify_speaks_for_the_process_it_runs_in(server: Any, baton: Any) -> None:
    baton("notify", "in_progress", BATON_PROCESS_ID="outer", BATON_RUN="R-1")
    baton("notify", "started", "--id", "inner", BATON_PROCESS_ID="outer")

    speaking, child = server.events
    assert (speaking["process_id"], speaking["run_id"]) == ("outer", "R-1")
    assert "parent" not in speaking
    assert (child["process_id"], child["parent"]) == ("inner", {"process_id": "outer"})


def test_notify_takes_the_rest_of_an_event_from_a_file(
    server: Any, baton: Any, tmp_path: Path
) -> None:
    body = tmp_path / "event.json"
    body.write_text('{"type": "release.published", "data": {"tag": "v2"}}')

    done = baton("notify", "--json-body", f"@{body}", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["results"][0]["event_id"] == "ev_1"
    assert server.events[0]["data"] == {"tag": "v2"}
    assert "process_id" not in server.events[0]


def test_notify_reads_json_lines_and_keeps_the_good_ones(server: Any, baton: Any) -> None:
    lines = b'{"process_id":"a","status":"done"}\n\nnonsense\n{"process_id":"b","status":"done"}\n'

    done = baton("notify", "-", stdin=lines)

    assert done.returncode == 2
    assert b"line 3" in done.stderr
    assert [event["process_id"] for event in server.events] == ["a", "b"]
    assert len(server.told) == 1


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (401, {"detail": "Who are you?"}, 4, b"Who are you?; check BATON_TOKEN"),
        (403, {"detail": "needs approve", "code": "forbidden-scope"}, 4, b"needs approve"),
        (404, {"detail": "no such thing"}, 1, b"no such thing"),
        (409, {"detail": "decided by @ada", "code": "already-decided"}, 1, b"decided by @ada"),
        (422, {"detail": "say why", "code": "comment-required"}, 2, b"--comment"),
        (422, {"detail": "bad", "errors": [{"pointer": "/id", "detail": "is empty"}]}, 2, b"/id: is empty"),
        (500, {}, 1, b"the server answered 500"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence_and_an_exit_code(
    server: Any, baton: Any, status: int, body: Any, code: int, words: bytes
) -> None:
    server.answer = always(status, body, **{"Retry-After": "0"})

    done = baton("approve", "A-1")

    assert (done.returncode, done.stdout) == (code, b"")
    assert words in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr
    assert server.token.encode() not in done.stderr


def test_a_place_that_the_sentence_names_is_not_named_again(server: Any, baton: Any) -> None:
    body = {"detail": "/id: is empty", "errors": [{"pointer": "/id", "detail": "is empty"}]}
    server.answer = always(422, body)

    assert baton("approve", "A-1").stderr == b"baton: /id: is empty\n"


def test_a_busy_server_is_asked_again(server: Any, baton: Any) -> None:
    server.answers.append((503, {"Retry-After": "0"}, {}))

    done = baton("notify", "started", "--id", "x")

    assert done.returncode == 0
    first, second = server.events
    assert first == second  # the same id, so the server can tell that it is the same event


def test_an_approval_is_decided_with_a_comment(server: Any, baton: Any) -> None:
    server.answer = always(200, {"state": "rejected"})

    done = baton("reject", "A-17", "--comment", "the freeze ends on Monday")

    assert (done.returncode, done.stdout) == (0, b"A-17 rejected\n")
    (told,) = server.told
    assert (told.method, told.path) == ("POST", "/v1/approvals/A-17/decision")
    assert told.body == {"choice": "reject", "comment": "the freeze ends on Monday"}


def test_an_approval_that_waits_for_more_votes_says_so(server: Any, baton: Any) -> None:
    server.answer = always(200, {"state": "open"})

    done = baton("approve", "A/17")

    assert b"waits for others" in done.stdout
    assert server.told[0].path == "/v1/approvals/A%2F17/decision"


def test_show_says_what_a_run_waits_for_and_its_steps(server: Any, baton: Any) -> None:
    server.answer = always(200, WAITING)

    done = baton("show", "R-7")

    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        "R-7  release  waiting",
        "Waits for @maya: Deploy to production?",
        "  build   completed  2.0 s",
        "  deploy  pending",
    ]
    assert server.told[0].path == "/v1/runs/R-7"


def test_runs_are_a_table_or_one_json_document(server: Any, baton: Any) -> None:
    server.answer = always(200, {"runs": [WAITING]})

    assert baton("runs").stdout.decode().startswith("R-7  release  waiting  Waits for @maya")
    assert json.loads(baton("runs", "--json").stdout) == {"runs": [WAITING]}


def test_what_others_wrote_cannot_steer_the_terminal(server: Any, baton: Any) -> None:
    server.answer = always(200, {**WAITING, "workflow": "\x1b[2Jrelease"})

    assert b"\x1b" not in baton("show", "R-7").stdout


def test_without_a_server_a_command_says_what_to_set(server: Any, baton: Any) -> None:
    done = baton("runs", BATON_URL=None)

    assert (done.returncode, done.stdout) == (4, b"")
    assert b"BATON_URL" in done.stderr
    assert server.told == []


def test_a_server_that_is_down_is_named(baton: Any, dead_url: str) -> None:
    done = baton("runs", BATON_URL=dead_url)

    assert done.returncode == 1
    assert dead_url.encode() in done.stderr
    assert b"refused" in done.stderr


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://", "http://[::1"])
def test_an_address_that_is_none_is_not_tried(baton: Any, url: str) -> None:
    done = baton("runs", BATON_URL=url)

    assert done.returncode == 4
    assert b"BATON_URL" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args",
    [(), ("dance",), ("show",), ("notify",), ("notify", "done", "--label", "x"), ("run",), ("run", "--")],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(server: Any, baton: Any, args: tuple[str, ...]) -> None:
    done = baton(*args)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr
    assert server.told == []


def test_disabled_means_nothing_is_sent(server: Any, baton: Any) -> None:
    assert baton("notify", "done", BATON_DISABLED="1").returncode == 0
    assert server.told == []


def test_login_stores_what_the_server_has_confirmed(
    server: Any, baton: Any, shell: dict[str, str]
) -> None:
    server.answer = always(200, {"source": "laptop", "owner": "@ada", "scopes": ["notify"]})
    with_token = server.url.replace("http://", f"http://{server.token}@")

    done = baton("login", with_token, BATON_URL=None, BATON_TOKEN=None)

    stored = Path(shell["HOME"]) / ".config" / "baton" / "login.json"
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"laptop for @ada" in done.stdout
    assert server.token.encode() not in done.stdout
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert json.loads(stored.read_text()) == {"url": server.url, "token": server.token}

    me = baton("whoami", BATON_URL=None, BATON_TOKEN=None)
    assert b"scopes: notify" in me.stdout
    assert server.told[-1].headers["Authorization"] == f"Bearer {server.token}"


def test_a_refused_login_stores_nothing(server: Any, baton: Any, shell: dict[str, str]) -> None:
    server.answer = always(401, {"detail": "Who are you?"})

    done = baton("login", server.url, BATON_URL=None)

    assert done.returncode == 4
    assert not (Path(shell["HOME"]) / ".config").exists()


def test_a_stored_token_is_not_sent_to_another_address(
    server: Any, baton: Any, shell: dict[str, str]
) -> None:
    folder = Path(shell["HOME"]) / ".config" / "baton"
    folder.mkdir(parents=True)
    (folder / "login.json").write_text('{"url": "http://other.example", "token": "bt_other"}')

    baton("runs", BATON_TOKEN=None)

    assert "Authorization" not in server.told[0].headers


def test_a_redirect_is_not_followed(server: Any, baton: Any) -> None:
    server.answer = always(302, {}, Location=f"{server.url}/elsewhere")

    assert baton("runs").returncode == 1
    assert [told.path for told in server.told] == ["/v1/runs"]


def test_the_command_is_a_program(server: Any, shell: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "baton", "notify", "started", "--id", "x"]
    env = {**shell, "BATON_URL": server.url}
    done = subprocess.run(argv, env=env, capture_output=True, timeout=20, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"x  started  created  th_1\n", b"")


def test_a_reader_of_the_output_may_leave(server: Any, shell: dict[str, str]) -> None:
    server.answer = always(200, {"runs": [WAITING] * 5000})
    line = f"{sys.executable} -m baton runs | head -n 1"
    env = {**shell, "BATON_URL": server.url}
    done = subprocess.run(["sh", "-c", line], env=env, capture_output=True, timeout=20, check=False)

    assert done.stdout.startswith(b"R-7")
    assert done.stderr == b""
