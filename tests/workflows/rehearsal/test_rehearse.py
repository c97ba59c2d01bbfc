"""Rehearsals: the real core, a clock that jumps, and nothing performed."""

from pathlib import Path
from time import process_time
from typing import Any

import pytest

from tests.workflows.rehearsal.stand import entry, rehearsed, statuses, told
from workflows.language.errors import InvalidInputs
from workflows.rehearsal import InvalidScript

CALL = "name: call\nsteps:\n  - {id: a, action: shell.run, params: {argv: [make]}}\n"
GATE = """
name: gated
steps:
  - id: gate
    approval: {title: Deploy?, approvers: ["<@U123>"], timeout: 4h, remind: 30m, decisions: [approve, reject, later]}
  - {id: deploy, action: shell.run, params: {argv: [./deploy.sh]}}
"""


def test_a_week_takes_milliseconds() -> None:
    began = process_time()
    report = rehearsed("name: slow\nsteps:\n  - {id: a, wait: 1w}\n  - {id: b, stop: done}\n")

    assert process_time() - began < 1
    assert report.status == "completed"
    assert told(report, "waiting", "completed", "ended") == [
        (0, "waiting", "a"),
        (604_800, "completed", "a"),
        (604_800, "completed", "b"),
        (604_800, "ended", ""),
    ]


def test_the_report_has_the_members_that_the_language_names() -> None:
    report = rehearsed(CALL, stubs={"a": {"output": {"exit_code": 0}, "takes": "30s"}}).to_json()

    assert list(report) == ["status", "outputs", "steps", "timeline"]
    assert report["status"] == "completed"
    assert report["outputs"] == {}
    assert report["steps"] == [{"path": "a", "status": "completed", "attempts": 1}]
    params = {"argv": ["make"]}
    assert report["timeline"] == [
        {"at": 0, "path": "", "kind": "started", "text": "by hand"},
        {
            "at": 0,
            "path": "a",
            "kind": "would_call",
            "text": "shell.run",
            "params": params,
            "attempt": 1,
        },
        {"at": 0, "path": "", "kind": "posted", "status": "Running"},
        {"at": 30, "path": "a", "kind": "completed", "output": {"exit_code": 0}},
        {"at": 30, "path": "", "kind": "posted", "status": "Succeeded"},
        {"at": 30, "path": "", "kind": "ended", "status": "completed", "output": {}},
    ]


def test_without_a_stub_an_action_gives_a_marked_sample_of_its_model() -> None:
    report = rehearsed(CALL)

    done = entry(report, "a", "completed")
    assert set(done["output"]) == {"exit_code", "stdout", "stderr", "truncated"}
    assert done["output"]["exit_code"] == 0
    assert done["text"] == "a sample of its result"


def test_the_sample_of_a_post_tells_where_it_stands_only_if_it_is_awaited() -> None:
    post = "  - {id: %s, action: slack.post, params: {text: x%s}}\n"
    text = f"name: w\nsteps:\n{post % ('a', '')}{post % ('b', ', await: sent')}"
    text += post % ("c", ', channel: ["#a", "#b"], await: sent')
    report = rehearsed(text)

    given = {path: entry(report, path, "completed")["output"] for path in "abc"}
    assert set(given["a"]) == {"notice_id"}
    assert set(given["b"]) == {"notice_id", "channel", "ts", "permalink"}
    assert set(given["c"]) == {*given["b"], "notice_ids", "messages"}
    assert len(given["c"]["messages"]) == 2


def test_nothing_is_performed(tmp_path: Path) -> None:
    target = tmp_path / "made"
    text = f"name: call\nsteps:\n  - {{id: a, action: shell.run, params: {{argv: [touch, {target}]}}}}\n"

    assert rehearsed(text).status == "completed"
    assert not target.exists()


def test_params_that_do_not_fit_fail_as_they_would() -> None:
    text = 'name: w\ninputs:\n  n: {type: integer}\nsteps:\n  - {id: a, action: shell.run, params: {argv: [make], cwd: "{{ inputs.n }}"}}\n'
    report = rehearsed(text, inputs={"n": 3}, stubs={"a": {"output": {}}})

    assert statuses(report) == {"a": "failed"}
    assert entry(report, "a", "failed")["error"]["type"] == "params"


