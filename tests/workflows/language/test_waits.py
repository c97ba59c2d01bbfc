"""`wait_for`: what may stand there, and what becomes of it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.language.samples import Catalogue, places, problems, read, steps
from workflows.core.plan import EvaluationFailed, WaitFor
from workflows.language.compile import compile_workflow
from workflows.language.schema import workflow_schema

HEAD = "inputs: {sha: {type: string}, n: {type: integer}}\nvars: {list: []}\n"


def wait(text: str) -> str:
    return steps(f"- {{id: a, wait_for: {{{text}}}}}", HEAD)


def said(text: str) -> list[tuple[str, str, str | None]]:
    return [(each.code, each.message, each.hint) for each in problems(wait(text))]


def compiled(text: str, *more: str) -> WaitFor:
    checked = read("\n".join([wait(text), *more]))
    (step, *_) = compile_workflow(checked.workflow, Catalogue(), revision="r").steps
    assert isinstance(step.verb, WaitFor)
    return step.verb


def names(**more: Any) -> dict[str, Any]:
    return {"inputs": {"sha": "3f1c", "n": 7}, "vars": {"list": ["x"]}, "run": {"id": "r"}} | more


@pytest.mark.parametrize(
    "text",
    [
        'event: test.completed, correlate: {sha: "{{ inputs.sha }}"}',
        "event: test_complete, correlate: {run: '{{ run.id }}'}, timeout: 4h, on_timeout: continue",
        "event: webhook, correlate: 'corr:ci:{{ inputs.n }}', since: now",
        "event: '*.ended', where: event.process_id == inputs.sha",
        'event: github.push, where: "inputs.sha == event.data.after and event.data.forced"',
        "event: test.*, correlate: {labels.team: web, result.build.n: 7}",
    ],
)
def test_what_is_fine(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("event: test.complete, correlate: {run: r}", "event", "Did you mean `completed`?"),
        ("event: tset.failed, correlate: {run: r}", "event", "Did you mean `test.failed`?"),
        ("correlate: {run: r}", "missing", None),
        ("event: test.failed, correlate: {shaa: x}", "reference", "Did you mean `sha`?"),
        ("event: test.failed, correlate: {subjects.sha: x}", "reference", None),
        ("event: test.failed, correlate: {sha: ''}", "value", None),
        ("event: test.failed, correlate: {sha: true}", "type", None),
        ("event: test.failed, correlate: {}", "value", None),
        ("event: test.failed, correlate: 7", "type", None),
        ("event: test.failed, correlate: {sha: '{{ inputs.shaa }}'}", "reference", "Did you mean `sha`?"),
        ("event: test.failed, correlate: {sha: '{{ event.x }}'}", "expression", None),
        ("event: test.failed, correlate: {sha: '{{ secrets.X }}'}", "expression", None),
        ("event: test.failed, where: event.nmae == 'x'", "reference", "Did you mean `name`?"),
        ("event: test.failed, where: '{{ event.name }}'", "expression", None),
        ("event: test.failed, where: trigger.name == event.nam", "reference", "Did you mean `name`?"),
        ("event: '{{ inputs.sha }}', correlate: {run: r}", "stray_template", None),
        ("event: test.failed, correlate: {run: r}, timeout: 0s", "duration", None),
        ("event: test.failed, correlate: {run: r}, timeout: 5", "duration", None),
        ("event: test.failed, correlate: {run: r}, since: then", "value", None),
        ("event: test.failed, correlate: {run: r}, on_timeout: stop, timeout: 1h", "value", None),
        ("event: test.failed, correlate: {run: r}, on_timeout: continue", "no_effect", None),
        ("event: test.failed, corelate: {run: r}", "unknown_key", "Did you mean `correlate`?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_once_with_the_mend(text: str, code: str, hint: str | None) -> None:
    found = [each for each in said(text) if each[0] != "scanning"]

    assert [each[0] for each in found] == [code]
    assert hint is None or found[0][2] == hint


@pytest.mark.parametrize(
    "text", ["event: test.failed", "event: test.failed, where: event.name != 'x' or event.n == 1"]
)
def test_a_wait_that_looks_at_every_event_is_a_warning(text: str) -> None:
    ((code, message, _),) = [each for each in said(text) if each[0] == "scanning"]

    assert (code, message) == (
        "scanning",
        "every `test.failed` is looked at, whatever it is about",
    )


def test_a_signal_is_waited_for_by_its_name_alone() -> None:
    assert said("signal: go, timeout: 1h, on_timeout: continue") == []
    assert [code for code, _, _ in said("signal: go, event: test.failed")] == ["exclusive"]
    assert [code for code, _, _ in said("signal: go, where: 'true', since: now")] == [
        "misplaced",
        "misplaced",
    ]


def test_keys_that_do_not_go_with_it_are_refused() -> None:
    text = steps(
        "- id: a\n  wait_for: {event: test.failed, correlate: {run: r}}\n  timeout: 5m\n  retry: 3\n"
        "  repeatable: true"
    )
    assert places(text) == [(5, 5, "misplaced"), (6, 5, "misplaced"), (7, 5, "misplaced")]


def test_the_output_is_an_event() -> None:
    text = wait("event: test.failed, correlate: {run: r}") + (
        "  - {id: b, fail: '{{ steps.a.output.name }} {{ steps.a.output.nam }}'}\n"
    )
    ((code, message),) = [(each.code, each.message) for each in problems(text)]
    assert (code, message) == ("reference", "the output of an event has no `nam`")


def test_what_an_event_must_hold_is_found_in_correlate_and_in_where() -> None:
    verb = compiled(
        'event: test_complete, correlate: {sha: "{{ inputs.sha }}", run: "{{ run.id }}"}, '
        "where: \"event.result.n == inputs.n and (7 == event.labels['a'] and event.name == 'x')\""
    )

    assert verb.event == "test.ended"
    assert verb.correlate(names()) == [
        [["labels", "a"], "7"],
        [["name"], "x"],
        [["result", "n"], "7"],
        [["run"], "r"],
        [["subject", "sha"], "3f1c"],
    ]


def test_an_equality_with_what_has_no_text_is_left_to_the_condition() -> None:
    verb = compiled(
        "event: test.failed, correlate: {run: r}, "
        "where: event.name == vars.list and event.message == inputs.sha and event.id == event.source"
    )
    given = names(inputs={"sha": None})
    assert verb.correlate(given) == [[["run"], "r"]]
    assert verb.correlate(names(inputs={})) == [[["run"], "r"]]


@pytest.mark.parametrize("value", [None, "", [], {"a": 1}, "x" * 1001])
def test_a_value_that_no_event_can_hold_fails_the_step(value: Any) -> None:
    verb = compiled('event: test.failed, correlate: {sha: "{{ inputs.sha }}"}')
    with pytest.raises(EvaluationFailed, match="correlate"):
        verb.correlate(names(inputs={"sha": value}))


def test_where_takes_along_what_it_looks_up_in_the_run() -> None:
    verb = compiled(
        "event: test.failed, where: \"event.name == inputs.sha and vars.list[0] == 'x'"
        ' and inputs.n | default(1) == 1"'
    )
    assert verb.names is not None
    assert verb.names(names(inputs={"sha": "3f1c", "m": 1})) == {
        "inputs": {"sha": "3f1c"},
        "vars": {"list": ["x"]},
    }
    assert compiled("event: test.failed, correlate: {run: r}").names is None


def test_where_may_not_take_along_too_much() -> None:
    verb = compiled("event: test.failed, where: event.name == inputs.sha")
    assert verb.names is not None
    with pytest.raises(EvaluationFailed, match="65,536 bytes"):
        verb.names(names(inputs={"sha": "x" * 70_000}))


def test_a_step_with_a_timeout_goes_on_or_fails() -> None:
    verb = compiled("event: test.failed, correlate: {run: r}, timeout: 90s, on_timeout: continue")
    assert (verb.timeout, verb.on_timeout, verb.since) == (
        timedelta(seconds=90),
        "continue",
        "start",
    )


def test_the_schema_knows_it() -> None:
    schema = workflow_schema()
    assert set(schema["$defs"]["WaitFor"]["properties"]) == {
        "event", "signal", "where", "correlate", "since", "timeout", "on_timeout",
    }  # fmt: skip
    assert "wait_for" in schema["$defs"]["Step"]["properties"]


@pytest.mark.parametrize(
    "name", ["process_complete", "process_failed", "mcp_tool_complete", "synthesis_complete"]
)
def test_older_names_of_events_are_names_too(name: str) -> None:
    text = f"name: flow\ntriggers: [{{event: {name}}}]\nsteps: [{{id: a, stop: x}}]"
    assert problems(text) == []


def test_it_is_known_which_steps_give_what_an_event_must_hold() -> None:
    written = "\n".join(
        [
            *(f"- {{id: {each}, action: shell.run, params: {{argv: [x]}}}}" for each in "bcd"),
            "- id: a",
            "  wait_for:",
            "    event: test.failed",
            "    correlate: {sha: '{{ steps.b.output.stdout | upper }}', message: '{{ run.id }}'}",
            "    where: event.name == steps.c.output.stdout and steps.d.output.stdout in event.message",
        ]
    )
    checked = read(steps(written))
    verb = compile_workflow(checked.workflow, Catalogue(), revision="r").steps[-1].verb
    assert isinstance(verb, WaitFor)
    assert {place: set(read_there) for place, read_there in verb.reads} == {
        ("subject", "sha"): {"b"},
        ("message",): set(),
        ("name",): {"c"},
        (): {"c", "d"},
    }
