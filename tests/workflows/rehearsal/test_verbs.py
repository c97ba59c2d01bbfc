"""Loops, branches, waits, signals, children and what takes back, as a rehearsal shows them."""

import pytest

from tests.workflows.rehearsal.stand import entry, rehearsed, statuses, told

FAN = """
name: fan
inputs:
  hosts: {type: array, default: [a, b]}
steps:
  - id: fan
    for_each: "{{ inputs.hosts }}"
    key: "{{ item }}"
    steps:
      - {id: ask, action: shell.run, params: {argv: [ping, "{{ item }}"]}}
outputs:
  all: "{{ steps.fan.output }}"
"""
WAITS = """
name: waits
triggers:
  - id: build
    event: build.completed
    where: trigger.result.failed == 0
    inputs: {sha: "{{ trigger.result.sha }}"}
inputs:
  sha: {type: string, default: none}
steps:
  - id: tests
    wait_for: {event: test.ended, where: event.subject.sha == inputs.sha, timeout: 1h}
outputs:
  how: "{{ steps.tests.output.status }}"
"""
BUILD = {"type": "build.completed", "result": {"failed": 0, "sha": "3f1c"}}


def result_of(sha: str, at: str, status: str = "completed") -> dict[str, object]:
    return {"type": f"test.{status}", "subject": {"sha": sha}, "at": at}


def test_items_are_stubbed_by_their_path_or_for_all_of_them() -> None:
    stubs = {"fan.ask": {"output": 1}, "fan[b].ask": {"output": 2, "takes": "5s"}}
    report = rehearsed(FAN, stubs=stubs)

    assert report.outputs == {"all": [1, 2]}
    assert told(report, "started", "would_call", "completed") == [
        (0, "started", ""),
        (0, "started", "fan"),
        (0, "would_call", "fan[a].ask"),
        (0, "would_call", "fan[b].ask"),
        (0, "completed", "fan[a].ask"),
        (5, "completed", "fan[b].ask"),
        (5, "completed", "fan"),
    ]


def test_a_failing_item_cancels_the_others() -> None:
    stubs = {"fan[a].ask": {"error": "no"}, "fan[b].ask": {"output": 2, "takes": "5s"}}
    report = rehearsed(FAN, stubs=stubs)

    assert report.status == "failed"
    assert statuses(report) == {"fan": "failed", "fan[a].ask": "failed", "fan[b].ask": "cancelled"}
    assert (0, "cancelled", "fan[b].ask") in told(report)


def test_the_first_event_that_matches_a_trigger_starts_the_run() -> None:
    wrong = {"type": "build.completed", "result": {"failed": 2, "sha": "bad"}}
    report = rehearsed(
        WAITS, events=[wrong, BUILD, result_of("other", "5m"), result_of("3f1c", "10m")]
    )

    assert report.status == "completed"
    assert report.outputs == {"how": "completed"}
    assert entry(report, "", "started")["params"] == {"sha": "3f1c"}
    assert entry(report, "", "started")["text"] == "by the event `build.completed` (trigger build)"
    assert entry(report, "tests", "completed")["at"] == 600


def test_inputs_that_are_given_win_over_those_of_the_trigger() -> None:
    report = rehearsed(WAITS, events=[BUILD, result_of("mine", "1m")], inputs={"sha": "mine"})

    assert report.status == "completed"


def test_an_event_that_does_not_fit_is_not_taken_and_the_wait_ends_in_time() -> None:
    report = rehearsed(WAITS, events=[BUILD, result_of("other", "5m"), result_of("3f1c", "2h")])

    assert report.status == "failed"
    failed = entry(report, "tests", "failed")
    assert (failed["at"], failed["error"]["type"]) == (3600, "timeout")


def test_without_a_matching_event_the_run_is_started_by_hand() -> None:
    report = rehearsed(WAITS, events=[result_of("none", "1m")])

    assert entry(report, "", "started")["text"] == "by hand: no event matches a trigger"
    assert report.status == "completed"


def test_an_event_that_nobody_sends_leaves_the_run_waiting_for_it() -> None:
    report = rehearsed(WAITS.replace(", timeout: 1h", ""), events=[BUILD])

    assert report.status == "waiting"
    assert report.waiting_for == ("Waiting for `test.ended` with sha 3f1c, since 09:00 UTC")


def test_an_early_event_is_kept_unless_the_step_looks_from_now_on() -> None:
    text = WAITS.replace("steps:", "steps:\n  - {id: first, wait: 10m}")
    early = [BUILD, result_of("3f1c", "1m")]
    kept = rehearsed(text, events=early)
    late = rehearsed(text.replace("{event:", "{since: now, event:"), events=early)

    assert kept.status == "completed"
    assert late.status == "failed"


