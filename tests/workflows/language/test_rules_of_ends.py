"""What follows what in a file, what a failure does, and how a run ends."""

from typing import Any

import pytest

from tests.workflows.rehearsal.stand import entry, rehearsed, statuses, told
from workflows.rehearsal import Rehearsal

MAKE = "action: shell.run, params: {argv: [make]}"
BAD = {"error": "broken"}
AFTER = """
name: w
steps:
  - {id: a, %s}
  - {id: b, action: shell.run, params: {argv: [make]}, needs: [%s]}
  - {id: mend, wait: 1s, needs: [%s]}
"""


def played(steps: str, *, head: str = "", **given: Any) -> Rehearsal:
    return rehearsed(f"name: w\n{head}steps:\n{steps}", **given)


@pytest.mark.parametrize(
    ("edge", "taken"),
    [
        ("a", {"completed": True, "skipped": True, "handled": True}),
        ("{step: a, on: success}", {"completed": True, "skipped": False, "handled": False}),
        ("{step: a, on: failure}", {"completed": False, "skipped": False, "handled": True}),
        ("{step: a, on: always}", {"completed": True, "skipped": True, "handled": True}),
        (
            "{step: a, if: steps.a.status != 'skipped'}",
            {"completed": True, "skipped": False, "handled": True},
        ),
    ],
)
def test_an_edge_holds_for_what_it_says(edge: str, taken: dict[str, bool]) -> None:
    ways = {
        "completed": f"{MAKE}",
        "skipped": f"{MAKE}, condition: 'false'",
        "handled": "action: shell.run, params: {argv: [bad]}, on_error: continue",
    }
    for way, how in ways.items():
        report = rehearsed(AFTER % (how, edge, "a"), stubs={"a": BAD} if way == "handled" else {})
        assert statuses(report)["b"] == ("completed" if taken[way] else "not_taken"), way
        assert report.status == "completed"


@pytest.mark.parametrize("edge", ["{step: a, on: always}", "{step: a, if: 'true'}"])
def test_always_and_if_edges_handle_nothing(edge: str) -> None:
    report = rehearsed(AFTER % (MAKE, edge, "a"), stubs={"a": BAD})

    assert report.status == "failed"
    assert statuses(report)["b"] == ("completed" if "always" in edge else "not_taken")
    assert statuses(report)["mend"] == "not_taken"


def test_a_failure_edge_that_holds_handles_the_failure() -> None:
    report = rehearsed(AFTER % (MAKE, "{step: a, on: failure}", "a"), stubs={"a": BAD})

    assert report.status == "completed"
    assert statuses(report) == {"a": "failed", "b": "completed", "mend": "completed"}


def test_without_needs_a_step_waits_for_the_one_before_and_an_empty_list_is_a_root() -> None:
    text = f"  - {{id: a, {MAKE}}}\n  - {{id: b, {MAKE}}}\n  - {{id: c, {MAKE}, needs: []}}\n"
    report = played(text, stubs={"a": {"takes": "5s"}})

    assert told(report, "would_call") == [
        (0, "would_call", "a"),
        (0, "would_call", "c"),
        (5, "would_call", "b"),
    ]


def test_every_edge_must_hold_and_of_any_the_first_is_enough() -> None:
    slow = f"""\
  - {{id: a, {MAKE}, needs: []}}
  - {{id: b, {MAKE}, needs: []}}
  - {{id: both, {MAKE}, needs: [a, b]}}
  - {{id: either, {MAKE}, needs: {{any: [a, b]}}}}
"""
    report = played(slow, stubs={"a": {"takes": "5s"}, "b": {"takes": "9s"}})

    assert entry(report, "either", "would_call")["at"] == 5
    assert entry(report, "both", "would_call")["at"] == 9


def test_what_cannot_be_taken_any_more_is_not_taken_and_so_on_down() -> None:
    text = f"""\
  - {{id: a, {MAKE}, on_error: continue}}
  - {{id: b, {MAKE}, needs: [{{step: a, on: success}}]}}
  - {{id: c, {MAKE}}}
  - {{id: d, {MAKE}, needs: {{any: [c, a]}}}}
"""
    report = played(text, stubs={"a": BAD})

    assert [statuses(report)[each] for each in "bcd"] == ["not_taken", "not_taken", "completed"]


def test_a_condition_is_asked_before_any_approval_and_what_is_skipped_satisfies() -> None:
    head = 'settings: {approvers: ["<@U123>"]}\n'
    text = f"  - {{id: a, {MAKE}, requires_approval: true, condition: 'false'}}\n  - {{id: b, {MAKE}}}\n"
    report = played(text, head=head)

    assert report.status == "completed"
    assert statuses(report) == {"a": "skipped", "b": "completed"}
    assert told(report, "asked") == []


