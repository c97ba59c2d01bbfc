"""What expressions mean: one row for each rule, and one for each mistake."""

from typing import Any

import pytest

from workflows.core.plan import EvaluationFailed
from workflows.language.expressions import (
    Evaluator,
    ExpressionError,
    ExpressionFailed,
    InvalidExpression,
    MissingValue,
    compile_expression,
    predicate,
)

CONTEXT: dict[str, Any] = {
    "trigger": {
        "name": "build web",
        "items": [1, 2, 3],
        "result": {"failed": 0, "ratio": 0.5, "nothing": None, "ok": True},
        "people": [{"name": "Ada", "age": 36}, {"name": "grace", "age": 85}],
        "at": "2026-03-02T10:15:04Z",
    },
    "inputs": {"target": "staging", "n": 7, "empty": "", "json": '{"a": [1, 2.5, null]}'},
    "steps": {"tests": {"status": "skipped"}},
}


def value_of(text: str) -> Any:
    return compile_expression(text)(CONTEXT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0x1F + 0b11 + 0o17", 49),
        ("1_000", 1000),
        ("1.5e3", 1500.0),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 / 2", 3.5),
        ("4 / 2", 2.0),
        ("2 + 3 * 4 - 1", 13),
        ("(2 + 3) * 4", 20),
        ("- - 2", 2),
        ("+2", 2),
        ("'a' + 'b'", "ab"),
        ("'a' 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("'n=' ~ 1 ~ true ~ [1, 'x'] ~ {'a': 1.5}", 'n=1true[1,"x"]{"a":1.5}'),
        (r"'tab\t\x41\u00e9\'q\\ \d'", "tab\tAé'q\\ \\d"),
        ("none", None),
        ("None", None),
        ("True and false", False),
        ("[]", []),
        ("{}", {}),
        ("{'a': {'b': 1}}", {"a": {"b": 1}}),
        ("[1, 2, ]", [1, 2]),
        ("'x' if 1 > 2 else 'y'", "y"),
        ("1 if true else 2 if true else 3", 1),
        ("0 or 'b'", "b"),
        ("'a' or 'b'", "a"),
        ("'a' and 0 and 'c'", 0),
        ("not 1 == 2", True),
        ("not not 1", True),
        ("1 < 2 <= 2 < 3", True),
        ("1 < 2 > 5", False),
        ("2 in [1, 2]", True),
        ("'a' in {'a': 1}", True),
        ("1 in {'a': 1}", False),
        ("'ui' in trigger.name", True),
        ("'x' not in 'abc'", True),
        ("'a' < 'b'", True),
        ("[1, 'a'] < [1, 'b']", True),
        ("trigger.name", "build web"),
        ("trigger['name']", "build web"),
        ("trigger.items", [1, 2, 3]),
        ("trigger.items[0] + trigger.items[-1]", 4),
        ("trigger.items.1", 2),
        ("trigger.people[1].name", "grace"),
        ("trigger['res' ~ 'ult'].ratio", 0.5),
        ("inputs.target[0]", "s"),
        ("{'a': [5]}.a[0]", 5),
        ("(trigger.people | first).name", "Ada"),
        ("trigger.result.nothing is none", True),
        ("trigger.result.ok is not none", True),
        ("trigger.nme is defined", False),
        ("trigger.nme is not defined", True),
        ("trigger.result.nothing is defined", True),
        ("steps.tests.output.url is defined", False),
        ("steps.tests.output.url | default('-')", "-"),
        ("trigger.result.nothing | default('-')", "-"),
        ("trigger.result.failed | default('-')", 0),
        ("trigger.result.failed | default('-', true)", "-"),
        ("trigger.a.b | default(trigger.c) | default(5)", 5),
        ("(trigger.a if true else 1) | default('x')", "x"),
        ("trigger['nme'].x | default(1)", 1),
        ("nowhere.at.all | default(1)", 1),
    ],
)
def test_an_expression_has_its_value(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1", "1.0", True),
        ("1", "true", False),
        ("0", "false", False),
        ("'1'", "1", False),
        ("none", "false", False),
        ("[1]", "[1.0]", True),
        ("[1]", "[true]", False),
        ("{'a': [1]}", "{'a': [true]}", False),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", True),
        ("[]", "{}", False),
    ],
)
def test_values_of_different_types_are_never_equal(left: str, right: str, *, same: bool) -> None:
    assert value_of(f"{left} == {right}") is same
    assert value_of(f"{left} != {right}") is not same
    assert value_of(f"{left} in [{right}]") is same


@pytest.mark.parametrize("text", ["false", "none", "0", "0.0", "''", "[]", "{}"])
def test_these_values_are_no(text: str) -> None:
    assert predicate(text)({}) is False
    assert predicate(f"not ({text})")({}) is True