def test_the_last_answer_of_a_list_repeats_and_a_retry_waits() -> None:
    text = "name: w\nsteps:\n  - {id: a, action: files.write, params: {path: a, content: b}, retry: {attempts: 3, delay: 10s, backoff: 1}}\n"
    bad = {"error": "no room", "type": "disk"}
    report = rehearsed(text, stubs={"a": [bad, bad, {"output": {"path": "a", "size": 1}}]})

    assert report.status == "completed"
    assert [each.attempts for each in report.steps] == [3]
    assert told(report, "would_call") == [
        (0, "would_call", "a"),
        (10, "would_call", "a"),
        (20, "would_call", "a"),
    ]
    assert told(report, "failed") == []

    gone = rehearsed(text, stubs={"a": bad})
    assert gone.status == "failed"
    assert entry(gone, "a", "failed")["error"]["message"] == "no room"


def test_an_answer_that_takes_longer_than_the_timeout_is_not_wanted() -> None:
    text = "name: w\nsteps:\n  - {id: a, action: shell.run, params: {argv: [make]}, timeout: 1m}\n"
    report = rehearsed(text, stubs={"a": {"output": {}, "takes": "2m"}})

    assert report.status == "failed"
    assert entry(report, "a", "failed")["error"]["type"] == "timeout"
    assert entry(report, "", "ended")["at"] == 60


@pytest.mark.parametrize(
    ("choice", "status", "end"),
    [("approve", "completed", "completed"), ("reject:not now", "not_taken", "failed")],
)
def test_people_answer_as_the_script_says(choice: str, status: str, end: str) -> None:
    report = rehearsed(GATE, decide={"gate": choice})

    assert (report.status, statuses(report)["deploy"]) == (end, status)
    asked = entry(report, "gate", "asked")
    assert asked["params"]["covers"] == [
        {"path": "deploy", "action": "shell.run", "params": {"argv": ["./deploy.sh"]}}
    ]
    assert entry(report, "gate", "decided")["status"] == choice.partition(":")[0]
    assert ("would_call" in {each.kind for each in report.timeline}) == (end == "completed")


def test_an_undecided_approval_reminds_and_runs_into_its_timeout() -> None:
    report = rehearsed(GATE)

    assert report.status == "failed"
    assert entry(report, "gate", "posted") == {
        "at": 1800,
        "path": "gate",
        "kind": "posted",
        "text": "Reminder: Deploy?",
    }
    assert entry(report, "gate", "decided")["at"] == 14_400
    assert statuses(report) == {"gate": "failed", "deploy": "not_taken"}


def test_an_undecided_approval_without_a_timeout_leaves_the_run_waiting() -> None:
    report = rehearsed(GATE.replace("timeout: 4h, remind: 30m, ", ""))

    assert report.status == "waiting"
    assert report.waiting_for == 'Waiting for 1 of <@U123> to answer "Deploy?" (A-1)'
    assert report.to_json()["waiting_for"] == report.waiting_for
    assert report.outputs is None
    assert told(report, "ended") == []


def test_a_decision_comes_when_the_script_says_so_and_by_whom() -> None:
    report = rehearsed(
        GATE, decide={"gate": {"choice": "later", "after": "1h", "by": "U9", "comment": "busy"}}
    )

    assert report.status == "completed"
    decided = entry(report, "gate", "decided")
    assert (decided["at"], decided["text"]) == (3600, "by U9: busy")
    assert entry(report, "gate", "completed")["output"]["decision"] == "later"


QUORUM = GATE.replace("timeout: 4h", "quorum: 2, timeout: 4h").replace("<@U123>", "role:operator")


def test_named_people_count_one_each_until_there_are_enough() -> None:
    two = [
        {"choice": "approve", "by": "U1", "after": "5m"},
        {"choice": "approve", "by": "U2", "after": "9m"},
    ]
    report = rehearsed(QUORUM, decide={"gate": two})

    decided = [each for each in report.timeline if each.kind == "decided"]
    assert [(each.at, each.more["text"]) for each in decided] == [
        (300, "by U1, 1 of 2"),
        (540, "by U2"),
    ]
    assert report.status == "completed"
    votes = entry(report, "gate", "completed")["output"]["votes"]
    assert [each["by"] for each in votes] == ["U1", "U2"]


