"""Laws of the expressions: they agree with Jinja, reach nothing, crash at nothing, leave data alone."""

import math
import time
from collections.abc import Iterator
from types import GeneratorType
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, TemplateError

from workflows.language.expressions import (
    ExpressionError,
    ExpressionFailed,
    Secret,
    SecretText,
    compile_expression,
    compile_template,
    from_json,
    mask,
    reveal,
    to_json,
)

calm = settings(deadline=None)  # a busy machine is no mistake
ORACLE = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML here
CONTEXT: dict[str, Any] = {
    # Maps stand by the alphabet, as they always do here; there they keep the order they came in.
    "n": {"big": 10**9, "half": 0.5, "minus": -7, "one": 1, "zero": 0},
    "t": {"empty": "", "many": "Two words-here", "odd": "é {{ x }} 'q'", "word": "build"},
    "l": {"none": [], "nums": [3, 1, 2, 1], "words": ["b", "A", "c", "a"]},
    "m": [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}],
    "null": None,
    "yes": True,
}

# Where Jinja and the language mean the same. Left out on purpose: booleans as numbers (1 == true),
# texts of booleans, nulls and lists ('True' there, `true` here), and what is an error here.
numbers = st.deferred(lambda: simple_numbers | composed_numbers)
texts = st.deferred(lambda: simple_texts | composed_texts)
booleans = st.deferred(lambda: simple_booleans | composed_booleans)
simple_numbers = st.one_of(
    st.integers(0, 50).map(str),
    st.integers(0, 40).map(lambda each: str(each / 4)),
    st.sampled_from(["n.zero", "n['one']", "n.big", "n.half", "n.minus", "m[0].id", "m[-1]['id']"]),
)
simple_texts = st.one_of(
    st.text("abXY {}%'\\\n", max_size=6).map(lambda each: "'" + _escaped(each) + "'"),
    st.sampled_from(["t.word", "t['many']", "t.odd", "t.empty", "m[1].name", '"a" "b"']),
)
simple_booleans = st.sampled_from(
    ["true", "false", "yes", "not yes", "null is none", "n is defined"]
)
number_lists = st.one_of(
    st.lists(simple_numbers, max_size=4).map(lambda each: f"[{', '.join(each)}]"),
    st.sampled_from(["l.nums", "l.none", "(l.nums + [9, 0.5])", "(l.nums | sort)"]),
)
text_lists = st.one_of(
    st.lists(simple_texts, max_size=4).map(lambda each: f"[{', '.join(each)}]"),
    st.sampled_from(["l.words", "(l.words + ['z'])", "(l.words | sort(reverse=true))"]),
)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")


def _joined(left: st.SearchStrategy[str], signs: list[str], right: st.SearchStrategy[str]) -> Any:
    return st.tuples(left, st.sampled_from(signs), right).map(" ".join)


