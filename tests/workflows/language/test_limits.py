"""What an expression may cost: each limit is kept, and found out quickly."""

import time
from typing import Any

import pytest

from workflows.language.expressions import (
    ExpressionError,
    InvalidExpression,
    LimitExceeded,
    compile_expression,
    compile_template,
)

BIG: dict[str, Any] = {
    "text": "x" * 262_144,
    "numbers": [(i * 7919) % 100_003 for i in range(100_000)],
    "texts": [f"t{i}" for i in range(100_000)],
    "pairs": [[i] for i in range(49_000)],
    "maps": [{"a": i} for i in range(40_000)],
    "wide": "é" * 140_000,
    "nested": [[["x" * 1000] * 100] * 100] * 100,
}


def seconds(text: str, context: dict[str, Any]) -> tuple[float, object]:
    begun = time.process_time()
    try:
        result: object = compile_expression(text)(context)
    except ExpressionError as error:
        result = error
    return time.process_time() - begun, result


@pytest.mark.parametrize(
    "text",
    [
        "text | replace('x', text)",
        "text ~ 'x'",
        "text + 'x'",
        "wide ~ ''",
        "texts | join(text)",
        "texts | tojson",
        "text | split('x')",
        "numbers + numbers",
        "[pairs, pairs, pairs]",
        "{'a': numbers, 'b': numbers}",
        "nested | tojson",
        "[nested]",
        "nested ~ ''",
        "nested == nested",
        "[nested, 1] | unique",
        "numbers | sort | sort | sort | sort | sort",
        "pairs == pairs and pairs == pairs and pairs == pairs and pairs == pairs",
        "text" + " | upper" * 49,
        r"text | matches('(a?){200}a{200}')",
        r"text | matches('[ab]*a[ab]{200}c')",
        "text | fromjson",
        "('[' ~ text) | fromjson",
        "'1' | int(base=10) + 9223372036854775807",
        "0 | date('%Y' ~ text)",
        "maps | map('a') | sum | string | matches(text)",
    ],
)
def test_a_bomb_is_an_error_and_a_quick_one(text: str) -> None:
    spent, result = seconds(text, BIG)

    assert isinstance(result, ExpressionError)
    assert spent < 1.5  # a quiet machine needs a tenth of it


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("text | length", 262_144),
        ("numbers | sort | first", 0),
        ("texts | map('x', default=1) | sum", 100_000),
        ("numbers | sum", 5_000_049_925),
        ("5 in numbers", True),
        ("text | upper | lower | length", 262_144),
        ("maps | map('a') | max", 39_999),
        ("text | matches('x$')", True),
    ],
)
def test_honest_work_at_the_limit_is_done(text: str, value: object) -> None:
    _, result = seconds(text, BIG)
    if "sum" in text and "numbers" in text:
        value = sum(BIG["numbers"])
    assert result == value


def test_the_source_has_at_most_4_kib() -> None:
    compile_expression("'" + "a" * 4094 + "'")
    with pytest.raises(InvalidExpression, match="longer than 4 KiB"):
        compile_expression("'" + "a" * 4095 + "'")
    with pytest.raises(InvalidExpression, match="longer than 4 KiB"):
        compile_expression("'" + "é" * 2048 + "'")
    with pytest.raises(InvalidExpression, match="longer than 4 KiB"):
        compile_template("fine {{ '" + "a" * 5000 + "' }}")
    assert compile_template("a" * 200_000 + "{{ 1 }}")({}) == "a" * 200_000 + "1"


@pytest.mark.parametrize(
    ("opening", "inner", "closing"),
    [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{'a': ", "1", "}"),
        ("not ", "1", ""),
        ("- ", "a", ""),
        ("1 if 0 else ", "1", ""),
        ("", "1", " + 1"),
        ("", "a", ".b"),
        ("", "a", "[0]"),
        ("", "a", " | length"),
        ("a[", "0", "]"),
        ("a | default(", "0", ")"),
        ("1 + (", "1", ")"),
        ("1 or 1 and not 1 == 1 + 1 ~ 1 * (", "1", ")"),
    ],
)
def test_the_depth_is_at_most_50(opening: str, inner: str, closing: str) -> None:
    compile_expression(opening * 5 + inner + closing * 5)
    for levels in (60, 110):
        with pytest.raises(InvalidExpression, match="nests more than 50"):
            compile_expression(opening * levels + inner + closing * levels)


def test_a_deep_stack_does_not_overflow() -> None:
    def deep(levels: int) -> object:
        return deep(levels - 1) if levels else compile_expression("(" * 49 + "1" + ")" * 49)({})

    assert deep(300) == 1


def test_long_chains_that_do_not_nest_are_fine() -> None:
    assert compile_expression(" and ".join(["1"] * 500))({}) == 1
    assert compile_expression(" ~ ".join(["'a'"] * 500))({}) == "a" * 500
    assert compile_expression("[" + ",".join(["1"] * 1500) + "] | sum")({}) == 1500


def test_a_list_has_at_most_100_000_items() -> None:
    half = {"a": list(range(50_000))}
    assert len(compile_expression("a + a")(half)) == 100_000
    with pytest.raises(LimitExceeded, match="100,000 items"):
        compile_expression("a + a + [1]")(half)


def test_a_text_has_at_most_256_kib() -> None:
    half = {"a": "x" * 131_072}
    assert len(compile_expression("a ~ a")(half)) == 262_144
    with pytest.raises(LimitExceeded, match="256 KiB"):
        compile_expression("a ~ a ~ '!'")(half)
    with pytest.raises(LimitExceeded, match="256 KiB"):
        compile_template("{{ a }}{{ a }}!")(half)


def test_deep_json_is_refused() -> None:
    for levels in (200, 100_000):
        with pytest.raises(ExpressionError, match="too deep"):
            compile_expression("a | fromjson")({"a": "[" * levels + "]" * levels})


def test_all_expressions_of_one_template_share_the_operations() -> None:
    one = "{{ a | sort | length }}"
    context = {"a": list(range(30_000))}

    assert compile_template([one] * 3)(context) == [30_000] * 3
    with pytest.raises(LimitExceeded, match="10,000 operations"):
        compile_template([one] * 30)(context)


def test_the_size_of_the_context_costs_nothing() -> None:
    small = {"steps": {"a": {"output": {"url": "u"}}}}
    large = {"steps": {**{f"s{i}": {"output": BIG} for i in range(20_000)}, **small["steps"]}}
    template = compile_template("{{ steps.a.output.url }}")

    def best(context: dict[str, Any]) -> float:
        spent = []
        for _ in range(20):
            begun = time.process_time()
            for _ in range(500):
                template(context)
            spent.append(time.process_time() - begun)
        return min(spent)

    assert best(large) < best(small) * 3
