"""Inputs: what a run is started with fits what its workflow declares, and nothing is guessed."""

from typing import Any

import pytest

from tests.workflows.language.samples import places
from workflows.language.errors import InvalidInputs
from workflows.language.inputs import check_inputs, inputs_from_text
from workflows.language.model import Input
from workflows.language.schema import inputs_schema

DECLARED: dict[str, Any] = {
    "target": {"type": "string", "enum": ["staging", "production"], "default": "staging"},
    "sha": {"type": "string", "pattern": "^[0-9a-f]{7,}$", "required": True, "max_length": 40},
    "count": {"type": "integer", "minimum": 1, "maximum": 9},
    "ratio": {"type": "number"},
    "force": {"type": "boolean", "default": False},
    "tags": {"type": "array", "items": {"type": "string", "min_length": 2}, "max_length": 2},
    "extra": {"type": "object"},
}
INPUTS = {name: Input.model_validate(each) for name, each in DECLARED.items()}


def test_defaults_are_filled_in_and_the_rest_is_null() -> None:
    assert check_inputs(INPUTS, {"sha": "abcdef1", "count": 3}) == {
        "target": "staging",
        "sha": "abcdef1",
        "count": 3,
        "ratio": None,
        "force": False,
        "tags": None,
        "extra": None,
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("target", "prod", 'must be one of "staging", "production"'),
        ("target", 5, "must be text, not a number"),
        ("sha", "xyz", "must match the pattern"),
        ("sha", "a" * 41, "at most 40 characters"),
        ("sha", None, "is required"),
        ("count", "3", "must be a whole number, not text"),
        ("count", 3.0, "must be a whole number"),
        ("count", True, "must be a whole number, not a boolean"),
        ("count", 0, "at least 1"),
        ("count", 10, "at most 9"),
        ("count", 2**53 + 1, "must be a whole number"),
        ("ratio", True, "must be a number"),
        ("ratio", float("nan"), "must be a number"),
        ("force", "true", "must be true or false, not text"),
        ("force", 1, "must be true or false"),
        ("tags", "a", "must be a list"),
        ("tags", ["aa", 5], "is wrong at 1: it must be text"),
        ("tags", ["a"], "is wrong at 0: it must have at least 2 characters"),
        ("tags", ["aa", "bb", "cc"], "at most 2 items"),
        ("extra", [], "must be a map"),
        ("cuont", 1, "there is no input `cuont`"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidInputs) as refused:
        check_inputs(INPUTS, {"sha": "abcdef1", name: value})

    (problem,) = refused.value.problems
    assert (problem.path, message in problem.message) == (f"inputs.{name}", True), problem


def test_all_wrong_values_are_reported_together() -> None:
    with pytest.raises(InvalidInputs) as refused:
        check_inputs(INPUTS, {"count": 0, "force": "x", "cuont": 1})

    assert [each.path.removeprefix("inputs.") for each in refused.value.problems] == [
        "cuont", "sha", "count", "force",
    ]  # fmt: skip
    assert refused.value.problems[0].hint == "Did you mean `count`?"
    assert "inputs.sha: `sha` is required." in str(refused.value)


def test_what_people_type_becomes_what_is_meant() -> None:
    typed = {"sha": "1234567", "count": "3", "ratio": "0.5", "force": "yes", "tags": '["aa"]'}

    assert inputs_from_text(INPUTS, typed) == {
        "sha": "1234567",
        "count": 3,
        "ratio": 0.5,
        "force": True,
        "tags": ["aa"],
    }


def test_what_cannot_be_read_stays_text_and_is_refused() -> None:
    typed = {
        "sha": "1234567",
        "count": "three",
        "force": "perhaps",
        "tags": "a,b",
        "ratio": "9" * 99,
    }

    values = inputs_from_text(INPUTS, {**typed, "unknown": "5"})

    assert values["count"] == "three"
    with pytest.raises(InvalidInputs) as refused:
        check_inputs(INPUTS, values)
    assert {each.path for each in refused.value.problems} == {
        "inputs.count", "inputs.force", "inputs.tags", "inputs.unknown",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "at"),
    [
        ("{type: string, required: true, default: x}", "true"),
        ("{type: integer, default: '5'}", "'5'"),
        ("{type: integer, default: 5, maximum: 4}", "5"),
        ("{type: string, enum: [a, 5]}", "[a"),
        ("{type: string, pattern: '('}", "'('"),
        ("{type: string, pattern: '(?=a)b'}", "'(?"),
        ("{type: integer, pattern: a}", "a}"),
        ("{type: string, minimum: 1}", "1"),
        ("{type: boolean, max_length: 1}", "1"),
        ("{type: string, items: {type: string}}", "{type: string}"),
        ("{type: number, minimum: 5, maximum: 4}", "4"),
        ("{type: string, min_length: 5, max_length: 4}", "4"),
        ("{type: array, items: {type: string, minimum: 1}}", "{type: string,"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(declared: str, at: str) -> None:
    line = f"inputs: {{x: {declared}}}"

    found = places(f"name: flow\n{line}\nsteps: [{{id: a, stop: x}}]")

    assert found == [(2, line.index(at, 13) + 1, "value")]


def test_the_schema_says_the_same() -> None:
    schema = inputs_schema(INPUTS)

    assert schema["required"] == ["sha"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["target"] == {
        "type": "string",
        "enum": ["staging", "production"],
        "default": "staging",
    }
    assert schema["properties"]["tags"] == {
        "type": "array",
        "maxItems": 2,
        "items": {"type": "string", "minLength": 2},
    }
    assert schema["properties"]["count"] == {"type": "integer", "minimum": 1.0, "maximum": 9.0}
