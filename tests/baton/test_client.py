"""The client against a real server: what it sends, and what it never does to its host."""

import logging
import re
import threading
import time
from datetime import datetime
from typing import Any

import pytest

from baton.client import Client, new_id, now


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("URL", "TOKEN", "RUN", "PROCESS_ID", "DISABLED", "TIMEOUT", "DEBUG"):
        monkeypatch.delenv(f"BATON_{name}", raising=False)
    monkeypatch.delenv("TRACEPARENT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def test_notify_returns_what_became_of_the_event(server: Any) -> None:
    client = Client(server.url, server.token)

    result = client.notify("abc-123", "completed", name="Build", results={"tests": 412})

    assert result is not None
    assert (result.process_id, result.thread_id, result.effect) == ("abc-123", "th_1", "created")
    (event,) = server.events
    assert event["results"] == {"tests": 412}
    assert server.told[0].headers["Authorization"] == f"Bearer {server.token}"
    assert datetime.fromisoformat(event["occurred_at"]).tzinfo is not None


def test_the_environment_says_where_and_in_whose_name(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_URL", server.url + "/")
    monkeypatch.setenv("BATON_TOKEN", server.token)
    monkeypatch.setenv("BATON_RUN", "run_1")

    Client().notify("p", "started")
    Client().notify("q", "started", run_id="other")

    assert server.told[0].path == "/v1/notify"
    assert [event["run_id"] for event in server.events] == ["run_1", "other"]


def test_the_token_of_the_environment_is_not_sent_elsewhere(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_URL", "https://baton.example")
    monkeypatch.setenv("BATON_TOKEN", "bt_secret")

    Client(server.url).notify("p", "started")

    assert "Authorization" not in server.told[0].headers


@pytest.mark.parametrize("settings", [{}, {"BATON_URL": "set", "BATON_DISABLED": "1"}])
def test_without_an_address_or_when_disabled_nothing_happens(
    server: Any, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], capfd: Any
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, server.url if value == "set" else value)
    threads = threading.active_count()
    client = Client()

    assert client.notify("p", "started") is None
    client.send({"process_id": "p", "status": "started"})
    assert client.flush()
    assert (server.told, threading.active_count()) == ([], threads)
    assert capfd.readouterr() == ("", "")


def test_an_event_keeps_its_identity_when_it_is_tried_again(server: Any) -> None:
    server.answers += [(503, {"Retry-After": "0"}, {}), (429, {"Retry-After": "0"}, {})]
    client = Client(server.url, server.token)

    client.send({"process_id": "p", "status": "started"})

    assert client.flush(5)
    assert len(server.events) == 3
    assert len({event["id"] for event in server.events}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 302])
def test_a_refused_event_is_dropped_and_told_once(
    server: Any, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    server.answer = lambda told: (status, {"Location": server.url}, {"detail": "not like this"})
    client = Client(server.url, server.token)

    with caplog.at_level(logging.WARNING, "baton"):
        result = client.notify("p", "started")
        client.notify("p", "completed")

    assert result is not None
    assert result.problem == "not like this"
    assert len(server.told) == 2
    assert len(caplog.records) == 1
    assert server.token not in caplog.text


def test_one_bad_event_of_many_does_not_take_the_others_along(server: Any) -> None:
    refused = {"index": 0, "problem": {"detail": "bad"}}
    server.answer = lambda told: (200, {}, {"results": [refused, {"process_id": "good"}]})
    client = Client(server.url, server.token)
    server.hold = threading.Event()
    client.send({"process_id": "first", "status": "started"})
    while not server.told:
        time.sleep(0.001)
    client.send({"process_id": "bad", "status": "started"})
    client.send({"process_id": "good", "status": "started"})
    server.hold.set()

    assert client.flush(5)
    assert [len(told.body) for told in server.told[1:]] == [2]
    assert client.quietly.count == 2


def test_nobody_waits_for_a_server_that_is_down(dead_url: str) -> None:
    client = Client(dead_url)
    began = time.monotonic()
    for _ in range(20):
        assert client.notify("p", "in_progress") is None
    assert time.monotonic() - began < 1.0


def test_a_server_that_never_answers_is_waited_for_once(server: Any) -> None:
    server.hold = threading.Event()
    client = Client(server.url, timeout=0.2)
    began = time.monotonic()
    for _ in range(20):
        assert client.notify("p", "in_progress") is None
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[" * 100_000, b'{"results": 3}', b'{"results": [3]}']
)
def test_an_answer_that_cannot_be_read_harms_nobody(server: Any, body: bytes) -> None:
    server.answer = lambda told: (202, {}, body)
    client = Client(server.url)

    client.notify("p", "started")

    assert client.flush()
    assert len(server.told) == 1


class Rude:
    def __str__(self) -> str:
        raise RuntimeError("no")


LOOP: list[Any] = []
LOOP.append(LOOP)


RUDE = [Rude(), LOOP, {1: {2}}, float("nan"), b"\xff", "\ud800", 10**6000]


@pytest.mark.parametrize("value", RUDE, ids=range(len(RUDE)))
def test_no_value_of_the_host_makes_a_report_raise(server: Any, value: Any) -> None:
    client = Client(server.url)

    client.notify("p", "completed", result={"x": value}, message=value)
    client.send({"process_id": "p", "status": "in_progress", "message": value}, coalesce=True)

    client.notify("q", "completed")
    assert client.flush(5)
    assert server.events[-1]["process_id"] == "q"


def test_a_result_that_is_too_large_does_not_cost_the_end(server: Any) -> None:
    Client(server.url).notify("p", "completed", result={"log": "x" * 100_000})

    (event,) = server.events
    assert event["status"] == "completed"
    assert event["result"].keys() == {"left_out"}


def test_what_the_program_changes_later_is_not_sent(server: Any) -> None:
    client = Client(server.url)
    result = {"tests": 1}
    client.send({"process_id": "p", "status": "completed", "result": result})
    result["tests"] = 2
    assert client.flush(5)

    assert server.events[0]["result"] == {"tests": 1}


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://", "http://[::1"])
def test_an_address_that_is_none_is_told_and_nothing_else(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(url)
    with caplog.at_level(logging.WARNING, "baton"):
        assert client.notify("p", "started") is None
    assert client.flush()
    assert len(caplog.records) == 1


def test_a_proxy_is_not_asked_for_what_runs_on_this_machine(
    server: Any, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", dead_url)
    assert Client(server.url).notify("p", "started") is not None


def test_the_token_is_in_no_repr(server: Any) -> None:
    client = Client(server.url, server.token)
    client.notify("p", "started")
    assert server.token not in repr(client) + repr(client._post._made) + repr(client.environment)


def test_ids_are_uuids_of_version_7_in_the_order_of_their_making() -> None:
    first = new_id()
    time.sleep(0.002)
    ids = [first, *(new_id() for _ in range(1000))]

    form = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(form, each) for each in ids)
    assert len(set(ids)) == 1001
    assert min(ids) == first
    assert abs(int(first[:8] + first[9:13], 16) / 1000 - time.time()) < 60


def test_the_time_is_now_in_utc() -> None:
    moment = datetime.fromisoformat(now())
    assert abs(moment.timestamp() - time.time()) < 60
    assert moment.utcoffset() is not None
