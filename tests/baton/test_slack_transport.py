"""Tools that reach nothing but Slack: each event is a message with metadata."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import baton
from baton.client import Client
from baton.slack import message_of


@pytest.fixture
def client(server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Client]:
    for name in ("BATON_URL", "BATON_DISABLED", "BATON_RUN", "BATON_PROCESS_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BATON_TRANSPORT", "slack")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{server.url}/services/T0/B0/secretsecret")
    monkeypatch.setenv("BATON_SPOOL_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    server.answer = lambda told: (200, {}, b"ok")
    return Client()


def test_a_process_is_told_in_messages(server: Any, client: Client) -> None:
    with baton.process("Nightly <!channel>", client=client, subject={"sha": "3f1c3f1c"}) as running:
        running.result(tests=412, log="secret=hunter2hunter2")
    assert client.flush(5)

    started, ended = (told.body for told in server.told)
    assert {told.path for told in server.told} == {"/services/T0/B0/secretsecret"}
    assert started["text"].split("\n") == [
        ":rocket: Process Started: Nightly &lt;!channel&gt;", f"Process ID: {running.id}"
    ]  # fmt: skip
    assert ended["text"].split("\n")[2:] == ["Results:", "• tests: 412", "• log: secret=***"]
    assert started["metadata"]["event_type"] == "baton.process"
    payload = started["metadata"]["event_payload"]
    assert (payload["process_id"], payload["status"]) == (running.id, "started")
    assert payload["subject.sha"] == "3f1c3f1c"
    end = ended["metadata"]["event_payload"]
    assert end["result.tests"] == 412
    assert "result.log" not in end  # every app of the workspace can read it
    assert not any(isinstance(value, dict | list) for value in end.values())


def test_the_address_alone_is_not_enough(
    server: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BATON_TRANSPORT")
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    other = Client()

    assert other.notify("p", "started") is None
    assert other.flush()
    assert server.told == []


def test_without_a_webhook_the_transport_is_silent(
    server: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_URL", server.url)
    monkeypatch.delenv("SLACK_WEBHOOK_URL")

    assert Client().notify("p", "started") is None
    assert server.told == []


def test_whoever_names_a_server_means_it(server: Any, client: Client) -> None:
    server.answer = None
    assert Client(server.url).notify("p", "started") is not None
    assert server.told[0].path == "/v1/notify"


def test_slack_is_asked_again_when_it_is_busy_and_not_when_it_refuses(
    server: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers += [(429, {"Retry-After": "0"}, b"slow"), (200, {}, b"ok"), (400, {}, b"invalid_payload")]  # fmt: skip
    with caplog.at_level(logging.WARNING, "baton"):
        client.send({"process_id": "p", "status": "started"})
        client.send({"process_id": "p", "status": "completed"})
        assert client.flush(5)

    assert [told.body["metadata"]["event_payload"]["status"] for told in server.told] == [
        "started", "started", "completed"
    ]  # fmt: skip
    assert "secretsecret" not in caplog.text
    assert len(caplog.records) == 1


def test_progress_that_waits_is_one_message_and_signs_of_life_are_none(
    server: Any, client: Client
) -> None:
    server.hold = threading.Event()
    with baton.process("x", client=client) as running:
        for n in range(50):
            running.progress(n, 50)
        client.send({"process_id": running.id, "status": "in_progress", "heartbeat": True})
        server.hold.set()
    assert client.flush(5)

    statuses = [told.body["metadata"]["event_payload"]["status"] for told in server.told]
    assert statuses[0] == "started"
    assert statuses[-1] == "completed"
    assert len(statuses) <= 5


def test_the_address_of_the_webhook_is_neither_shown_nor_kept(
    dead_url: str, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: Any
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{dead_url}/services/secretsecret")
    own = Client()
    with caplog.at_level(logging.WARNING, "baton"):
        own.send({"process_id": "p", "status": "completed"})
        own.flush(1)
        own._sender.finish()

    kept = (tmp_path / "spool.ndjson").read_text()
    assert '"process_id":"p"' in kept
    assert "secretsecret" not in kept + caplog.text + repr(own)


@pytest.mark.parametrize(
    ("status", "first"),
    [
        ("in_progress", ":arrows_counterclockwise: Process Progress: Build"),
        ("failed", ":x: Process Failed: Build"),
        ("completed", ":white_check_mark: Process Completed: Build"),
    ],
)
def test_the_first_line_is_what_people_know(status: str, first: str) -> None:
    event = {"process_id": "b", "name": "Build", "status": status, "source": "ci"}
    event |= {"next_steps": ["Review", {"label": "Deploy"}], "error": {"message": "no space"}}
    lines = str(message_of(event)["text"]).split("\n")

    assert lines == [
        first, "Source: ci", "Process ID: b", "no space", "Next Steps:", "• Review", "• Deploy"
    ]  # fmt: skip


def test_a_message_stays_small_enough_for_slack() -> None:
    event = {"name": "x" * 9000, "message": "y" * 9000, "result": {f"k{n}": "z" * 500 for n in range(99)}}  # fmt: skip
    assert len(json.dumps(message_of(event))) < 8000
