"""Children: they exist, they take what they are given, and they do not go on for ever."""

from typing import Any

import pytest

from tests.workflows.language.samples import Catalogue, places, problems, steps
from workflows.language.checks import check
from workflows.language.errors import InvalidDefinition, Problem
from workflows.language.model import Input
from workflows.language.neighbours import Known, Neighbours, outline
from workflows.language.together import check_together

CHILD = Known(
    inputs={
        "host": Input(type="string", required=True),
        "count": Input(type="integer", maximum=5),
        "token": Input(type="string", secret=True),
        "odd": None,
    }
)


def said(step: str, *, complete: bool = True, head: str = "") -> list[Problem]:
    neighbours = Neighbours({"child": CHILD}, complete=complete)
    try:
        text = steps(f"- {{id: a, {step}}}", head)
        return list(check(text, Catalogue(), file="f", neighbours=neighbours).warnings)
    except InvalidDefinition as refused:
        return list(refused.problems)


def test_a_child_that_takes_what_it_is_given_is_fine() -> None:
    assert said("workflow: child, inputs: {host: x, count: 5, odd: 3}") == []
    assert said("workflow: child, inputs: {host: '{{ run.id }}', count: '{{ run.id }}'}") == []
    assert said("workflow: child, inputs: {host: x}, detach: true, timeout: 1h, retry: 2") == []


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(
    ("step", "message", "hint"),
    [
        ("workflow: chidl", "workflow `chidl`", "Did you mean `child`?"),
        (
            "workflow: child",
            "the workflow `child` needs the input `host`",
            "Add it under `inputs`.",
        ),
        (
            "workflow: child, inputs: {hots: x, host: y}",
            "the workflow `child` has no input `hots`",
            "Did you mean `host`?",
        ),
        (
            "workflow: child, inputs: {host: x, count: 6}",
            "`count` must be at most 5",
            None,
        ),
    ],
)
def test_what_does_not_fit_is_an_error_where_all_are_known_and_else_a_warning(
    step: str, message: str, hint: str | None, *, complete: bool
) -> None:
    (problem,) = said(step, complete=complete)

    assert (problem.code, problem.hint) == ("child", hint)
    assert message in problem.message
    assert problem.severity == ("error" if complete else "warning")


def test_of_a_file_alone_it_is_said_that_nothing_is_known() -> None:
    (problem,) = problems(steps("- {id: a, workflow: other}"))

    assert (problem.severity, problem.code) == ("warning", "child")
    assert problem.hint == "It must be published before this one."


@pytest.mark.parametrize(
    ("name", "code", "column"),
    [("'{{ run.id }}'", "stray_template", 24), ("A b", "slug", 23), ("''", "value", 23), ("5", "type", 23)],
)  # fmt: skip
def test_the_name_of_a_child_is_written_out(name: str, code: str, column: int) -> None:
    found = [(each.code, each.column) for each in said(f"workflow: {name}")]
    assert found == [(code, column)]


VEILED = "inputs: {key: {type: string, secret: true}}\n"


def test_a_secret_input_goes_into_params_and_into_secret_inputs_only() -> None:
    give = "{host: x, token: '{{ inputs.key }}'}"
    assert said(f"workflow: child, inputs: {give}", head=VEILED) == []
    params = "{url: 'https://x', headers: {a: '{{ inputs.key }}'}}"
    assert said(f"action: http.request, params: {params}", head=VEILED) == []
    (problem,) = said("workflow: child, inputs: {host: '{{ inputs.key }}'}", head=VEILED)
    assert problem.message == "the input `key` is secret, and would be shown here"


@pytest.mark.parametrize(
    "text",
    [
        "- {id: a, stop: '{{ inputs.key }}'}",
        "- {id: a, stop: '{{ run.inputs.key }}'}",
        "- {id: a, stop: '{{ inputs }}'}",
        "- {id: a, stop: '{{ inputs[run.id] }}'}",
        "- {id: a, stop: '{{ run.inputs }}'}",
        "- {id: a, stop: x, condition: inputs.key == 'x'}",
    ],
)
def test_a_secret_input_is_looked_at_nowhere_else(text: str) -> None:
    assert [each.code for each in problems(steps(text, VEILED))] == ["secret"]
    assert problems(steps(text, VEILED.replace(", secret: true", ""))) == []


def test_neither_vars_nor_outputs_show_a_secret_input() -> None:
    text = f"name: f\n{VEILED}vars: {{v: '{{{{ inputs.key }}}}'}}\nsteps: [{{id: a, stop: x}}]\n"

    assert [each.code for each in problems(text)] == ["secret"]
    assert [
        each.code
        for each in problems(
            f"name: f\n{VEILED}steps: [{{id: a, stop: x}}]\noutputs: {{o: '{{{{ inputs.key }}}}'}}"
        )
    ] == ["secret"]