def test_one_event_answers_one_turn_of_a_loop_only() -> None:
    text = """
name: turns
steps:
  - id: poll
    repeat: {until: index == 1, max: 3}
    steps:
      - {id: hear, wait_for: {event: test.completed, timeout: 1h, on_timeout: continue}}
"""
    report = rehearsed(text, events=[result_of("a", "5m")])

    assert report.status == "completed"
    assert told(report, "completed")[:2] == [
        (300, "completed", "poll#1.hear"),
        (3900, "completed", "poll#2.hear"),
    ]


def test_an_event_belongs_to_the_thread_of_the_run_unless_it_names_another() -> None:
    text = 'name: w\nsteps:\n  - {id: a, wait_for: {event: test.completed, correlate: {run: "{{ run.id }}"}}}\n'
    ours = rehearsed(text, events=[{"type": "test.completed"}])
    theirs = rehearsed(text, events=[{"type": "test.completed", "run_id": "run_other"}])

    assert ours.status == "completed"
    assert theirs.status == "waiting"


def test_a_signal_is_heard() -> None:
    text = 'name: w\nsteps:\n  - {id: a, wait_for: {signal: go}}\noutputs: {who: "{{ steps.a.output.by }}"}\n'
    report = rehearsed(text, events=[{"signal": "go", "by": "U1", "at": "1m"}])

    assert report.outputs == {"who": "U1"}
    assert entry(report, "a", "completed")["at"] == 60


def test_a_race_cancels_the_loser_at_once() -> None:
    text = """
name: race
steps:
  - id: race
    join: any
    parallel:
      fast: [{id: a, wait: 1m}]
      slow: [{id: b, wait: 1h}]
"""
    report = rehearsed(text)

    assert entry(report, "race.slow.b", "cancelled")["at"] == 60
    assert entry(report, "", "ended")["at"] == 60


def test_what_failed_is_taken_back_latest_first_and_finally_runs() -> None:
    text = """
name: saga
steps:
  - {id: a, action: shell.run, params: {argv: [a]}, compensate: {action: shell.run, params: {argv: [undo-a]}}}
  - {id: b, action: shell.run, params: {argv: [b]}, compensate: {action: shell.run, params: {argv: [undo-b]}}}
  - {id: c, fail: enough}
finally:
  - {id: tidy, action: slack.post, params: {text: "{{ run.status }}"}}
"""
    report = rehearsed(text)

    assert report.status == "failed"
    assert [path for _, _, path in told(report, "would_call")] == [
        "a",
        "b",
        "b~undo",
        "a~undo",
        "finally.tidy",
    ]
    assert told(report, "compensated") == [(0, "compensated", "b"), (0, "compensated", "a")]
    assert entry(report, "finally.tidy", "posted")["text"] == "failed"


PARENT = """
name: parent
steps:
  - {id: call, workflow: child, inputs: {n: 2}}
outputs: {twice: "{{ steps.call.output.twice }}"}
"""
CHILD = """
name: child
inputs:
  n: {type: integer, required: true}
steps:
  - {id: gate, approval: {title: "May I?", approvers: ["<@U123>"]}}
outputs: {twice: "{{ inputs.n * 2 }}"}
"""


def test_a_child_is_rehearsed_with_its_parent() -> None:
    report = rehearsed(PARENT, CHILD, decide={"call/gate": "approve"})

    assert report.outputs == {"twice": 4}
    assert told(report, "started", "asked", "ended") == [
        (0, "started", ""),
        (0, "started", "call"),
        (0, "started", "call"),
        (0, "asked", "call/gate"),
        (0, "ended", "call"),
        (0, "ended", ""),
    ]


def test_a_child_that_says_no_fails_its_step() -> None:
    report = rehearsed(PARENT, CHILD, decide={"call/gate": "reject:never"})

    error = entry(report, "call", "failed")["error"]
    assert (error["type"], report.status) == ("child", "failed")
    assert "R-2 (`child`) failed: Rejected by U123: never" in error["message"]


def test_a_child_may_be_stubbed_or_missing() -> None:
    stubbed = rehearsed(PARENT, stubs={"call": {"output": {"twice": 8}, "takes": "1m"}})
    missing = rehearsed(PARENT)

    assert stubbed.outputs == {"twice": 8}
    assert entry(stubbed, "call", "completed")["at"] == 60
    assert "no such workflow" in entry(missing, "call", "failed")["error"]["message"]


def test_inputs_that_do_not_fit_a_child_fail_the_step() -> None:
    report = rehearsed(PARENT.replace("n: 2", "n: two"), CHILD)

    assert report.status == "failed"
    assert told(report, "asked") == []


def test_a_detached_child_goes_on_after_its_parent() -> None:
    text = PARENT.replace("inputs: {n: 2}}", "detach: true}").replace("twice: ", "id: ")
    child = "name: child\nsteps:\n  - {id: a, wait: 1h}\n"
    report = rehearsed(text.replace("steps.call.output.twice", "steps.call.output.run_id"), child)

    assert report.outputs == {"id": "run_rehearsal_2"}
    assert told(report, "ended") == [(0, "ended", ""), (3600, "ended", "call")]


