"""What every verb of a file gives and does: short definitions, played on the real core."""

from typing import Any

import pytest

from tests.workflows.rehearsal.stand import entry, rehearsed, statuses, told
from workflows.rehearsal import Rehearsal

MAKE = "action: shell.run, params: {argv: [make]}"
GATE = 'approval: {title: Go?, approvers: ["<@U123>"]'
ONE, TWO, BAD = {"output": 1}, {"output": 2}, {"error": "broken"}


def played(steps: str, *beside: str, head: str = "", **given: Any) -> Rehearsal:
    """Rehearse these steps; the output of step `a` is that of the run, if `head` has no other."""
    ends = "" if "outputs:" in head else 'outputs: {a: "{{ steps.a.output }}"}\n'
    return rehearsed(f"name: w\n{head}{ends}steps:\n{steps}", *beside, **given)


@pytest.mark.parametrize(
    ("step", "given", "output"),
    [
        (f"{{id: a, {MAKE}}}", {"stubs": {"a": ONE}}, 1),
        ("{id: a, wait: 10m}", {}, None),
        ("{id: a, wait: {until: '2026-01-05T10:00:00+00:00'}}", {}, None),
        ("{id: a, set: {v: 2}}", {}, None),
        ("{id: a, wait_for: {event: test.completed, timeout: 1m, on_timeout: continue}}", {}, None),
        (
            "{id: a, wait_for: {signal: go}}",
            {"events": [{"at": "5m", "signal": "go", "payload": [1], "by": "U1"}]},
            {"name": "go", "payload": [1], "by": "U1", "at": "2026-01-05T09:05:00+00:00"},
        ),
        (
            f"{{id: a, {GATE}}}}}",
            {"decide": {"a": {"choice": "approve", "comment": "fine", "by": "U123"}}},
            {
                "decision": "approve",
                "by": "U123",
                "comment": "fine",
                "text": None,
                "at": "2026-01-05T09:00:00+00:00",
                "votes": [
                    {
                        "by": "U123",
                        "choice": "approve",
                        "comment": "fine",
                        "at": "2026-01-05T09:00:00+00:00",
                    }
                ],
            },
        ),
        (
            f"{{id: a, for_each: [x, y], steps: [{{id: p, {MAKE}}}, {{id: q, {MAKE}}}]}}",
            {"stubs": {"a[0].q": ONE, "a[1].q": TWO}},
            [1, 2],
        ),
        (
            f"{{id: a, for_each: [x, y], collect: '{{{{ item }}}}{{{{ index }}}}', steps: [{{id: p, {MAKE}}}]}}",
            {},
            ["x0", "y1"],
        ),
        (
            f"{{id: a, for_each: [x, y], steps: [{{id: p, {MAKE}, on_error: continue}}]}}",
            {"stubs": {"a[0].p": BAD, "a[1].p": TWO}},
            [None, 2],
        ),
        ("{id: a, for_each: [], steps: [{id: p, wait: 1s}]}", {}, []),
        (
            f"{{id: a, parallel: {{l: [{{id: p, wait: 1s}}, {{id: q, {MAKE}}}], r: [{{id: p, {MAKE}}}]}}}}",
            {"stubs": {"a.l.q": ONE, "a.r.p": TWO}},
            {"l": 1, "r": 2, "winner": "r"},
        ),
        (
            f"{{id: a, join: any, parallel: {{l: [{{id: p, wait: 1h}}], r: [{{id: p, {MAKE}}}]}}}}",
            {"stubs": {"a.r.p": TWO}},
            {"l": None, "r": 2, "winner": "r"},
        ),
        (
            f"{{id: a, switch: [{{if: 'false', steps: [{{id: p, {MAKE}}}]}}, {{if: 'true', steps: [{{id: p, {MAKE}}}, {{id: q, condition: 'false', {MAKE}}}]}}]}}",
            {"stubs": {"a.1.p": TWO}},
            2,
        ),
        (f"{{id: a, switch: [{{if: 'false', steps: [{{id: p, {MAKE}}}]}}]}}", {}, None),
        (
            f"{{id: a, repeat: {{until: index == 1, max: 3}}, steps: [{{id: p, {MAKE}}}]}}",
            {"stubs": {"a.p": [ONE, TWO]}},
            2,
        ),
        ("{id: a, workflow: kid, inputs: {n: 3}}", {}, {"twice": 6}),
        (
            "{id: a, workflow: kid, inputs: {n: 3}, detach: true}",
            {},
            {"run_id": "run_rehearsal_2", "url": "https://baton.example/r/R-2"},
        ),
    ],
)
def test_a_verb_gives_its_output(step: str, given: Any, output: Any) -> None:
    kid = 'name: kid\ninputs: {n: {type: integer}}\noutputs: {twice: "{{ inputs.n * 2 }}"}\nsteps: [{id: x, wait: 1m}]\n'
    report = played(f"  - {step}\n", kid, head="vars: {v: 1}\n", **given)

    assert (report.status, report.outputs) == ("completed", {"a": output})


def test_an_event_is_the_output_of_the_step_that_waited_for_it() -> None:
    event = {"at": "5m", "type": "test.completed", "name": "web", "result": {"sha": "3f1c"}}
    report = played("  - {id: a, wait_for: {event: test.completed}}\n", events=[event])

    output = (report.outputs or {})["a"]
    assert output["name"] == "web"
    assert output["status"] == "completed"
    assert output["category"] == "test"
    assert output["result"] == {"sha": "3f1c"}
    assert output["received_at"] == "2026-01-05T09:05:00Z"