def _choice(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(values, booleans, values).map(lambda e: f"({e[0]} if {e[1]} else {e[2]})")


def _filtered(values: st.SearchStrategy[str], filters: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(values, st.sampled_from(filters)).map(lambda each: f"({each[0]}) | {each[1]}")


composed_numbers = st.one_of(
    _joined(numbers, ["+", "-", "*", "/", "//", "%"], numbers),
    numbers.map(lambda each: f"-({each})"),
    numbers.map(lambda each: f"({each})"),
    _choice(numbers),
    _filtered(numbers, ["round", "round(1)", "round(2, 'floor')", "int", "float"]),
    _filtered(texts, ["length", "int(7)"]),
    _filtered(number_lists, ["sum", "length"]),
    _filtered(text_lists, ["length"]),
)
composed_texts = st.one_of(
    _joined(texts, ["~", "+"], texts),
    _joined(texts, ["~"], simple_numbers),
    _choice(texts),
    _filtered(
        texts, ["upper", "lower", "title", "trim", "trim('a')", "replace('a', 'bb')", "string"]
    ),
    _filtered(texts, ["replace('b', '', 1)", "default('x')", "reverse"]),
    _filtered(text_lists, ["join", "join(', ')"]),
    st.sampled_from(
        ["m | join('-', attribute='name')", "nothing | default('x')", "l.nums | join('+')"]
    ),
)
composed_booleans = st.one_of(
    _joined(numbers, ["==", "!=", "<", "<=", ">", ">="], numbers),
    _joined(texts, ["==", "!=", "<", "<=", ">", ">=", "in", "not in"], texts),
    _joined(simple_numbers, ["in", "not in"], number_lists),
    _joined(simple_texts, ["in", "not in"], text_lists),
    st.tuples(numbers, numbers, numbers).map(lambda each: f"{each[0]} < {each[1]} <= {each[2]}"),
    _joined(booleans, ["and", "or"], booleans),
    booleans.map(lambda each: f"not ({each})"),
    booleans.map(lambda each: f"({each})"),
    st.sampled_from(
        ["nothing is defined", "nothing is not defined", "t.word is not none", "'word' in t"]
    ),
)
whole_lists = st.one_of(
    number_lists,
    text_lists,
    _filtered(number_lists, ["reverse", "unique", "slice(2)", "slice(3, 'x')"]),
    _filtered(text_lists, ["reverse", "unique", "sort", "sort(case_sensitive=true)"]),
    _filtered(text_lists, ["unique(case_sensitive=true)"]),
    st.sampled_from(
        ["m | map(attribute='name')", "m | sort(attribute='id', reverse=true)", "m", "n"]
    ),
    st.sampled_from(
        ["{'a': 1, 'b': [2]}", "l.words | min", "l.words | max", "n | items", "m | first"]
    ),
)


def plain(value: Any) -> Any:
    """Turn Jinja's generators and tuples into the lists that they stand for."""
    if isinstance(value, GeneratorType | Iterator | list | tuple):
        return [plain(each) for each in value]
    return {key: plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def typed(value: Any) -> Any:
    """Make 1, 1.0 and true different."""
    if isinstance(value, list):
        return [typed(each) for each in value]
    if isinstance(value, dict):
        return {key: typed(each) for key, each in value.items()}
    return (type(value).__name__, value)


FAILED = object()
STRICTER = ("nests", "64 bits", "too large", "a boolean")
"""What only the language refuses: depth, numbers past 64 bits, and booleans as numbers."""


def by_jinja(text: str) -> Any:
    try:
        return plain(ORACLE.compile_expression(text, undefined_to_none=False)(**CONTEXT))
    except (TemplateError, ArithmeticError, TypeError, ValueError):
        return FAILED


def by_us(text: str) -> Any:
    try:
        return compile_expression(text)(CONTEXT)
    except ExpressionError as error:
        return error


@calm
@given(numbers | texts | booleans | whole_lists)
@example("-7 // 2 ~ ''")
@example("- n.one | round")
@example("2 - 1 - 1 < 3 - 2 == 1")
@example("not 1 in [1] or 0")
@example("'a' 'b' ~ 'c' | upper")
def test_the_common_subset_means_what_jinja_means(text: str) -> None:
    assume(len(text) < 2000)
    wanted, found = by_jinja(text), by_us(text)

    if isinstance(found, ExpressionError):
        assert wanted is FAILED or any(word in found.message for word in STRICTER), (text, wanted)
    else:
        assert typed(found) == typed(wanted)


WORDS = """
    a b n t l m secrets __class__ __init__ __mro__ __globals__ _x items 0 1 -1 2.5 1e3 99999999999 'x' "y"
    '__class__' '{{' [ ] ( ) { } . .. , : | ~ + - * / // % ** == != < <= > >= = and or not in is if else
    defined none true upper length first sort map join default replace tojson fromjson date matches select
    int split string unique sum {{ }} {% %} \\ ' " @ $ ` ; é \x00
"""
pieces = st.sampled_from(WORDS.split())
soup = st.lists(pieces, max_size=14).map(" ".join) | st.lists(pieces, max_size=14).map("".join)
anything = st.one_of(soup, st.text(max_size=60))
JSON_TYPES = (dict, list, str, int, float, bool, type(None), Secret, SecretText)


def parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from parts(each)


@calm
@given(anything)
@example("a.__class__")
@example("''.__class__.__mro__[1].__subclasses__")
@example("a | map('__class__')")
@example("a | sort(attribute='__class__')")
@example("'{0.__class__}' ~ a")
@example("a['__cla' ~ 'ss__'] | default(1)")
def test_nothing_but_json_comes_out_of_any_text(text: str) -> None:
    context = {**CONTEXT, "a": [{"b": 1}], "b": {"a": "x"}}
    for compiled in (compile_expression, compile_template):
        try:
            value = compiled(text)(context)
        except ExpressionError:
            continue
        for part in parts(value):
            assert type(part) in JSON_TYPES
            assert not isinstance(part, float) or math.isfinite(part)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["$secret", "$text", "$", "$$x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
hostile = st.one_of(
    anything, st.sampled_from(["{{ secrets.X }}", "{{ 7 * 7 }}", "{% x %}", "}}", "{{"])
)


@calm
@given(hostile)
def test_data_is_never_evaluated(data: str) -> None:
    context = {"x": data, "y": {"z": [data]}}

    assert compile_template("{{ x }}")(context) == data
    assert compile_template("a{{ x }}b")(context) == f"a{data}b"
    assert compile_template({"k": ["{{ y.z[0] }}"]})(context) == {"k": [data]}
    assert compile_expression("x ~ y.z[0]")(context) == data * 2
    assert compile_template("{{ y.z | first | default('{{ 1 }}') }}")(context) == data


@calm
@given(json_values)
def test_a_whole_template_gives_the_very_value(value: Any) -> None:
    assert typed(compile_template("{{ x }}")({"x": value})) == typed(value)


@calm
@given(json_values)
def test_no_data_passes_for_a_secret(value: Any) -> None:
    stored = to_json({"data": value, "token": Secret("T"), "text": SecretText(("a", Secret("T")))})

    read = from_json(stored)

    assert read == {"data": value, "token": Secret("T"), "text": SecretText(("a", Secret("T")))}
    assert reveal(read, {"T": "hush"}.__getitem__) == {
        "data": value,
        "token": "hush",
        "text": "ahush",
    }
    assert mask(read)["data"] == value


BIG = {
    "a": list(range(20_000)),
    "b": {"a": "x" * 100_000},
    "n": [[1, [2, [3]]]] * 5_000,
    "t": "ab" * 50_000,
    "l": [f"w{index}" for index in range(20_000)],
    "m": [{"b": index, "a": "y" * 20} for index in range(5_000)],
}


@calm
@given(soup)
@example("l | join(t) | upper")
@example("t | replace('a', t)")
@example("[a, a, a, a, a] | tojson")
@example("n == n and n == n and n == n and n == n")
@example("t | matches('(a|b)*a(a|b){100}x')")
@example("a | sort | reverse | unique | sort | map('x')")
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    try:
        compile_expression(text)(BIG)
    except ExpressionFailed:
        pass  # its limits, or its types
    except ExpressionError:
        return
    assert time.process_time() - begun < 1.0