def test_the_timeout_of_a_parent_ends_its_child() -> None:
    text = PARENT.replace("inputs: {n: 2}", "inputs: {n: 2}, timeout: 5m")
    report = rehearsed(text, CHILD)

    assert report.status == "failed"
    assert [at for at, _, path in told(report, "ended") if path == "call"] == [300]
    assert (300, "cancelled", "call/gate") in told(report)


def test_children_stand_sixteen_deep_and_no_deeper() -> None:
    text = "name: deep\nsteps:\n  - {id: a, wait: 1s}\n  - {id: b, condition: steps.a.status == 'completed', workflow: deep}\n"
    report = rehearsed(text)

    assert report.status == "failed"
    errors = [each.more["error"] for each in report.timeline if each.kind == "failed"]
    assert errors[0]["type"] == "limit"
    assert len(told(report, "ended")) == 17


@pytest.mark.parametrize(
    ("trigger", "event", "by"),
    [
        ("{schedule: '0 9 * * *'}", {"kind": "schedule", "due_at": "now"}, "`schedule`"),
        ("{file: 'in/*.csv'}", {"kind": "file", "path": "in/a.csv", "change": "added"}, "`file`"),
        (
            "{workflow: other, status: [failed]}",
            {"kind": "workflow", "workflow": "other", "status": "failed", "outputs": {}},
            "`workflow`",
        ),
        ("{webhook: generic, id: hook}", {"kind": "webhook", "body": {"a": 1}}, "`webhook`"),
        ("{slack: {message: deploy *}}", {"kind": "slack", "text": "Deploy web"}, "`slack`"),
        (
            "{slack: {reaction: eyes, channel: '#ops'}}",
            {"kind": "slack", "reaction": "eyes::skin-tone-2", "channel": "#ops"},
            "`slack`",
        ),
    ],
)
def test_triggers_of_other_kinds_are_rehearsed_too(
    trigger: str, event: dict[str, object], by: str
) -> None:
    text = f"name: w\ntriggers: [{trigger}]\nsteps: [{{id: a, stop: '{{{{ trigger.kind }}}}'}}]\n"
    report = rehearsed(text, events=[event])

    assert by in entry(report, "", "started")["text"]
    assert entry(report, "", "ended")["text"] == event["kind"]


def test_the_end_of_another_workflow_than_the_named_one_starts_nothing() -> None:
    text = "name: w\ntriggers: [{workflow: other, status: [failed]}]\nsteps: [{id: a, stop: x}]\n"
    for ended in ({"workflow": "third", "status": "failed"}, {"workflow": "other", "status": "x"}):
        report = rehearsed(text, events=[{"kind": "workflow", **ended}])
        assert entry(report, "", "started")["text"] == "by hand: no event matches a trigger"


@pytest.mark.parametrize(
    "said",
    [
        {"text": "deployment web", "channel": "#ops"},
        {"text": "deploy web", "channel": "#dev"},
        {"text": "deploy web", "reaction": "eyes"},
        {"text": 5},
        {},
    ],
)
def test_what_is_said_otherwise_or_elsewhere_in_slack_starts_nothing(said: dict[str, str]) -> None:
    slack = "{message: deploy *, channel: '#ops'}"
    text = f"name: w\ntriggers: [{{slack: {slack}}}]\nsteps: [{{id: a, stop: x}}]\n"
    report = rehearsed(text, events=[{"kind": "slack", **said}])

    assert entry(report, "", "started")["text"] == "by hand: no event matches a trigger"


def test_a_run_that_somebody_starts_in_slack_is_theirs_and_all_names_are_there() -> None:
    said = {"kind": "slack", "text": "deploy web", "user": "U0ADA"}
    what = "{{ run.started_by }} {{ trigger.thread_ts | default('alone') }}"
    steps = f'steps: [{{id: a, stop: "{what}"}}]'
    report = rehearsed(
        f"name: w\ntriggers: [{{slack: {{message: deploy *}}}}]\n{steps}\n", events=[said]
    )

    assert entry(report, "", "ended")["text"] == "U0ADA alone"


def test_what_a_run_with_a_child_waits_for_names_the_child() -> None:
    report = rehearsed(PARENT, CHILD)

    assert report.status == "waiting"
    assert report.waiting_for is not None
    assert "R-2 (child)" in report.waiting_for


def test_how_far_a_loop_is_stands_in_what_the_run_waits_for() -> None:
    text = FAN.replace(
        'action: shell.run, params: {argv: [ping, "{{ item }}"]}', "wait_for: {event: a.b}"
    )
    report = rehearsed(text, events=[{"type": "a.b"}])

    assert report.waiting_for is not None
    assert "1 of 2" in report.waiting_for