@pytest.mark.parametrize("text", ["true", "1", "-1", "'0'", "[0]", "{'a': 0}", "'false'"])
def test_these_values_are_yes(text: str) -> None:
    assert predicate(text)({}) is True


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("", 0, "no expression", None),
        ("  ", 2, "no expression", None),
        ("{{ inputs.n }}", 0, "without braces", "Write `inputs.n`."),
        ("{{ inputs.n }} == 1", 0, "without braces", "Write `inputs.n == 1`."),
        ("inputs.n == {{ inputs.a }}", 12, "without braces", "Write `inputs.n == inputs.a`."),
        ("{{ inputs.n", 0, "without braces", None),
        ("1 +", 3, "ends here", None),
        ("a b", 2, "`b` cannot stand here", None),
        ("(1", 2, "where `)`", None),
        ("(1, 2)", 2, "square brackets", "[a, b]"),
        ("[1, 2", 5, "ends here", None),
        ("{'a' 1}", 5, "where `:`", None),
        ("1 if 2", 2, "no `else`", "otherwise"),
        ("x(1)", 1, "no calls", "Filters"),
        ("x.upper()", 7, "no calls", None),
        ("2 ** 3", 2, "`**`", None),
        ("a = 1", 2, "`=`", "`==`"),
        ("a[1:2]", 3, "`:`", None),
        ("a[:2]", 2, "`:`", None),
        ("'abc", 0, "never closed", "'"),
        ("a & b", 2, "means nothing", "`and`"),
        ("a ! b", 2, "means nothing", "`not`"),
        ("a.", 2, "name of a field", None),
        ("a |", 3, "name of a filter", None),
        ("a | 1", 4, "name of a filter", None),
        ("'x' | uper", 6, "no filter `uper`", "`upper`"),
        ("'x' | format(1)", 6, "no filter `format`", None),
        ("'x' | replace('a')", 6, "needs its argument `new`", None),
        ("'x' | upper(1)", 6, "takes no arguments", None),
        ("'x' | trim(1, 2)", 6, "at most 1", None),
        ("[1] | sort(revers=true)", 18, "no argument `revers`", "`reverse`"),
        ("[1] | sort(true, reverse=true)", 25, "given twice", None),
        ("[1] | sort(reverse=true, 1)", 25, "with its name", None),
        ("1 is odd", 5, "no test `is odd`", "`is defined`"),
        ("1 is definde", 5, "no test", "`defined`"),
        ("'a' | matches('(')", 6, "no pattern", "Look-around"),
        ("'a' | matches('(?=a)')", 6, "no pattern", None),
        ("'a' | matches(1)", 6, "must be text", None),
        ("012", 0, "begin with 0", "Write 12."),
        ("9223372036854775808", 0, "64 bits", None),
        ("1e999", 0, "64 bits", None),
        (r"'\ud800'", 1, "names no character", None),
        (r"'\N{DASH}'", 1, "not part of the language", None),
        (r"'\101'", 1, "not part of the language", None),
        ("secrets", 0, "secrets.NAME", None),
        ("secrets['a'].b", 0, "secrets.NAME", None),
        ("and", 0, "`and` cannot stand here", None),
        ("not", 3, "ends here", None),
        ("a not b", 6, "where `in`", None),
        ("1 is", 4, "no test", None),
        ("ö", 0, "means nothing", None),
    ],
)
def test_a_mistake_is_found_before_it_runs(
    text: str, offset: int, message: str, hint: str | None
) -> None:
    with pytest.raises(InvalidExpression) as refused:
        compile_expression(text)

    error = refused.value
    assert (error.offset, message in error.message) == (offset, True), error
    assert hint is None or hint in (error.hint or "")


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("1 + 'a'", 2, "a number and text"),
        ("1 + true", 2, "a number and a boolean"),
        ("'a' * 3", 4, "text and a number"),
        ("[1] + 'a'", 4, "a list and text"),
        ("'%s' % 1", 5, "text and a number"),
        ("-'a'", 0, "text"),
        ("-true", 0, "a boolean"),
        ("1 / 0", 2, "divides by zero"),
        ("1 // 0", 2, "divides by zero"),
        ("1.0 % 0", 4, "divides by zero"),
        ("9223372036854775807 + 1", 20, "64 bits"),
        ("-9223372036854775807 - 2", 21, "64 bits"),
        ("9223372036854775807 * 2", 20, "64 bits"),
        ("1e308 * 10", 6, "too large"),
        ("1 < 'a'", 2, "a number and text"),
        ("true < 2", 5, "a boolean and a number"),
        ("none < 1", 5, "null and a number"),
        ("{} < {}", 3, "a map and a map"),
        ("[1] < ['a']", 4, "different types"),
        ("[{}] < [{}]", 5, "no order"),
        ("1 in 'abc'", 2, "a number cannot be in a text"),
        ("1 in 2", 2, "nothing can be in a number"),
        ("'a' ~ none", 6, "null has no text"),
        ("{1: 2}", 0, "a key of a map"),
        ("trigger[true]", 7, "no key of a map"),
        ("trigger.items[1.5]", 13, "no key of a list"),
    ],
)
def test_a_wrong_value_fails_at_its_place(text: str, offset: int, message: str) -> None:
    with pytest.raises(ExpressionFailed) as failed:
        value_of(text)

    error = failed.value
    assert (error.offset, message in error.message) == (offset, True), error
    assert error.source == text
    assert isinstance(error, EvaluationFailed)  # what the core knows
    assert isinstance(error, ValueError)  # what coordination knows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trigger.nme", "`trigger` has no `nme`"),
        ("trigger.result.failed.x", "`trigger.result.failed` is a number and has no `x`"),
        ("trigger.result.nothing.x", "`trigger.result.nothing` is null and has no `x`"),
        ("trigger.items[3]", "`trigger.items` has 3 items, so none at 3"),
        ("trigger.items[-4]", "`trigger.items` has 3 items, so none at -4"),
        ("trigger.items.length", "`trigger.items` is a list and has no `length`"),
        ("inputs.target[99]", "`inputs.target` has 7 characters, so none at 99"),
        ("inputs.target.upper", "`inputs.target` is text and has no `upper`"),
        ("trigger[inputs.target]", "this value has no `staging`"),
        ("nowhere", "there is no `nowhere` here"),
        ("steps.tests.output", "`steps.tests` has no `output`"),
        ("trigger.nme is none", "`trigger` has no `nme`"),
        ("trigger.nme or 1", "`trigger` has no `nme`"),
        ("(trigger.nme ~ 'x') | default(1)", "`trigger` has no `nme`"),
    ],
)
def test_a_missing_value_is_an_error(text: str, message: str) -> None:
    with pytest.raises(MissingValue) as failed:
        value_of(text)

    assert failed.value.message == message


