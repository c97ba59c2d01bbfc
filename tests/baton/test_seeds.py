"""The functions of earlier programs: names, orders and keywords as they were."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import baton
from baton import seeds
from baton.client import Client, default_client
from baton.status import Status

ORDERS = {
    "notify_process_started": "process_id process_name source metadata=None",
    "notify_process_progress": "process_id process_name source message=None progress=None",
    "notify_process_completed": "process_id process_name source results=None next_steps=None",
    "notify_process_failed": "process_id process_name source error",
    "request_approval": "process_id process_name description timeout_minutes",
    "notify_synthesis_complete": "query response cost source",
    "notify_mcp_tool_complete": "tool_name params result source",
    "notify_test_complete": "test_suite tests_passed tests_failed coverage source=pytest",
    "emit_process_complete": "process_name source results workflow_id=None",
    "emit_synthesis_complete": "query response cost source workflow_id=None",
    "emit_mcp_tool_complete": "tool_name params result source workflow_id=None",
    "emit_test_complete": "test_suite tests_passed tests_failed coverage source=pytest workflow_id=None",
    "with_workflow_notifications": "process_name source notify_slack=True emit_events=True",
}


@pytest.fixture(autouse=True)
def client(server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Client]:
    for name in ("RUN", "PROCESS_ID", "DISABLED", "TRANSPORT"):
        monkeypatch.delenv(f"BATON_{name}", raising=False)
    monkeypatch.setenv("BATON_URL", server.url)
    monkeypatch.setenv("BATON_SPOOL_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    default_client.cache_clear()
    seeds._ledger.cache_clear()
    yield default_client()
    default_client.cache_clear()


@pytest.mark.parametrize("name", ORDERS)
def test_each_function_takes_what_it_took(name: str) -> None:
    taken = [
        each.name + ("" if each.default is each.empty else f"={each.default}")
        for each in inspect.signature(getattr(baton, name)).parameters.values()
    ]
    assert " ".join(taken) == ORDERS[name]


def test_a_process_is_told_from_start_to_end_and_each_call_says_its_thread(server: Any) -> None:
    told = [
        baton.notify_process_started("p1", "Analysis", "claude_code", {"model": "x"}),
        baton.notify_process_progress("p1", "Analysis", "claude_code", "half", 0.5),
        baton.notify_process_completed("p1", "Analysis", "claude_code", {"rows": 3}, ["Review"]),
    ]

    assert told == ["th_1"] * 3
    started, moved, ended = server.events
    assert {event["source"] for event in server.events} == {"claude-code"}
    assert (started["status"], started["metadata"]) == ("started", {"model": "x"})
    assert (moved["message"], moved["progress"]) == ("half", 0.5)
    assert (ended["status"], ended["result"], ended["next_steps"]) == ("completed", {"rows": 3}, ["Review"])  # fmt: skip


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("no space", {"message": "no space"}),
        (ValueError("no"), {"message": "no", "type": "ValueError"}),
        ({"message": "no", "type": "x"}, {"message": "no", "type": "x"}),
    ],
)
def test_a_failure_says_why(server: Any, error: Any, said: dict[str, str]) -> None:
    baton.notify_process_failed("p1", "Analysis", baton.ProcessSource.PYCHARM, error)

    (event,) = server.events
    assert (event["status"], event["error"], event["source"]) == ("failed", said, "pycharm")


def test_an_approval_is_asked_for_and_not_waited_for(server: Any) -> None:
    assert baton.request_approval("p1", "Release", "Deploy v2?", 30) == "th_1"

    (event,) = server.events
    assert event["status"] == "pending_approval"
    assert event["approval"]["prompt"] == "Deploy v2?"
    assert event["approval"]["expires_at"] > event["occurred_at"]


def test_tests_tools_and_syntheses_have_their_categories(server: Any) -> None:
    baton.notify_test_complete("unit", 40, 2, 98.6)
    baton.notify_mcp_tool_complete("search", {"q": "x"}, [1, 2], "mcp_server")
    baton.notify_synthesis_complete("why?", "because", 0.2, "web_chat")

    tests, tool, synthesis = server.events
    assert (tests["category"], tests["status"], tests["source"]) == ("test", "failed", "pytest")
    assert tests["result"] == {"passed": 40, "failed": 2, "coverage": 98.6}
    assert (tool["category"], tool["result"], tool["source"]) == ("mcp_tool", {"value": [1, 2]}, "mcp")  # fmt: skip
    assert tool["metadata"] == {"params": {"q": "x"}}
    assert synthesis["category"] == "synthesis"
    assert synthesis["result"] == {"query": "why?", "response": "because", "cost": 0.2}


def test_what_is_both_notified_and_emitted_is_one_process(server: Any) -> None:
    baton.notify_process_completed("p1", "Analysis", "api")
    baton.emit_process_complete("Analysis", "api", {}, "R-1")
    baton.notify_test_complete("unit", 1, 0, None)
    baton.emit_test_complete("unit", 1, 0, None)
    baton.emit_mcp_tool_complete("search", {}, {}, "mcp_server")
    baton.notify_mcp_tool_complete("search", {}, {}, "mcp_server")
    ids = [event["process_id"] for event in server.events]

    assert ids[0] == ids[1] == "p1"
    assert server.events[1]["run_id"] == "R-1"
    assert ids[2] == ids[3]
    assert ids[4] == ids[5]
    assert len(set(ids)) == 3


def test_two_runs_of_one_suite_are_two_processes(server: Any) -> None:
    baton.notify_test_complete("unit", 1, 0, None)
    baton.notify_test_complete("unit", 1, 0, None)
    baton.emit_synthesis_complete("why?", "because", None, "api")
    baton.emit_synthesis_complete("why?", "because", None, "api")

    assert len({event["process_id"] for event in server.events}) == 4


def test_a_decorated_function_is_one_process(server: Any, client: Client) -> None:
    @baton.with_workflow_notifications("Analysis", "claude_code")
    def analyze(n: int) -> int:
        return n

    @baton.with_workflow_notifications("Quiet", "api", notify_slack=False, emit_events=False)
    def quiet(n: int) -> int:
        return n

    assert (analyze(3), quiet(4)) == (3, 4)
    assert client.flush(5)
    assert [(event["name"], event["status"]) for event in server.events] == [
        ("Analysis", "started"), ("Analysis", "completed")
    ]  # fmt: skip
    assert server.events[0]["source"] == "claude-code"


def test_without_a_server_each_call_returns_nothing(
    monkeypatch: pytest.MonkeyPatch, server: Any
) -> None:
    monkeypatch.delenv("BATON_URL")
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    default_client.cache_clear()

    assert baton.notify_process_started("p1", "Analysis", "api") is None
    assert baton.emit_process_complete("Analysis", "api", None) is None
    assert baton.request_approval("p1", "x", "y", 3) is None
    assert server.told == []


@pytest.mark.parametrize("bad", [object(), [], {}, float("nan")])
def test_no_argument_makes_a_call_raise_or_keeps_the_next_one_from_arriving(
    server: Any, client: Client, bad: Any
) -> None:
    answers = [
        baton.notify_process_started(bad, bad, bad, bad),
        baton.notify_process_progress("p", bad, bad, bad, bad),
        baton.notify_process_failed("p", bad, bad, bad),
        baton.request_approval("p", bad, bad, bad),
        baton.notify_test_complete(bad, bad, bad, bad, bad),
        baton.emit_process_complete(bad, bad, bad, bad),
        baton.notify_synthesis_complete(bad, bad, bad, bad),
        baton.notify_mcp_tool_complete(bad, bad, bad, bad),
    ]
    good = baton.notify_process_started("good", "Analysis", "api")

    assert client.flush(5)
    assert {answer for answer in answers if answer is not None} <= {"th_1"}
    assert good == "th_1"
    last = server.events[-1]
    assert (last["process_id"], last["status"], last["name"]) == ("good", "started", "Analysis")


def test_the_words_are_those_of_earlier_programs() -> None:
    assert [each.value for each in baton.ProcessSource] == [
        "claude_code", "pycharm", "mcp_server", "web_chat", "api", "workflow_engine"
    ]  # fmt: skip
    assert {each.value: each.event for each in baton.TriggerType} == {
        "process_complete": "process.completed", "process_failed": "process.failed",
        "mcp_tool_complete": "mcp_tool.ended", "synthesis_complete": "synthesis.ended",
        "test_complete": "test.ended", "webhook": None, "manual": None, "scheduled": None,
    }  # fmt: skip
    assert baton.ProcessStatus is Status
    assert baton.ProcessStatus("pending_approval") is baton.ProcessStatus.PENDING_APPROVAL
    assert len(baton.ProcessStatus) == 10
