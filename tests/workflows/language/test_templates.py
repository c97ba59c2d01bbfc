"""Templates: what is between braces, what stays text, and what never happens to data."""

from typing import Any

import pytest

from workflows.language.expressions import (
    ExpressionFailed,
    InvalidExpression,
    LimitExceeded,
    compile_template,
)

CONTEXT = {
    "title": "123",
    "hostile": "{{ secrets.X }}{% raw %}",
    "n": 5,
    "half": 0.5,
    "yes": True,
    "nothing": None,
    "list": [1, {"a": "é"}],
    "map": {"x": 1},
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ n }}", 5),
        ("{{n}}", 5),
        ("{{ title }}", "123"),
        ("{{ yes }}", True),
        ("{{ nothing }}", None),
        ("{{ list }}", [1, {"a": "é"}]),
        ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ {'a': {'b': 1}}}}", {"a": {"b": 1}}),
        ("{{ '}}' }}", "}}"),
        ("{{ n }} ", "5 "),
        (" {{ n }}", " 5"),
        ("{{ n }}{{ n }}", "55"),
        ("{{ title }}{{ half }}{{ yes }}", "1230.5true"),
        ("a {{ list }} {{ map }}", 'a [1,{"a":"é"}] {"x":1}'),
        ("{{ '{{' }} {{ '{%' }}", "{{ {%"),
        ("{{ '{{' }}", "{{"),
        ("}} { } {# no comment #}", "}} { } {# no comment #}"),
        ("plain", "plain"),
        ("", ""),
        ("{{ n +\n 1 }}", 6),
        ("{{ hostile }}", "{{ secrets.X }}{% raw %}"),
        ("<{{ hostile }}>", "<{{ secrets.X }}{% raw %}>"),
        (7, 7),
        (None, None),
        ([], []),
        ({"a": ["{{ n }}", {"b": "x{{ n }}"}], "c": 1.5}, {"a": [5, {"b": "x5"}], "c": 1.5}),
    ],
)
def test_a_template_has_its_value(template: Any, value: Any) -> None:
    found = compile_template(template)(CONTEXT)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("template", "offset", "message"),
    [
        ("a {{ n", 2, "never closed"),
        ("a {{ n }", 2, "never closed"),
        ("{{ 'a }}", 3, "text is never closed"),
        ("{{ {'a': 1 }}", 0, "never closed"),
        ("a {% if x %}", 2, "no statements"),
        ("{{ n }} {% raw %}", 8, "no statements"),
        ("{{}}", 2, "no expression"),
        ("x {{ }}", 5, "no expression"),
        ("{{- n }}", 0, "does not trim"),
        ("{{+ n }}", 0, "does not trim"),
        ("{{ n -}}", 6, "ends here"),
        ("{{ n m }}", 5, "`m` cannot stand here"),
        ("{{{ n }}}", 6, "where `:`"),
        ("{{ n }} {{ n | uper }}", 15, "no filter `uper`"),
    ],
)
def test_a_mistake_in_a_template_has_its_place(template: str, offset: int, message: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        compile_template(template)

    error = refused.value
    assert (error.offset, message in error.message, error.source) == (offset, True, template), error


def test_null_has_no_text_but_is_a_value() -> None:
    assert compile_template("{{ nothing }}")(CONTEXT) is None
    assert compile_template("{{ nothing | default('-') }}!")(CONTEXT) == "-!"

    with pytest.raises(ExpressionFailed, match="null has no text") as failed:
        compile_template("so {{ nothing }}")(CONTEXT)
    assert failed.value.offset == 6


def test_an_error_names_the_text_it_is_in() -> None:
    template = compile_template({"a": "fine", "b": ["x {{ 1 / 0 }}"]})

    with pytest.raises(
        ExpressionFailed, match=r"in `x \{\{ 1 / 0 \}\}`, character 8: this divides"
    ):
        template({})


def test_names_are_checked_with_their_place() -> None:
    with pytest.raises(InvalidExpression, match="there is no `m` here") as refused:
        compile_template({"a": "{{ n }} {{ m }}"}, names={"n"})
    assert refused.value.offset == 11


def test_a_template_knows_what_it_looks_up() -> None:
    template = compile_template({"a": ["{{ x.y }}", "{{ z }}-{{ x.y }}"], "b": "plain"})

    assert template.names == {("x", "y"), ("z",)}
    assert not template.constant
    assert compile_template({"a": ["plain"]}).constant


def test_what_a_template_makes_is_its_own() -> None:
    template = compile_template({"a": [1]})

    template({})["a"].append(2)

    assert template({}) == {"a": [1]}


def test_a_template_with_many_large_parts_is_refused() -> None:
    template = compile_template(["{{ x }}"] * 50)

    with pytest.raises(LimitExceeded, match="text"):
        template({"x": "a" * 250_000})
    assert len(template({"x": "a" * 1000})) == 50
