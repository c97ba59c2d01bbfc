"""A rehearsal of everything at once: what it prints, in which order, and what it takes."""

import json
from typing import Any, Final, get_args

from tests.workflows.rehearsal.stand import entry, rehearsed, statuses, told
from workflows.rehearsal.timeline import Kind

KINDS: Final = {
    "started", "skipped", "not_taken", "waiting", "asked", "decided", "posted", "would_call",
    "completed", "failed", "cancelled", "compensated", "ended",
}  # fmt: skip
MEMBERS: Final = {"at", "path", "kind", "status", "params", "attempt", "output", "error", "text"}
EVERYTHING: Final = """
name: everything
inputs: {sha: {type: string, required: true}}
settings: {approvers: ["<@U123>"]}
triggers:
  - {event: github.push, where: trigger.data.ref == 'main', inputs: {sha: "{{ trigger.data.sha }}"}}
steps:
  - {id: build, action: shell.run, params: {argv: [make]}, retry: {attempts: 3, on: [failed], delay: 10s, backoff: 1}, compensate: {action: shell.run, params: {argv: [unmake]}}}
  - {id: tests, wait_for: {event: test.completed, where: event.result.sha == inputs.sha, timeout: 1h}}
  - {id: left, condition: "false", wait: 1w}
  - {id: race, join: any, parallel: {slow: [{id: w, wait: 1w}], go: [{id: s, wait_for: {signal: go}}]}}
  - {id: gate, approval: {title: "Ship {{ inputs.sha }}?", approvers: ["<@U123>"], timeout: 1d}}
  - {id: ship, action: http.request, params: {url: "https://ship.example", headers: {Authorization: "Bearer {{ secrets.KEY }}"}}}
  - {id: mend, wait: 1s, needs: [{step: ship, on: success}]}
  - {id: say, action: slack.post, params: {text: "shipped {{ inputs.sha }}"}, needs: [mend]}
outputs: {sha: "{{ inputs.sha }}"}
"""
EVENTS: Final = [
    {"type": "github.push", "data": {"ref": "dev", "sha": "0"}},
    {"type": "github.push", "data": {"ref": "main", "sha": "3f1c"}},
    {"at": "6m", "type": "test.completed", "result": {"sha": "3f1c"}},
    {"at": "5m", "type": "test.completed", "result": {"sha": "other"}},
    {"at": "20m", "signal": "go"},
]
STUBS: Final = {
    "build": [{"error": "no room"}, {"output": {"exit_code": 0}, "takes": "30s"}],
    "ship": {"error": "gone", "type": "http", "class": "failed", "status": 410, "takes": "2s"},
}


def played(**more: Any) -> Any:
    given: dict[str, Any] = {"events": EVENTS, "stubs": STUBS, "decide": {"gate": "approve:go on"}}
    return rehearsed(EVERYTHING, **{**given, **more})


def test_it_shows_every_kind_of_thing_and_no_other_members() -> None:
    report = played().to_json()

    assert set(get_args(Kind)) == KINDS
    assert {each["kind"] for each in report["timeline"]} == KINDS
    assert {key for each in report["timeline"] for key in each} == MEMBERS
    assert list(report) == ["status", "outputs", "steps", "timeline"]
    assert {key for each in report["steps"] for key in each} == {"path", "status", "attempts"}
    assert json.loads(json.dumps(report)) == report


def test_everything_comes_in_its_time_counted_in_seconds_from_the_start() -> None:
    report = played()

    at = [each.at for each in report.timeline]
    assert at == sorted(at)
    assert told(report, "would_call") == [
        (0, "would_call", "build"),
        (10, "would_call", "build"),
        (1200, "would_call", "ship"),
        (1202, "would_call", "build~undo"),
    ]
    assert entry(report, "tests", "completed")["at"] == 360
    assert entry(report, "race.go.s", "completed")["at"] == 1200
    assert entry(report, "race.slow.w", "cancelled")["at"] == 1200


def test_the_first_event_that_matches_starts_the_run_and_others_come_to_it() -> None:
    report = played()

    began = entry(report, "", "started")
    assert began["params"] == {"sha": "3f1c"}
    assert began["text"] == "by the event `github.push` (trigger 0)"
    assert entry(report, "tests", "completed")["output"]["result"] == {"sha": "3f1c"}


def test_an_answer_may_be_an_error_with_its_type_class_and_status() -> None:
    report = played()

    assert entry(report, "ship", "failed")["error"] == {
        "type": "http",
        "message": "gone",
        "class": "failed",
        "status": 410,
    }
    assert statuses(report)["build"] == "compensated"
    assert statuses(report)["mend"] == "not_taken"


def test_params_are_rendered_and_secrets_are_names() -> None:
    report = played()

    headers = entry(report, "ship", "would_call")["params"]["headers"]
    assert headers == {"Authorization": "Bearer [secret KEY]"}
    assert entry(report, "gate", "asked")["text"] == "Ship 3f1c?"
    assert entry(report, "gate", "decided")["text"] == "by U123: go on"


def test_what_it_waits_for_is_said_where_it_waits() -> None:
    report = played(decide={}, stubs={**STUBS, "ship": {"output": {}}})
    assert report.status == "failed"  # the question ran into its timeout

    open_end = rehearsed(EVERYTHING.replace(", timeout: 1d", ""), events=EVENTS, stubs=STUBS)
    assert open_end.status == "waiting"
    assert 'approve "Ship 3f1c?"' in (open_end.waiting_for or "")
    assert list(open_end.to_json()) == ["status", "outputs", "waiting_for", "steps", "timeline"]
