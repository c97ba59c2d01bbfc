"""Secret inputs: where a definition may hold them, and what its params make of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from tests.workflows.language.samples import Catalogue, problems
from workflows.core.commands import RunAction, StartChild
from workflows.core.core import Core
from workflows.core.facts import RunStarted
from workflows.core.layout import Body
from workflows.language.compile import compile_body

VEILED = "name: f\ninputs: {key: {type: string, secret: true}, host: {type: string}}\n"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def first(steps: str, inputs: dict[str, Any]) -> Any:
    """Return the first thing that a run asks for."""
    body = yaml.safe_load(f"{VEILED}steps: [{steps}]")
    core = Core(compile_body("h", body, Catalogue()))
    run = {"id": "run_1", "inputs": inputs}
    pinned = {"child": "h2"}
    (command,) = core.apply(RunStarted(NOON, inputs, {}, run, {"name": "f"}, "seed", pinned))
    return command


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("{{ inputs.key }}", {"$secret": "inputs.key"}),
        ("{{ run.inputs.key }}", {"$secret": "inputs.key"}),
        ("Bearer {{ inputs.key }}", {"$text": ["Bearer ", {"$secret": "inputs.key"}]}),
        ("{{ inputs.host }}", {"$$secret": "inputs.key"}),
    ],
)
def test_params_hold_a_handle_and_never_what_stands_for_the_value(text: str, params: Any) -> None:
    stored = {"key": {"$secret": "inputs.key"}, "host": {"$secret": "inputs.key"}}
    step = f"{{id: a, action: http.request, params: {{url: 'https://x', body: '{text}'}}}}"

    command = first(step, stored)

    assert isinstance(command, RunAction)
    assert command.params["body"] == params


def test_a_secret_input_that_nobody_gave_is_null() -> None:
    step = "{id: a, action: http.request, params: {url: 'https://x', body: '{{ inputs.key }}'}}"

    assert first(step, {"key": None, "host": None}).params["body"] is None


def test_the_inputs_of_a_child_hold_handles_and_their_data_is_escaped() -> None:
    step = "{id: a, workflow: child, inputs: {token: 'x{{ inputs.key }}', map: {$a: 1}}}"

    command = first(step, {"key": {"$secret": "inputs.key"}, "host": None})

    assert isinstance(command, StartChild)
    assert command.inputs == {
        "token": {"$text": ["x", {"$secret": "inputs.key"}]},
        "map": {"$$a": 1},
    }


def test_no_trigger_gives_a_secret_input() -> None:
    text = f"{VEILED}triggers: [{{event: process.completed, inputs: {{key: '{{{{ trigger.name }}}}'}}}}]\nsteps: [{{id: a, stop: x}}]"

    (problem,) = problems(text)

    assert (problem.code, problem.message) == (
        "secret",
        "the input `key` is secret, and what a trigger gives stands in clear",
    )
    assert "{{ secrets.NAME }}" in str(problem.hint)


def test_a_required_secret_input_and_a_trigger_do_not_go_together() -> None:
    text = (
        "name: f\ninputs: {key: {type: string, secret: true, required: true}}\n"
        "triggers: [{event: process.completed}]\nsteps: [{id: a, stop: x}]"
    )

    (problem,) = problems(text)

    assert problem.code == "missing"
    assert "A trigger cannot give what is secret" in str(problem.hint)


@pytest.mark.parametrize("kind", ["integer", "number", "boolean", "array", "object"])
def test_only_text_is_kept_secret(kind: str) -> None:
    text = f"name: f\ninputs: {{key: {{type: {kind}, secret: true}}}}\nsteps: [{{id: a, stop: x}}]"

    (problem,) = problems(text)

    assert "only text is kept secret" in problem.message


@pytest.mark.parametrize("place", ["key", "channel"])
def test_a_secret_input_names_neither_a_place_nor_a_channel(place: str) -> None:
    settings = {
        "key": "{concurrency: {key: '{{ inputs.key }}'}}",
        "channel": "{channel: '{{ inputs.key }}'}",
    }
    text = f"{VEILED}settings: {settings[place]}\nsteps: [{{id: a, stop: x}}]"

    assert [each.code for each in problems(text)] == ["secret"]


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ("argv: [deploy, '--key={{ inputs.key }}']", True),
        ("argv: [deploy, '{{ run.inputs.key }}']", True),
        ("argv: [deploy, '{{ secrets.KEY }}']", True),
        ("argv: [deploy, '{{ inputs.host }}']", False),
        ("argv: [deploy], env: {KEY: '{{ inputs.key }}'}", False),
    ],
)
def test_a_secret_among_the_arguments_of_a_program_is_warned_of(
    given: str, *, warned: bool
) -> None:
    text = f"{VEILED}steps: [{{id: a, action: shell.run, params: {{{given}}}}}]"

    found = [each for each in problems(text) if each.code == "secret"]

    assert [each.severity for each in found] == (["warning"] if warned else [])
    assert all("`env`" in str(each.hint) for each in found)


@pytest.mark.parametrize(
    "holder",
    [
        "for_each: [1], steps: [INNER, ASK]",
        "parallel: {x: [INNER], y: [ASK]}",
        "switch: [{if: 'true', steps: [INNER]}, {else: [ASK]}]",
        "repeat: {until: 'true', max: 1}, steps: [INNER, ASK]",
        "action: http.request, params: {url: 'https://x'}, on_error: [INNER, ASK]",
        "parallel: {x: [{id: deep, for_each: [1], steps: [INNER, ASK]}], y: [{id: z, set: {v: 1}}]}",
    ],
)
@pytest.mark.parametrize("hidden", [True, False])
def test_all_inside_a_step_with_a_secret_output_is_secret_but_what_people_answer(
    holder: str, *, hidden: bool
) -> None:
    inner = "{id: inner, action: http.request, params: {url: 'https://x'}}"
    ask = "{id: ask, approval: {title: May it, approvers: ['role:operator']}}"
    held = holder.replace("INNER", inner).replace("ASK", ask)
    step = f"{{id: a, {held}, secret_output: {str(hidden).lower()}}}"
    after = "{id: b, action: http.request, params: {url: 'https://x'}}"
    body = yaml.safe_load(f"name: f\nvars: {{v: 0}}\nsteps: [{step}, {after}]")

    found = secrecy(compile_body("h", body, Catalogue()).graph.top)

    assert (found["a"], found["inner"]) == (hidden, hidden)
    assert (found["ask"], found["b"]) == (False, False)


def secrecy(body: Body) -> dict[str, bool]:
    """Return which steps of *body*, at any depth, give what must not be seen."""
    found = {}
    for node in body.nodes:
        found[node.step.id] = node.step.secret_output
        for inner in node.bodies.values():
            found |= secrecy(inner)
    return found