def test_a_secret_has_no_default() -> None:
    text = "name: f\ninputs: {key: {type: string, secret: true, default: x}}\nsteps: [{id: a, stop: x}]"

    assert places(text) == [(2, 53, "value")]


def together(**files: str) -> list[tuple[str, int, str, str]]:
    found = check_together({f"{n}.yaml": t for n, t in files.items()}, Catalogue())
    return [(each.file, each.line, each.code, each.message) for each in found.problems]


def calling(name: str, step: str) -> str:
    return f"name: {name}\nsteps:\n  - {step}\n"


def test_a_circle_of_children_without_a_condition_is_refused() -> None:
    assert together(
        a=calling("a", "{id: x, workflow: b}"),
        b=calling("b", "{id: x, parallel: {p: [{id: y, workflow: c}]}}"),
        c=calling("c", "{id: x, repeat: {until: 'true', max: 2}, steps: [{id: y, workflow: a}]}"),
    ) == [
        ("a.yaml", 3, "recursion", "this would go on for ever: a -> b -> c -> a"),
        ("b.yaml", 3, "recursion", "this would go on for ever: b -> c -> a -> b"),
        ("c.yaml", 3, "recursion", "this would go on for ever: c -> a -> b -> c"),
    ]
    assert together(a=calling("a", "{id: x, workflow: a}")) == [
        ("a.yaml", 3, "recursion", "this would go on for ever: a -> a")
    ]


@pytest.mark.parametrize(
    "step",
    [
        "{id: x, workflow: a, condition: inputs is defined}",
        "{id: x, switch: [{if: 'true', steps: [{id: y, workflow: a}]}]}",
        "{id: x, for_each: '{{ run.inputs.x }}', steps: [{id: y, workflow: a}]}",
        "{id: w, stop: x, condition: 'true'}\n  - {id: x, workflow: a}",
        "{id: w, wait: 1s}\n  - {id: x, workflow: a, needs: [{step: w, on: failure}]}",
        "{id: w, wait: 1s, on_error: [{id: x, workflow: a}]}",
    ],
)
def test_a_circle_that_may_end_is_fine(step: str) -> None:
    assert together(a=calling("a", step)) == []


def test_two_files_do_not_define_one_workflow() -> None:
    text = calling("a", "{id: x, stop: x}")

    assert together(a=text, b=text) == [
        ("b.yaml", 1, "duplicate", "`a.yaml` defines a workflow `a` as well")
    ]
    found = check_together({"one/a.yaml": text, "two/a.yaml": text}, Catalogue())
    assert found.problems == ()


def test_a_file_that_is_no_yaml_does_not_stand_in_the_way_of_the_others() -> None:
    found = check_together(
        {"a.yaml": "name: [", "b.yaml": calling("b", "{id: x, stop: x}"), "c.yaml": b"\xff"},
        Catalogue(),
    )

    assert [(each.file, each.code) for each in found.problems] == [
        ("a.yaml", "syntax"),
        ("c.yaml", "syntax"),
    ]
    assert list(found.checked) == ["b.yaml"]
    assert found.failed


def test_what_is_published_makes_the_others_complete() -> None:
    files = {"a.yaml": calling("a", "{id: x, workflow: b}")}

    known = check_together(files, Catalogue(), published={"b": Known()})
    unknown = check_together(files, Catalogue(), published={})

    assert (known.problems, known.failed) == ((), False)
    assert [each.severity for each in unknown.problems] == ["error"]


def test_a_trigger_may_wait_for_a_workflow_that_is_not_there_yet() -> None:
    text = "name: f\ntriggers: [{workflow: chidl}]\nsteps: [{id: a, stop: x}]"
    known = {"child": Known()}

    (problem,) = check_together({"f": text}, Catalogue(), published=known).problems

    assert (problem.severity, problem.code) == ("warning", "child")
    assert problem.hint == "Did you mean `child`?"
    assert check_together({"f": text}, Catalogue()).problems == ()


@pytest.mark.parametrize(
    "body", [None, 5, [], {}, {"name": 5}, {"name": "a", "steps": 5, "inputs": [], "outputs": 3}]
)
def test_an_outline_of_anything_is_taken(body: Any) -> None:
    found = outline(body)
    assert found is None or found == ("a", Known())


def test_an_outline_has_what_others_need_to_know() -> None:
    found = outline(
        {
            "name": "a",
            "inputs": {"x": {"type": "string"}, "y": {"type": "nonsense"}},
            "outputs": {"z": 1},
            "steps": [5, {"workflow": "b"}, {"workflow": "c", "condition": "x"}, {"workflow": "b"}],
        }
    )

    assert found == ("a", Known({"x": Input(type="string"), "y": None}, ("z",), ("b",)))