@pytest.mark.parametrize(
    "given",
    [
        {"choice": "approve", "by": "U1"},
        [{"choice": "approve", "by": "U1"}, {"choice": "approve", "by": "U1"}],
        [{"choice": "approve", "by": "U1"}, {"choice": "later", "by": "U2"}],
    ],
)
def test_too_few_people_leave_a_question_to_the_clock(given: Any) -> None:
    report = rehearsed(QUORUM, decide={"gate": given})

    assert report.status == "failed"
    assert statuses(report)["deploy"] == "not_taken"
    assert entry(report, "", "ended")["at"] == 14_400


def test_an_answer_of_nobody_in_particular_stands_for_all_who_are_needed() -> None:
    assert rehearsed(QUORUM, decide={"gate": "approve"}).status == "completed"
    one = [{"choice": "approve", "by": "U1"}, {"choice": "reject", "by": "U2", "comment": "no"}]
    assert rehearsed(QUORUM, decide={"gate": one}).status == "failed"


def test_a_choice_that_the_question_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidScript, match=r"decide\.gate: there is no decision `maybe` here"):
        rehearsed(GATE, decide={"gate": "maybe"})


def test_requires_approval_is_decided_at_its_gate_or_by_its_step() -> None:
    text = "name: w\nsettings: {approvers: ['<@U123>']}\nsteps:\n  - {id: a, action: shell.run, params: {argv: [make]}, requires_approval: true}\n"
    for path in ("a~approval", "a"):
        report = rehearsed(text, decide={path: "approve"})
        assert report.status == "completed"
        assert statuses(report) == {"a~approval": "completed", "a": "completed"}


def test_inputs_that_do_not_fit_are_refused() -> None:
    text = (
        "name: w\ninputs:\n  n: {type: integer, required: true}\nsteps:\n  - {id: a, stop: done}\n"
    )
    with pytest.raises(InvalidInputs, match="`n` is required"):
        rehearsed(text)


def test_a_secret_stays_a_handle_and_a_secret_output_is_covered() -> None:
    text = """
name: w
inputs:
  token: {type: string, secret: true}
steps:
  - {id: a, action: http.request, params: {url: "https://x.example", headers: {Authorization: "Bearer {{ secrets.KEY }}", Other: "{{ inputs.token }}"}}}
  - {id: b, action: shell.run, params: {argv: [make]}, secret_output: true}
  - {id: c, action: slack.post, params: {text: "{{ steps.b.output.stdout }}!"}}
"""
    stub: dict[str, Any] = {"exit_code": 0, "stdout": "hush-hush", "stderr": "", "truncated": False}
    report = rehearsed(text, inputs={"token": "tok-12345"}, stubs={"b": {"output": stub}})

    headers = entry(report, "a", "would_call")["params"]["headers"]
    assert headers == {"Authorization": "Bearer [secret KEY]", "Other": "[secret inputs.token]"}
    assert entry(report, "b", "completed")["output"] == "••••••"
    assert entry(report, "c", "posted")["text"] == "••••••!"
    assert "hush-hush" not in str(report.to_json())
    assert "tok-12345" not in str(report.to_json())


@pytest.mark.parametrize(
    ("holder", "at"),
    [
        ("for_each: [1]\n    steps: [INNER]", "held.make"),
        ("parallel: {x: [INNER], y: [{id: z, wait: 1s}]}", "held.x.make"),
        ("switch: [{if: 'false', steps: [{id: z, wait: 1s}]}, {else: [INNER]}]", "held.else.make"),
        ("repeat: {until: 'true', max: 1}\n    steps: [INNER]", "held.make"),
    ],
)
def test_nothing_inside_a_step_with_a_secret_output_is_shown(holder: str, at: str) -> None:
    say = "{id: say, action: slack.post, params: {text: 'It is {{ steps.make.output.stdout }}'}}"
    inner = f"{{id: make, action: shell.run, params: {{argv: [make]}}}}, {say}"
    text = f"""
name: w
steps:
  - id: held
    {holder.replace("INNER", inner)}
    secret_output: true
"""
    stub: dict[str, Any] = {"exit_code": 0, "stdout": "hush-hush", "stderr": "", "truncated": False}
    report = rehearsed(text, stubs={at: {"output": stub}})

    assert "It is ••••••" in str(report.to_json())
    assert "hush-hush" not in str(report.to_json())


