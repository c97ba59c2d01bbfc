"""Each verb by itself: what it asks the server, what it keeps, and what it says when it cannot."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from baton.cli import VERBS
from tests.baton.here import Done, routes, run_here

APPROVAL = {"id": "ap_1", "label": "A-1", "state": "open", "eligible": ["@grace"], "prompt": "Go?"}
ME = {"source": "laptop", "namespace": "ci", "scopes": ["notify", "read"], "owner": "@ada"}


@pytest.fixture
def baton(
    server: Any, shell: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> Callable[..., Done]:
    return run_here(server, shell, monkeypatch, capfdbinary)


# The command as a whole


def test_the_help_lists_every_verb_and_nothing_else(baton: Any) -> None:
    done = baton("--help")

    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.decode().splitlines() if line[:4] == "    "]
    assert [word for word in listed if word in VERBS] == list(VERBS)
    for later in ("hook", "install", "mcp"):
        assert later not in VERBS
        assert baton(later).returncode == 2


def test_the_version_is_that_of_the_package(baton: Any) -> None:
    done = baton("--version")

    assert (done.returncode, done.stdout.decode().strip()) == (0, version("baton-bus"))


@pytest.mark.parametrize(("verb", "missing"), [("start", "WORKFLOW"), ("again", "RUN")])
def test_only_what_is_missing_is_called_so(baton: Any, verb: str, missing: str) -> None:
    done = baton(verb)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().strip().endswith(f"required: {missing}")


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_has_its_example(baton: Any, verb: str) -> None:
    done = baton(verb, "--help")

    assert (done.returncode, done.stderr) == (0, b"")
    assert VERBS[verb].example.encode() in done.stdout
    assert VERBS[verb].example.startswith(f"baton {verb}")


@pytest.mark.parametrize(
    ("word", "hint"), [("aprove", "baton approve"), ("statsu", "baton status"), ("xyz", "--help")]
)
def test_a_mistyped_verb_is_guessed(server: Any, baton: Any, word: str, hint: str) -> None:
    done = baton(word, "A-1")

    assert (done.returncode, done.stdout) == (2, b"")
    assert hint.encode() in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert server.told == []


def test_a_traceback_is_for_those_who_ask_for_one(baton: Any, dead_url: str) -> None:
    assert b"Traceback" not in baton("runs", BATON_URL=dead_url).stderr
    assert b"Traceback" in baton("runs", BATON_URL=dead_url, BATON_DEBUG="1").stderr


# What is reported


def test_an_event_is_kept_where_the_server_is_away_and_sent_by_the_doctor(
    server: Any, baton: Any, dead_url: str, shell: dict[str, str]
) -> None:
    server.answer = routes(healthz={}, readyz={}, whoami=ME, notify={"results": []})
    folder = Path(shell["HOME"]) / "spool"
    where = {"BATON_SPOOL_DIR": str(folder)}
    server.answers += [(503, {"Retry-After": "0"}, {})] * 3

    kept = baton("notify", "completed", "--id", "b1", **where)
    told = baton("doctor", **where)
    flushed = baton("doctor", "--flush", "--json", **where)

    assert (kept.returncode, kept.stdout) == (0, b"")
    assert b"doctor --flush" in kept.stderr
    assert told.returncode == 0
    assert b"1 events wait" in told.stdout
    assert flushed.returncode == 0
    assert "1 sent now" in json.loads(flushed.stdout)["findings"][-1]["says"]
    assert len({event["id"] for event in server.events}) == 1  # the same event each time
    assert server.token.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_where_delivery_counts_nothing_is_kept(
    baton: Any, dead_url: str, shell: dict[str, str]
) -> None:
    folder = Path(shell["HOME"]) / "spool"

    done = baton("notify", "completed", "--sync", BATON_URL=dead_url, BATON_SPOOL_DIR=str(folder))

    assert (done.returncode, done.stdout) == (1, b"")
    assert not folder.exists()


def test_where_nothing_can_be_kept_the_sentence_is_about_the_server(
    baton: Any, dead_url: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    done = baton(
        "notify", "completed", BATON_URL=dead_url, BATON_SPOOL_DIR=str(tmp_path / "file" / "spool")
    )

    assert (done.returncode, dead_url.encode() in done.stderr) == (1, True)


def test_lines_of_stdin_that_are_all_refused_do_not_stop_the_next(server: Any, baton: Any) -> None:
    server.answers.append((422, {}, {"detail": "none of them is good"}))
    lines = b"".join(b'{"process_id":"p%d","status":"done"}\n' % n for n in range(101))

    done = baton("notify", "-", stdin=lines)

    assert done.returncode == 2
    assert [len(told.body) for told in server.told] == [100, 1]


# What is decided


@pytest.mark.parametrize(
    "words",
    [
        ("cancel", "R-1", "--reason", "late"),
        ("retry", "R-1", "--from", "build"),
        ("resolve", "R-1", "deploy", "done", "--output", '{"n": 1}'),
        ("start", "release", "--inputs", '{"n": 1}'),
    ],
)
def test_a_decision_has_its_id_before_the_first_try(
    server: Any, baton: Any, words: tuple[str, ...]
) -> None:
    server.answers += [(503, {"Retry-After": "0"}, {}), (200, {}, {"label": "R-1"})]

    done = baton(*words)

    assert done.returncode == 0
    first, second = server.told
    assert first.body == second.body
    assert first.body["request_id"].startswith("cli-")


def test_an_id_of_ones_own_makes_it_safe_to_type_again(server: Any, baton: Any) -> None:
    server.answer = lambda told: (200, {}, {"label": "R-1", "status": "cancelled"})

    for _ in range(2):
        done = baton("cancel", "R-1", "--request-id", "stop-it")
        assert done.stdout == b"R-1  cancelled\n"

    assert [told.body["request_id"] for told in server.told] == ["stop-it", "stop-it"]


def test_a_question_has_its_id_before_the_first_try(server: Any, baton: Any) -> None:
    server.answers += [(503, {"Retry-After": "0"}, {}), (201, {}, APPROVAL)]
    server.answer = lambda told: (200, {}, {**APPROVAL, "state": "approved"})

    done = baton(
        "ask", "Go?", "--approvers", "@grace, @linus", "--option", "keep=Keep it", "--timeout",
        "1m", "--on-timeout", "keep", BATON_PROCESS_ID="outer", BATON_RUN="R-1",
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, b"approved\n")
    first, second = server.told[:2]
    assert first.body == second.body
    assert first.body["approval"] == {
        "prompt": "Go?",
        "approvers": ["@grace", "@linus"],
        "options": [{"id": "keep", "label": "Keep it"}],
        "on_timeout": "keep",
        "scope": "step",
    }
    assert (first.body["process_id"], first.body["run_id"]) == ("outer", "R-1")
    assert first.body["expires_in"] == 60
    assert not [told for told in server.told if told.path == "/v1/notify"]  # it goes on by itself


@pytest.mark.parametrize(
    ("approval", "code", "out"),
    [
        ({"state": "approved"}, 0, b"approved\n"),
        ({"state": "answered", "decision": "keep"}, 0, b"keep\n"),
        ({"state": "answered", "decision": "answer", "text": "a\nb"}, 0, b"a b\n"),
        ({"state": "rejected", "decision": "reject"}, 3, b"rejected\n"),
        ({"state": "rejected", "via": "timer"}, 5, b"rejected\n"),
        ({"state": "answered", "decision": "keep", "via": "timer"}, 5, b"keep\n"),
        ({"state": "expired"}, 5, b"expired\n"),
        ({"state": "withdrawn"}, 1, b"withdrawn\n"),
    ],
)
def test_each_end_of_a_question_has_its_code(
    server: Any, baton: Any, approval: dict[str, Any], code: int, out: bytes
) -> None:
    server.answer = lambda told: (200, {}, {**APPROVAL, **approval})

    done = baton("ask", "Go?")

    assert (done.returncode, done.stdout) == (code, out)
    assert baton("wait", "A-1").returncode == code


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("--choice", "drop"), {"choice": "drop"}),
        (("--text", "eu-west"), {"choice": "answer", "text": "eu-west"}),
        (("--comment", "fine"), {"choice": "approve", "comment": "fine"}),
    ],
)
def test_a_question_of_another_kind_is_answered_too(
    server: Any, baton: Any, words: tuple[str, ...], body: dict[str, str]
) -> None:
    server.answer = lambda told: (200, {}, {**APPROVAL, "state": "answered"})

    assert baton("approve", "A-1", *words).stdout == b"A-1 answered\n"
    assert server.told[0].body == body


@pytest.mark.parametrize(
    "words", [("--on-timeout", "fail"), ("--text", "--option", "x"), ("--timeout", "soon")]
)
def test_a_question_that_contradicts_itself_is_not_asked(
    server: Any, baton: Any, words: tuple[str, ...]
) -> None:
    assert baton("ask", "Go?", *words).returncode == 2
    assert server.told == []


def test_a_person_at_a_terminal_is_asked_for_the_reason(server: Any, shell: dict[str, str]) -> None:
    needed = {"detail": "To reject takes a reason.", "code": "comment-required"}
    server.answers.append((422, {}, needed))
    server.answer = lambda told: (200, {}, {**APPROVAL, "state": "rejected"})
    env = {**shell, "BATON_URL": server.url, "BATON_TOKEN": server.token}
    argv = [sys.executable, "-m", "baton", "reject", "A-1"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        argv, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        os.write(ours, b"the freeze\n")
        out, err = running.communicate(timeout=10)
    os.close(ours)
    os.close(theirs)

    assert (running.returncode, out) == (0, b"A-1 rejected\n")
    assert err == b"Why reject? "
    assert server.told[1].body == {"choice": "reject", "comment": "the freeze"}


def test_who_wants_no_questions_gets_none(server: Any, shell: dict[str, str]) -> None:
    needed = {"detail": "To reject takes a reason.", "code": "comment-required"}
    server.answer = lambda told: (422, {}, needed)
    env = {**shell, "BATON_URL": server.url, "BATON_TOKEN": server.token}
    argv = [sys.executable, "-m", "baton", "reject", "A-1", "--no-input"]
    ours, theirs = pty.openpty()
    done = subprocess.run(argv, env=env, stdin=theirs, capture_output=True, timeout=10, check=False)
    os.close(ours)
    os.close(theirs)

    assert (done.returncode, b"--comment" in done.stderr) == (2, True)


# What is waited for and followed


def test_a_wait_is_one_long_request_and_not_many_short_ones(server: Any, baton: Any) -> None:
    server.answers += [(200, {}, {"status": "running"}), (200, {}, {"status": "waiting"})]

    done = baton("wait", "R-7", "--for", "waiting", "--timeout", "1h", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, {"status": "waiting"})
    assert [told.path for told in server.told] == [
        "/v1/runs/R-7?until=terminal%2Cwaiting",
        "/v1/runs/R-7?until=terminal%2Cwaiting&wait=50.0",
    ]


def test_a_name_that_fits_nothing_is_looked_for_as_process_and_as_thread(
    server: Any, baton: Any
) -> None:
    server.answer = routes(whoami=ME)

    done = baton("status", "build-7")

    assert (done.returncode, b"build-7" in done.stderr) == (1, True)
    assert [told.path for told in server.told] == [
        "/v1/whoami",
        "/v1/processes/ci%3Abuild-7",
        "/v1/threads/build-7",
    ]


def test_only_processes_and_runs_have_a_status_to_wait_for(server: Any, baton: Any) -> None:
    assert baton("wait", "A-1", "--for", "approved").returncode == 2


def test_what_others_wrote_stays_on_its_line(server: Any, baton: Any) -> None:
    event = {"namespace": "ci", "process_id": "b\x1b[2J", "message": "a\nb\u202ec", "status": "x"}
    server.answer = lambda told: (200, {}, {"events": [event], "next": 1})

    done = baton("events")

    assert done.stdout.decode() == "ci:b[2J  x  a bc\n"


# What is found out around


@pytest.mark.parametrize("words", [("notify", "started"), ("ask", "Go?"), ("junit", "a.xml")])
def test_what_is_reported_names_the_revision_that_it_is_about(
    server: Any, baton: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    server.answer = lambda told: (200, {}, {**APPROVAL, "state": "approved", "results": []})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.xml").write_text("<testsuite><testcase/></testsuite>")
    sha = "0123456789abcdef0123456789abcdef01234567"
    place = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/api", "GITHUB_SHA": sha}

    baton(*words, **place)

    assert server.told[0].body["subject"]["sha"] == sha


def test_events_go_by_the_webhook_of_slack_where_that_is_the_way(server: Any, baton: Any) -> None:
    server.answer = lambda told: (200, {}, b"ok")
    hook = f"{server.url}/services/T/B/x"

    done = baton(
        "notify", "completed", "--id", "b1", BATON_TRANSPORT="slack", SLACK_WEBHOOK_URL=hook
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert [told.path for told in server.told] == ["/services/T/B/x"]
    assert "b1" in str(server.told[0].body)