def test_after_an_unhandled_failure_only_what_hangs_on_always_edges_starts() -> None:
    text = f"""\
  - {{id: a, {MAKE}, needs: []}}
  - {{id: open, wait: 1h, needs: []}}
  - {{id: later, {MAKE}, needs: [open]}}
  - {{id: clean, {MAKE}, needs: [{{step: a, on: always}}]}}
  - {{id: more, {MAKE}, needs: [clean]}}
"""
    report = played(text, stubs={"a": BAD})

    assert statuses(report) == {
        "a": "failed",
        "open": "cancelled",
        "later": "not_taken",
        "clean": "completed",
        "more": "not_taken",
    }
    assert entry(report, "", "ended")["error"] == {
        "type": "failed",
        "message": "broken",
        "class": "failed",
        "path": "a",
    }


def test_one_unhandled_failure_ends_a_loop_unless_the_step_goes_on() -> None:
    loop = f"  - {{id: fan, for_each: [x, y, z], concurrency: 2, steps: [{{id: p, {MAKE}%s}}]}}\n"
    stubs = {"fan[0].p": BAD, "fan.p": {"takes": "5s"}}

    ended = played(loop % "", stubs=stubs)
    assert ended.status == "failed"
    assert statuses(ended) == {"fan": "failed", "fan[0].p": "failed", "fan[1].p": "cancelled"}

    went_on = played(loop % ", on_error: continue", stubs=stubs)
    assert went_on.status == "completed"
    assert statuses(went_on)["fan[2].p"] == "completed"


def test_steps_that_handle_a_failure_see_it_and_the_run_goes_on() -> None:
    text = f"""\
  - id: a
    action: shell.run
    params: {{argv: [make]}}
    on_error:
      - {{id: tell, action: slack.post, params: {{text: "{{{{ error.type }}}}/{{{{ error.class }}}}/{{{{ error.status }}}}: {{{{ error.message }}}}"}}}}
  - {{id: b, {MAKE}}}
"""
    stubs = {"a": {"error": "no room", "type": "disk", "status": 28}}
    report = played(text, stubs=stubs)

    assert statuses(report) == {"a": "failed", "a~error.tell": "completed", "b": "completed"}
    said = entry(report, "a~error.tell", "posted")["text"]
    assert said == "disk/failed/28: no room"


ENDING = """
name: w
steps:
  - {id: a, action: shell.run, params: {argv: [make]}, compensate: {action: shell.run, params: {argv: [undo, "{{ steps.a.output.stdout }}"]}}}
  - id: fan
    for_each: [x, y]
    concurrency: 1
    steps: [{id: p, action: shell.run, params: {argv: [make]}, compensate: {action: shell.run, params: {argv: [undo, "{{ item }}"]}}}]
  - {id: end, switch: [{if: inputs.how == 'fail', steps: [{id: f, fail: because}]}, {if: inputs.how == 'stop', steps: [{id: s, stop: enough}]}]}
  - {id: last, wait: 1s}
inputs: {how: {type: string, default: ""}}
outputs: {last: "{{ steps.last.status }}", none: "{{ steps.last.duration }}"}
on_failure: [{id: tell, action: slack.post, params: {text: "{{ run.status }}: {{ run.error.message }}; {{ steps.last.status }}, {{ steps.a.status }}"}}]
on_cancel: [{id: never, wait: 1s}]
finally: [{id: tidy, action: slack.post, params: {text: "tidy {{ run.status }}"}}, {id: t, condition: inputs.how == 'late', fail: dirty}]
"""


def test_a_failure_takes_back_latest_first_at_any_depth_then_tells_then_tidies() -> None:
    stubs = {"a": {"output": {"stdout": "A"}}, "fan[1].p~undo": {"error": "locked"}}
    report = rehearsed(ENDING, inputs={"how": "fail"}, stubs=stubs)

    assert [path for _, _, path in told(report, "would_call", "failed")] == [
        "a",
        "fan[0].p",
        "fan[1].p",
        "end.0.f",
        "fan[1].p~undo",
        "fan[1].p~undo",  # it could not, and the others go on
        "fan[0].p~undo",
        "a~undo",
        "on_failure.tell",
        "finally.tidy",
    ]
    assert entry(report, "a~undo", "would_call")["params"] == {"argv": ["undo", "A"]}
    assert entry(report, "fan[0].p~undo", "would_call")["params"] == {"argv": ["undo", "x"]}
    assert statuses(report)["fan[1].p"] == "completed"
    assert statuses(report)["fan[0].p"] == "compensated"
    said = entry(report, "on_failure.tell", "posted")["text"]
    assert said == "failed: because; not_taken, compensated"
    assert entry(report, "fan[1].p~undo", "posted")["text"] == "Undo of p failed: locked"
    error = entry(report, "", "ended")["error"]
    assert error["message"] == "because (not taken back: fan[1].p: locked)"
    assert "pending" not in statuses(report).values()


