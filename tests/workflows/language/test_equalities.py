"""What a condition demands of one name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.wait_keys import text_of
from workflows.language.expressions import ExpressionFailed, compile_expression, equalities

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
    | st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, "1", "true", 1e15, 10**15, ""])
)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("event.name == 'x'", [("name",)]),
        ("'x' == event.subject.sha", [("subject", "sha")]),
        ("event['labels']['a b'] == inputs.a", [("labels", "a b")]),
        ("event.a == 1 and (event.b == 2 and event.c == 3)", [("a",), ("b",), ("c",)]),
        ("event.a == inputs.b | upper", [("a",)]),
        ("event.a == 1 or event.b == 2", []),
        ("not event.a == 1", []),
        ("event.a != 1 and event.b > 2 and event.c", []),
        ("1 == event.a == 2", []),
        ("event.a == event.b", []),
        ("event.links[0].url == 'x'", []),
        ("event.a | lower == 'x'", []),
        ("event == 1", []),
        ("inputs.a == 1", []),
    ],
)
def test_equalities_that_must_hold_are_found(text: str, paths: list[tuple[str, ...]]) -> None:
    assert [each.path for each in equalities(text, "event")] == paths


def test_the_other_side_is_worked_out_without_the_name() -> None:
    (found,) = equalities("event.a == inputs.n + 1", "event")

    assert found.known({"inputs": {"n": 6}}) == 7
    with pytest.raises(ExpressionFailed):
        found.known({})


@given(scalars, scalars)
def test_values_that_are_equal_are_found_by_one_text(held: Any, known: Any) -> None:
    """The index may offer too much, and never too little: the condition is asked afterwards."""
    equal = compile_expression("event.x == inputs.k")
    if equal({"event": {"x": held}, "inputs": {"k": known}}):
        assert text_of(held) == text_of(known)
