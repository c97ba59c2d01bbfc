"""Questions to people from a program: what is wrong never looks like a yes."""

import threading
import time
from typing import Any

import pytest

import baton
from baton import questions
from baton.client import Client
from baton.questions import Decision
from tests.baton.rough import ROUGH, rough

OPEN = {"id": "ap_1", "state": "open", "process": {"namespace": "ci", "id": "ask_1"}}
APPROVED = {**OPEN, "state": "approved", "decision": "approve", "by": "U1", "comment": "go"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(questions, "_PAUSE", 0.01)
    monkeypatch.setattr(questions, "_GRACE", 0.1)
    for name in ("BATON_URL", "BATON_RUN", "BATON_PROCESS_ID", "TRACEPARENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BATON_SPOOL_DIR", str(tmp_path))


def answers(server: Any, *bodies: Any, status: int = 200) -> None:
    """Answer the question and each look at it with these, and with the last one from then on."""
    left = list(bodies)

    def answer(told: Any) -> tuple[int, dict[str, str], Any]:
        if told.path == "/v1/notify":
            return 202, {}, {"results": [{}]}
        return status, {}, left.pop(0) if len(left) > 1 else left[0]

    server.answer = answer


def test_a_program_asks_and_goes_on_when_somebody_said_yes(server: Any) -> None:
    answers(server, OPEN, OPEN, APPROVED)
    client = Client(server.url, server.token)

    said = client.ask(
        "Deploy v2.0?", approvers="@sre", options=["approve", {"id": "later", "label": "Later"}],
        on_timeout="reject", key="v2", channel="#releases",
    )  # fmt: skip

    assert said
    assert said == Decision("approved", "approve", None, "U1", "go", "ap_1")
    asked = server.told[0].body
    assert (server.told[0].path, asked["key"], asked["channel"]) == ("/v1/approvals", "v2", "#releases")  # fmt: skip
    assert asked["approval"] == {
        "prompt": "Deploy v2.0?", "approvers": ["@sre"], "on_timeout": "reject",
        "options": [{"id": "approve", "label": "approve"}, {"id": "later", "label": "Later"}],
    }  # fmt: skip
    assert [told.path.partition("=")[0] for told in server.told[1:3]] == ["/v1/approvals/ap_1?wait"] * 2  # fmt: skip


def test_a_process_that_only_asked_has_ended_with_the_answer(server: Any) -> None:
    answers(server, APPROVED)
    client = Client(server.url)
    assert client.ask("Go on?")
    assert client.flush(5)

    assert [(each["process_id"], each["status"]) for each in server.events] == [("ask_1", "completed")]  # fmt: skip


def test_a_question_from_inside_a_process_is_a_step_of_it(server: Any) -> None:
    answers(server, {**OPEN, "state": "rejected", "decision": "reject"})
    client = Client(server.url)
    with baton.process("Release", client=client) as running:
        said = client.ask("Go on?")
    assert client.flush(5)

    assert not said
    asked = next(told.body for told in server.told if told.path == "/v1/approvals")
    assert (asked["process_id"], asked["run_id"]) == (running.id, running.id)
    assert asked["approval"] == {"prompt": "Go on?", "scope": "step"}
    assert server.statuses == ["started", "completed"]


@pytest.mark.parametrize(
    "state", ["rejected", "expired", "withdrawn", "superseded", "answered", "nonsense", None]
)
def test_nothing_but_an_approval_is_a_yes(server: Any, state: str | None) -> None:
    answers(server, {**OPEN, "state": state, "decision": "later", "text": "words"})
    said = Client(server.url).ask("Go on?")

    assert not said
    assert said.state == (state or "unreachable")
    assert said.text == "words"


@pytest.mark.parametrize("decision", ["reject", "later", None])
def test_an_approved_state_with_another_choice_is_no_yes(decision: str | None) -> None:
    assert not Decision("approved", decision)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_question_that_the_server_does_not_take_is_refused(server: Any, status: int) -> None:
    answers(server, {"detail": "you may not ask"}, status=status)
    said = Client(server.url).ask("Go on?")

    assert (bool(said), said.state, said.note) == (False, "refused", "you may not ask")
    assert len(server.told) == 1


@pytest.mark.parametrize("name", sorted(ROUGH.keys() - {"trickling"}))
def test_a_server_that_cannot_be_reached_is_no_yes(name: str) -> None:
    began = time.monotonic()
    with rough(ROUGH[name]) as there:
        client = Client(there.url, timeout=0.1)
        assert client.ask("Go on?") == Decision("unreachable")
        assert client.wait("ap_1", wait=0.1).state == "unreachable"
        assert not client.wait("build-7", wait=0.1)
    assert time.monotonic() - began < 9


def test_a_second_try_asks_nobody_twice(server: Any) -> None:
    server.answers += [(503, {"Retry-After": "0"}, {})]
    answers(server, APPROVED)

    assert Client(server.url).ask("Go on?")
    first, second = server.told[:2]
    assert first.body["id"] == second.body["id"]


def test_an_outage_in_the_middle_is_waited_out(server: Any) -> None:
    answers(server, OPEN, APPROVED)
    server.answers += [(201, {}, OPEN), (503, {}, {}), (502, {}, b"<html>")]

    assert Client(server.url).ask("Go on?")


def test_a_wait_that_is_over_leaves_the_question_open(server: Any) -> None:
    answers(server, OPEN)
    said = Client(server.url).ask("Go on?", wait=0)

    assert (bool(said), said.state, said.approval_id) == (False, "open", "ap_1")
    assert len(server.told) == 1


def test_without_a_server_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, server: Any) -> None:
    assert not Client().ask("Go on?")
    monkeypatch.setenv("BATON_DISABLED", "1")
    assert Client(server.url).ask("Go on?").state == "unreachable"
    assert Client(server.url).wait("A-1").state == "unreachable"
    assert server.told == []


@pytest.mark.parametrize("bad", [{"approvers": object()}, {"nonsense": object()}, {"wait": "long"}])
def test_a_mistake_in_asking_raises_nothing_and_is_no_yes(server: Any, bad: dict[str, Any]) -> None:
    answers(server, {"detail": "no"}, status=422)
    assert not Client(server.url).ask("Go on?", **bad)


def test_a_program_waits_for_a_process_of_its_own_namespace(server: Any) -> None:
    def answer(told: Any) -> tuple[int, dict[str, str], Any]:
        if told.path.startswith("/v1/whoami"):
            return 200, {}, {"namespace": "ci"}
        return 200, {}, {"status": "failed"}

    server.answer = answer
    said = Client(server.url).wait("build 7")

    assert (bool(said), said.state) == (False, "failed")
    assert server.told[1].path.startswith("/v1/processes/ci%3Abuild%207?until=terminal&wait=")


def test_an_approval_is_waited_for_by_its_number(server: Any) -> None:
    answers(server, OPEN, APPROVED)
    client = Client(server.url)
    timer = threading.Timer(0.05, lambda: None)
    timer.start()

    assert client.wait("A-17")
    assert server.told[0].path.startswith("/v1/approvals/A-17?wait=")
    timer.join()