def test_a_stop_takes_nothing_back_leaves_out_what_is_missing_and_tidies() -> None:
    report = rehearsed(ENDING, inputs={"how": "stop"})

    assert report.status == "completed"
    assert "compensated" not in statuses(report).values()
    assert [each.path for each in report.steps if each.path.startswith(("on_", "finally"))] == [
        "finally.tidy",
        "finally.t",
    ]
    assert entry(report, "finally.tidy", "posted")["text"] == "tidy completed"
    assert report.outputs == {"last": "not_taken"}


def test_a_failed_finally_fails_a_completed_run_whose_outputs_are_there() -> None:
    report = rehearsed(ENDING, inputs={"how": "late"})

    assert report.status == "failed"
    assert entry(report, "", "ended")["error"]["message"] == "dirty"
    assert (report.outputs or {})["last"] == "completed"
    assert "compensated" not in statuses(report).values()
    assert "on_failure.tell" not in statuses(report)


def test_what_fails_in_a_list_after_a_failure_changes_nothing() -> None:
    text = ENDING.replace(
        "{id: t, condition: inputs.how == 'late', fail: dirty}", "{id: t, fail: dirty}"
    )
    report = rehearsed(text, inputs={"how": "fail"})

    assert entry(report, "", "ended")["error"]["message"] == "because"
    assert entry(report, "finally.t", "posted")["text"] == "t failed: dirty"


PATHS = """
name: w
settings: {approvers: ["<@U123>"]}
steps:
  - {id: review, action: shell.run, params: {argv: [make]}}
  - {id: fan, for_each: [x, y], steps: [{id: post, wait: 1s}]}
  - {id: keyed, for_each: ["one", "a b", "x]", "5"], key: "{{ item }}", steps: [{id: post, wait: 1s}]}
  - {id: poll, repeat: {until: index == 1, max: 3}, steps: [{id: check, wait: 1s}]}
  - {id: race, parallel: {fast: [{id: a, wait: 1s}], slow: [{id: a, wait: 2s}]}}
  - {id: route, switch: [{if: "true", steps: [{id: a, wait: 1s}]}, {else: [{id: a, wait: 1s}]}]}
  - {id: other, switch: [{if: "false", steps: [{id: a, wait: 1s}]}, {else: [{id: a, for_each: [1], steps: [{id: in, wait: 1s}]}]}]}
  - {id: fetch, action: shell.run, params: {argv: [fetch]}, on_error: [{id: cache, wait: 1s}]}
  - {id: deploy, action: shell.run, params: {argv: [go]}, requires_approval: true, compensate: {action: shell.run, params: {argv: [back]}}}
  - {id: bad, fail: "no"}
on_failure: [{id: tell, wait: 1s}]
finally: [{id: tidy, wait: 1s}]
"""


def test_steps_are_called_by_paths_that_say_where_they_stand() -> None:
    report = rehearsed(PATHS, stubs={"fetch": BAD}, decide={"deploy": "approve"})

    assert statuses(report) == {
        "review": "completed",
        "fan": "completed",
        "fan[0].post": "completed",
        "fan[1].post": "completed",
        "keyed": "completed",
        "keyed[one].post": "completed",
        'keyed["a b"].post': "completed",
        'keyed["x]"].post': "completed",
        "keyed[5].post": "completed",
        "poll": "completed",
        "poll#1.check": "completed",
        "poll#2.check": "completed",
        "race": "completed",
        "race.fast.a": "completed",
        "race.slow.a": "completed",
        "route": "completed",
        "route.0.a": "completed",
        "other": "completed",
        "other.else.a": "completed",
        "other.else.a[0].in": "completed",
        "fetch": "failed",
        "fetch~error.cache": "completed",
        "deploy~approval": "completed",
        "deploy": "compensated",
        "deploy~undo": "completed",
        "bad": "failed",
        "on_failure.tell": "completed",
        "finally.tidy": "completed",
    }
    asked = entry(report, "deploy~approval", "asked")
    assert asked["text"] == "Run deploy?"
    assert [each["path"] for each in asked["params"]["covers"]] == ["deploy"]