def test_what_a_child_gives_back_is_covered_where_its_step_is_secret() -> None:
    text = """
name: w
steps:
  - {id: kid, workflow: other, secret_output: true}
  - {id: say, action: slack.post, params: {text: "It is {{ steps.kid.output.key }}"}}
"""
    report = rehearsed(text, stubs={"kid": {"output": {"key": "hush-hush"}}})

    assert entry(report, "kid", "completed")["output"] == "••••••"
    assert entry(report, "say", "posted")["text"] == "It is ••••••"
    assert "hush-hush" not in str(report.to_json())


@pytest.mark.parametrize("hides", [True, False])
def test_a_child_of_a_secret_step_is_rehearsed_without_showing_what_it_gives(hides: bool) -> None:  # noqa: FBT001
    text = f"""
name: w
steps:
  - {{id: kid, workflow: other, secret_output: {str(hides).lower()}}}
"""
    child = """
name: other
steps:
  - {id: make, action: shell.run, params: {argv: [make]}}
  - {id: say, action: slack.post, params: {text: "It is {{ steps.make.output.stdout }}"}}
outputs: {key: "{{ steps.make.output.stdout }}"}
"""
    stub: dict[str, Any] = {"exit_code": 0, "stdout": "hush-hush", "stderr": "", "truncated": False}
    report = rehearsed(text, child, stubs={"kid/make": {"output": stub}})

    assert report.status == "completed"
    assert ("It is ••••••" in str(report.to_json())) is hides
    assert ("hush-hush" in str(report.to_json())) is not hides


def test_what_nobody_knows_waits_for_a_person_and_the_script_may_say_it() -> None:
    lost = {"error": "lost", "class": "unknown"}
    waits = rehearsed(CALL, stubs={"a": lost})
    assert waits.status == "unknown"
    assert waits.waiting_for is not None
    assert "retry, done or fail" in waits.waiting_for

    again = rehearsed(CALL, stubs={"a": [lost, {"output": {}}]}, decide={"a": "retry"})
    assert (again.status, again.steps[0].attempts) == ("completed", 2)


def test_what_the_script_says_and_nobody_needs_is_noted() -> None:
    report = rehearsed(CALL, stubs={"b": {"output": 1}}, decide={"c": "approve"})

    assert report.notes == (
        "The stub for `b` was not needed.",
        "The decision for `c` was not needed.",
    )


def test_notify_decides_what_is_posted() -> None:
    failing = {"a": {"error": "no"}}
    loud = rehearsed(CALL, stubs=failing)
    quiet = rehearsed(CALL.replace("steps:", "settings: {notify: none}\nsteps:"), stubs=failing)

    texts = [
        each.more.get("text", each.more.get("status"))
        for each in loud.timeline
        if each.kind == "posted"
    ]
    assert texts == ["Running", "a failed: no", "Failed"]
    assert told(quiet, "posted") == []


def test_slack_post_shows_what_it_would_say_and_where() -> None:
    text = "name: w\nsteps:\n  - {id: a, action: slack.post, params: {text: hello, channel: ['#a', '#b']}}\n  - {id: b, action: slack.post, params: {text: 'as {{ steps.a.output.notice_id }}'}}\n"
    report = rehearsed(text)

    said = [each.more for each in report.timeline if each.kind == "posted" and "text" in each.more]
    assert said == [
        {"text": "hello", "params": {"channel": "#a"}},
        {"text": "hello", "params": {"channel": "#b"}},
        {"text": "as nt_sample"},
    ]


def test_two_rehearsals_of_one_script_are_the_same() -> None:
    text = "name: w\nsteps:\n  - {id: a, action: files.write, params: {path: a, content: b}, retry: {attempts: 5, jitter: 0.5}}\n"
    stubs = {"a": {"error": "no"}}

    assert rehearsed(text, stubs=stubs) == rehearsed(text, stubs=stubs)