@pytest.mark.parametrize(
    "text",
    [
        "''.__class__",
        "''.__class__.__mro__[1]",
        "trigger.__init__",
        "trigger['__class__']",
        "[].append",
        "{}.keys",
        "trigger.items.__len__",
        "trigger.result.failed.real",
        "(1).bit_length",
        "''['__class__']",
        "trigger.get",
    ],
)
def test_what_python_objects_can_do_is_out_of_reach(text: str) -> None:
    with pytest.raises(MissingValue):
        value_of(text)
    assert compile_expression(f"({text}) is defined")(CONTEXT) is False


def test_names_are_checked_where_they_are_known() -> None:
    compile_expression("trigger.x and inputs.y", names={"trigger", "inputs"})

    with pytest.raises(InvalidExpression, match="there is no `triger` here") as refused:
        compile_expression("1 == triger.x", names={"trigger", "inputs"})
    assert (refused.value.offset, refused.value.hint) == (5, "Did you mean `trigger`?")

    with pytest.raises(InvalidExpression, match="`secrets` cannot be used here"):
        compile_expression("secrets.X", names={"trigger"})


def test_an_expression_knows_what_it_looks_up() -> None:
    expression = compile_expression("a.b[0].c == d['e'] and f[g.h].i | default(x) | length")

    assert expression.names == {("a", "b", 0, "c"), ("d", "e"), ("f",), ("g", "h"), ("x",)}
    guarded = {each.path for each in expression.references if each.guarded}
    assert guarded == {("f",)}


def test_the_sentence_of_an_error_names_expression_and_place() -> None:
    with pytest.raises(ExpressionError) as failed:
        value_of("1 +\n'a'")
    assert str(failed.value).startswith("in `1 +\n'a'`, character 3: `+` cannot take")

    with pytest.raises(ExpressionError) as failed:
        value_of("1 +\n 2 / 0")
    assert ", line 2, character 4: this divides by zero" in str(failed.value)


def test_any_mapping_will_do_as_context() -> None:
    class Lazy(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            if key == "run":
                return {"id": "r1"}
            raise KeyError(key)

    assert compile_expression("run.id")(Lazy()) == "r1"
    assert compile_expression("other.id | default(0)")(Lazy()) == 0


def test_the_port_gives_predicates_and_templates() -> None:
    assert Evaluator().predicate("trigger.result.failed == 0")(CONTEXT) is True
    assert Evaluator().template({"a": "{{ inputs.n }}"})(CONTEXT) == {"a": 7}
    with pytest.raises(ValueError, match="cannot stand here"):
        Evaluator().predicate("1 1")
