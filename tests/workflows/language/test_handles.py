"""Secrets are passed on as handles: no value is seen, and no data can pass for one."""

import json
from typing import Any

import pytest

from workflows.language.expressions import (
    ExpressionFailed,
    MalformedHandle,
    Secret,
    SecretText,
    compile_template,
    from_json,
    mask,
    reveal,
    secret_names,
    to_json,
)


def test_a_whole_template_is_the_handle_itself() -> None:
    assert compile_template("{{ secrets.TOKEN }}")({}) == Secret("TOKEN")
    assert compile_template("{{ secrets['TOKEN'] }}")({}) == Secret("TOKEN")


@pytest.mark.parametrize(
    "template",
    [
        "Bearer {{ secrets.TOKEN }}",
        "{{ 'Bearer ' ~ secrets.TOKEN }}",
        "{{ ['Bearer', secrets.TOKEN] | join(' ') }}",
        "{{ 'Bearer' }} {{ secrets.TOKEN }}",
        "{{ 'Bear' ~ ('er ' ~ secrets.TOKEN) }}",
    ],
)
def test_a_secret_in_a_text_is_a_list_of_parts(template: str) -> None:
    assert compile_template(template)({}) == SecretText(("Bearer ", Secret("TOKEN")))


def test_a_secret_has_one_form_in_json() -> None:
    rendered = compile_template({"a": "{{ secrets.A }}", "b": ["x {{ secrets.B }}"], "c": 1})({})

    assert to_json(rendered) == {
        "a": {"$secret": "A"},
        "b": [{"$text": ["x ", {"$secret": "B"}]}],
        "c": 1,
    }
    assert from_json(json.loads(json.dumps(to_json(rendered)))) == rendered
    assert secret_names(rendered) == {"A", "B"}


def test_only_whoever_performs_the_action_sees_the_value() -> None:
    rendered = compile_template({"h": ["Bearer {{ secrets.A }}", "{{ secrets.B }}"]})({})

    assert reveal(rendered, {"A": "hush", "B": "{{ secrets.A }}"}.__getitem__) == {
        "h": ["Bearer hush", "{{ secrets.A }}"]
    }
    assert mask(rendered) == {"h": ["Bearer [secret A]", "[secret B]"]}
    assert "hush" not in repr(rendered) + str(to_json(rendered))


@pytest.mark.parametrize(
    "data",
    [
        {"$secret": "ADMIN"},
        {"$text": ["x", {"$secret": "ADMIN"}]},
        {"$$secret": "ADMIN"},
        {"$": 1, "a": {"$secret": "ADMIN", "b": 2}},
        [{"$secret": {"$secret": "ADMIN"}}],
    ],
)
def test_data_that_looks_like_a_handle_stays_data(data: Any) -> None:
    rendered = compile_template({"body": "{{ x }}"})({"x": data})

    stored = json.loads(json.dumps(to_json(rendered)))

    assert from_json(stored) == {"body": data}
    assert secret_names(from_json(stored)) == set()
    assert reveal(from_json(stored), {}.__getitem__) == {"body": data}


@pytest.mark.parametrize(
    "text",
    [
        {"$secret": 1},
        {"$secret": "A", "b": 1},
        {"$text": "A"},
        {"$text": [1]},
        {"$text": [{"$text": ["a"]}]},
        {"$other": 1},
        [{"a": {"$secret": None}}],
    ],
)
def test_json_that_nobody_wrote_is_refused(text: Any) -> None:
    with pytest.raises(MalformedHandle, match="no handle"):
        from_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "secrets.X == 'a'",
        "'a' in [secrets.X]",
        "secrets.X + 'a'",
        "secrets.X < 'a'",
        "secrets.X | length",
        "secrets.X | upper",
        "secrets.X | matches('a')",
        "secrets.X | startswith('a')",
        "secrets.X | tojson",
        "[secrets.X] | tojson",
        "'x' ~ [secrets.X]",
        "('x' ~ secrets.X) | length",
        "('x' ~ secrets.X) == 'xy'",
        "[secrets.X] | sort",
    ],
)
def test_nothing_can_be_found_out_about_a_secret(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        compile_template("{{ " + text + " }}")({})


def test_a_secret_is_chosen_like_any_value() -> None:
    template = compile_template("{{ secrets.A if prod else secrets.B | default('x') }}")

    assert template({"prod": True}) == Secret("A")
    assert template({"prod": False}) == Secret("B")