def test_set_takes_all_values_from_before_the_step() -> None:
    head = "vars: {v: 1, w: 2}\noutputs: {v: '{{ vars.v }}', w: '{{ vars.w }}'}\n"
    report = played("  - {id: a, set: {v: '{{ vars.w }}', w: '{{ vars.v }}'}}\n", head=head)

    assert report.outputs == {"v": 2, "w": 1}


def test_sixteen_turns_go_on_at_once_unless_it_says_how_many() -> None:
    items = "[" + ", ".join(map(str, range(20))) + "]"
    body = f"steps: [{{id: p, {MAKE}}}]"
    slow = {"a.p": {"output": 0, "takes": "10s"}}
    report = played(f"  - {{id: a, for_each: {items}, {body}}}\n", stubs=slow)
    assert [at for at, _, _ in told(report, "would_call")] == [0] * 16 + [10] * 4

    report = played(f"  - {{id: a, for_each: [1, 2, 3], concurrency: 1, {body}}}\n", stubs=slow)
    assert [at for at, _, _ in told(report, "would_call")] == [0, 10, 20]


def test_until_is_asked_after_each_turn_and_the_delay_lies_between_turns() -> None:
    poll = f"  - {{id: a, repeat: {{until: 'false', max: 3, delay: 5s}}, steps: [{{id: p, {MAKE}}}]}}\n"
    report = played(poll)

    assert [at for at, _, _ in told(report, "would_call")] == [0, 5, 10]
    assert entry(report, "a", "failed")["at"] == 10  # no delay after the last turn
    assert entry(report, "a", "failed")["error"]["type"] == "exhausted"


def test_a_past_time_is_no_wait() -> None:
    report = played("  - {id: a, wait: {until: '2025-12-31T00:00:00+01:00'}}\n")

    assert entry(report, "", "ended")["at"] == 0


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("wait: '{{ inputs.x }}'", "`wait` needs a duration"),
        ("wait: {until: '{{ inputs.x }}'}", "`wait.until` needs an RFC 3339 time with offset"),
        (
            "for_each: '{{ inputs.x }}', steps: [{id: p, wait: 1s}]",
            "Of a map, take `| items`, `| keys` or `| values`.",
        ),
        (
            "for_each: [1, 1], key: '{{ item }}', steps: [{id: p, wait: 1s}]",
            "items 0 and 1 have the same key '1'",
        ),
    ],
)
def test_what_cannot_be_meant_at_run_time_fails_the_step_with_a_sentence(
    step: str, text: str
) -> None:
    report = played(f"  - {{id: a, {step}}}\n", head="inputs: {x: {type: integer, default: 5}}\n")

    error = entry(report, "a", "failed")["error"]
    assert error["type"] == "expression"
    assert text in error["message"]
    assert report.status == "failed"


def test_any_and_a_number_wait_for_that_many_and_cancel_the_rest() -> None:
    def branch(name: str) -> str:
        return f"{name}: [{{id: p, {MAKE}}}]"

    race = f"parallel: {{{branch('x')}, {branch('y')}, {branch('z')}}}"
    takes = {
        "a.x.p": {"takes": "1s"},
        "a.y.p": {"takes": "2s"},
        "a.z.p": {"error": "broken", "takes": "3s"},
    }
    report = played(f"  - {{id: a, join: 2, {race}}}\n", stubs=takes)
    assert statuses(report)["a.z.p"] == "cancelled"
    assert entry(report, "a", "completed")["at"] == 2

    report = played(f"  - {{id: a, {race}}}\n", stubs=takes)
    assert (report.status, entry(report, "a", "failed")["at"]) == ("failed", 3)

    lost = {**takes, "a.x.p": {"error": "no", "takes": "1s"}, "a.y.p": {"takes": "9s"}}
    report = played(f"  - {{id: a, join: 2, {race}}}\n", stubs=lost)
    assert entry(report, "a", "failed")["at"] == 3  # two of three can no longer complete
    assert statuses(report)["a.y.p"] == "cancelled"
    assert entry(report, "", "ended")["error"]["message"] == "broken"


def test_fail_ends_the_whole_run_with_compensation_and_stop_without() -> None:
    made = f"  - {{id: a, {MAKE}, compensate: {{{MAKE}}}}}\n"
    beside = "  - {id: long, wait: 1h, needs: []}\n"
    deep = "  - {id: route, needs: [a], switch: [{if: 'true', steps: [{id: end, %s: 'n = {{ 1 + 1 }}'}]}]}\n"

    failed = played(made + beside + deep % "fail")
    assert statuses(failed)["a"] == "compensated"
    assert statuses(failed)["long"] == "cancelled"
    error = entry(failed, "", "ended")["error"]
    assert (error["type"], error["message"], error["path"]) == ("failed", "n = 2", "route.0.end")

    stopped = played(made + beside + deep % "stop")
    assert stopped.status == "completed"
    assert statuses(stopped)["a"] == "completed"
    assert statuses(stopped)["long"] == "cancelled"
    assert entry(stopped, "", "ended")["text"] == "n = 2"
