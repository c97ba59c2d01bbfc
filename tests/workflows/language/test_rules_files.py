"""Rules that hold for every file: durations, names, keys of one's own, and where a problem stands."""

import typing
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.workflows.language.samples import Catalogue, places, problems, read, steps
from workflows.language.loader import read_yaml
from workflows.language.model import Part, Workflow
from workflows.language.reading import DefinitionReader

STEPS = "steps: [{id: a, stop: x}]"


def head(text: str) -> str:
    return f"name: flow\n{text}\n{STEPS}\n"


def models() -> Iterator[type[Part]]:
    found = [Part]
    for each in found:
        found += each.__subclasses__()
        if each.__module__.startswith("workflows."):
            yield each


def durations() -> Iterator[tuple[str, Any]]:
    """Yield every key that takes a duration, with its annotation."""
    for model in models():
        for name, annotation in typing.get_type_hints(model, include_extras=True).items():
            if "timedelta" in str(annotation):
                yield f"{model.__name__}.{name}", annotation


def takes(annotation: Any, text: str) -> bool:
    try:
        return TypeAdapter(annotation).validate_python(text) is not None
    except ValidationError:
        return False


def test_nothing_is_a_duration_for_delays_and_debounce_alone() -> None:
    keys = dict(durations())

    assert {"Step.timeout", "Settings.retention", "Trigger.within", "Escalation.after"} <= {*keys}
    assert {name for name, annotation in keys.items() if takes(annotation, "0s")} == {
        "Retry.delay",
        "Repeat.delay",
        "Trigger.debounce",
    }


def test_every_duration_takes_both_forms_and_no_bare_number() -> None:
    for name, annotation in durations():
        assert takes(annotation, "1h30m"), name
        assert takes(annotation, "PT5M"), name
        for wrong in ("10", "3 months", "1y", "P1M", "11000d", "P11000D"):
            assert not takes(annotation, wrong), (name, wrong)
    step = read(steps("- {id: a, wait: 1h, timeout: PT5M}")).workflow.steps[0]
    assert step.timeout == timedelta(minutes=5)


@pytest.mark.parametrize(
    "text",
    [
        "- {id: a, wait: 1s, x-note: '{{ anything }}'}",
        "- {id: a, for_each: [1], steps: [{id: b, wait: 1s, x-note: [1, {x: 2}]}]}",
        "- {id: a, wait: 1s, on_error: [{id: b, wait: 1s, x-note: 1}]}",
    ],
)
def test_keys_of_ones_own_stand_on_steps(text: str) -> None:
    assert problems(steps(text, "x-layout: {a: [1, 2], b: '{{ anything }}'}\n")) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (head("settings: {x-a: 1}"), "settings.x-a"),
        (head("inputs: {a: {type: string, x-a: 1}}"), "inputs.a.x-a"),
        (head("triggers: [{event: test.failed, x-a: 1}]"), "triggers[0].x-a"),
        (steps("- {id: a, wait_for: {signal: go, x-a: 1}}"), "steps[0].wait_for.x-a"),
        (steps("- {id: a, approval: {title: t, x-a: 1, approvers: ['@t']}}"),
         "steps[0].approval.x-a"),
    ],
)  # fmt: skip
def test_keys_of_ones_own_stand_nowhere_else(text: str, path: str) -> None:
    assert [(each.code, each.path) for each in problems(text)] == [("unknown_key", path)]


def test_the_top_level_has_these_keys_and_no_others() -> None:
    known = {field.alias or name for name, field in Workflow.model_fields.items()}

    assert known == {
        "name", "title", "description", "owner", "tags", "inputs", "vars", "triggers", "settings",
        "steps", "outputs", "on_failure", "on_cancel", "finally",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "mended"),
    [
        (steps("- {id: Run Tests, wait: 1s}"), "steps[0].id", "run_tests"),
        (steps("- {id: run-tests, wait: 1s}"), "steps[0].id", "run_tests"),
        (steps("- {id: a, for_each: [1], as: My Item, steps: [{id: b, wait: 1s}]}"),
         "steps[0].as", "my_item"),
        (steps("- {id: a, parallel: {Fast One: [{id: b, wait: 1s}]}}"),
         "steps[0].parallel.Fast One", "fast_one"),
        (head("inputs: {My-Input: {type: string}}"), "inputs.My-Input", "my_input"),
        (head("vars: {1st: 1}"), "vars.1st", "st"),
        (head("triggers: [{event: test.failed, id: '0'}]"), "triggers[0].id", "n0"),
        (f"name: Über Flow!\n{STEPS}", "name", "uber-flow"),
        (f"name: {'f' * 65}\n{STEPS}", "name", "f" * 64),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_offered_mended(text: str, place: str, mended: str) -> None:
    (problem,) = problems(text)

    assert (problem.code, problem.path, problem.hint) == ("slug", place, f"Write `{mended}`.")


def test_names_have_up_to_64_characters_and_workflows_hyphens() -> None:
    name = "a" + "_9" * 31 + "z"
    assert len(name) == 64
    assert problems(steps(f"- {{id: {name}, wait: 1s}}")) == []
    assert problems(f"name: nightly-build_2\n{STEPS}") == []


def test_a_file_may_be_called_anything() -> None:
    text = head("title: T").encode()

    (found,) = DefinitionReader(Catalogue()).read({"Some other Name.yml": text}, {}).values()

    assert found.definition.name == "flow"  # type: ignore[union-attr]  # it was not refused


def test_values_count_and_keys_do_not() -> None:
    pairs = ",".join(f"k{number}: 1" for number in range(4_999))
    assert len(read_yaml(f"{{{pairs}}}", file="f").data) == 4_999


def test_what_is_absent_stands_in_the_first_line_of_its_step() -> None:
    text = "- id: ask\n  name: Ask\n  approval:\n    description: x\n    approvers: ['@t']"

    assert places(steps(text)) == [(3, 5, "missing")]


def test_a_cycle_of_many_is_one_problem() -> None:
    lines = [f"- {{id: s{n}, wait: 1s, needs: [s{(n + 1) % 30}]}}" for n in range(30)]

    assert [code for _, _, code in places(steps("\n".join(lines)))] == ["cycle"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (head("settings: {concurrency: {limit: 1.5}}"), "`limit` must be a whole number, not `1.5`"),
        (head("triggers: [{all_of: [{file: x}], within: 1h}]"), "`all_of` needs at least 2 entries"),
        (head("tags: 5"), "`tags` must be a list, not a number"),
        (head("settings: {max_runs_per_hour: 0}"), "`max_runs_per_hour` must be at least 1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_as_what_it_is(text: str, message: str) -> None:
    (problem,) = problems(text)

    assert problem.message == message
