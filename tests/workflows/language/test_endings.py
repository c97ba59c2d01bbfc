"""`on_failure`, `on_cancel` and `finally`: lists of steps that see all that came before."""

import pytest

from tests.workflows.language.samples import places, problems, read
from workflows.language.model import Workflow

LOG = "action: baton.log, params: {message: x}"


def flow(rest: str) -> str:
    return f"name: flow\nsteps:\n  - {{id: a, {LOG}}}\n  - {{id: b, {LOG}}}\n{rest}"


@pytest.mark.parametrize("key", ["on_failure", "on_cancel", "finally"])
def test_they_see_the_steps_at_the_top_and_how_the_run_ended(key: str) -> None:
    text = flow(
        f"{key}:\n  - {{id: tell, fail: '{{{{ steps.a.status }}}} {{{{ run.error.message }}}} "
        "{{ run.status }} {{ steps.b.output }}'}\n"
    )
    assert problems(text) == []
    assert read(text).workflow.model_fields_set >= {"name", "steps"}


def test_they_are_part_of_the_workflow() -> None:
    checked = read(flow(f"finally:\n  - {{id: tidy, {LOG}}}\n  - {{id: more, {LOG}}}\n"))

    assert [step.id for step in checked.workflow.finally_] == ["tidy", "more"]
    assert checked.workflow.on_failure == []
    again = Workflow.model_validate(dict(checked.body))
    assert (again.finally_, again.steps) == (checked.workflow.finally_, checked.workflow.steps)


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("finally: 5", (5, 10, "type")),
        ("on_failure: {id: x}", (5, 13, "type")),
        ("finally: [{id: a, stop: x}]", (5, 16, "duplicate")),
        ("finally: [{id: x, wait: 1s}, {id: x, stop: x}]", (5, 35, "duplicate")),
        ("finally: [{id: x, stop: x, needs: [a]}]", (5, 36, "unknown_step")),
        ("on_cancel: [{id: x}]", (5, 13, "verb")),
        ("on_cancel: [{stop: x}]", (5, 13, "missing")),
        ("finally: [{id: x, stop: '{{ error.type }}'}]", (5, 29, "expression")),
        ("outputs: {x: '{{ steps.tidy.output }}'}\nfinally: [{id: tidy, stop: x}]",
         (5, 18, "reference")),
        ("finally: [{id: x, name: '{{ run.id }}', stop: x}]", (5, 26, "stray_template")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_them_has_its_place(rest: str, problem: tuple[int, int, str]) -> None:
    assert places(flow(rest)) == [problem]


def test_they_do_not_see_each_other() -> None:
    text = flow(
        f"on_failure: [{{id: x, {LOG}}}]\nfinally: [{{id: y, stop: '{{{{ steps.x.status }}}}'}}]"
    )
    assert [(each.line, each.code) for each in problems(text)] == [(6, "reference")]
