"""What must not be seen is covered, wherever in a value it stands."""

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.runtimes.host.masks import covering, cut, long_lines, texts_in


def test_a_secret_is_covered_inside_texts_keys_and_lists() -> None:
    cover = covering({"hunter2": "[secret PASSWORD]"})
    value = {"a": ["x hunter2 y", 7], "hunter2": {"b": "hunter2hunter2"}}
    assert cover(value) == {
        "a": ["x [secret PASSWORD] y", 7],
        "[secret PASSWORD]": {"b": "[secret PASSWORD][secret PASSWORD]"},
    }


def test_the_longer_of_two_secrets_is_covered_first() -> None:
    cover = covering({"abcd": "[A]", "abcdef": "[B]"})
    assert cover("abcdef abcd") == "[B] [A]"


def test_a_very_short_secret_does_not_eat_the_text() -> None:
    assert covering({"a": "[A]"})("banana") == "banana"


def test_every_text_of_a_value_is_found_but_no_key() -> None:
    assert list(texts_in({"k": ["a", {"l": "b"}], "n": 1})) == ["a", "b"]


def test_a_small_value_is_shown_whole_and_a_large_one_cut() -> None:
    assert cut({"a": 1}) == '{"a":1}'
    shown = json.loads(cut("ü" * 40_000) or "")
    assert (shown["cut"], shown["bytes"]) == (True, 80_002)
    assert shown["begin"].startswith('"üü')


@pytest.mark.parametrize("write", [quote, quote_plus, lambda text: text.encode().hex()])
def test_what_others_make_of_a_secret_is_covered(write: Any) -> None:
    hidden = 'a/b c&d="ü"'
    assert covering({hidden: "[S]"})(f"<{write(hidden)}>") == "<[S]>"


@given(st.binary(min_size=6, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_is_covered_inside_base64_of_more(raw: bytes, before: bytes, after: bytes) -> None:
    secret = raw.hex()
    whole = base64.b64encode(before + secret.encode() + after).decode()
    covered = covering({secret: "[S]"})(whole)
    left = covered.replace("[S]", "")
    assert "[S]" in covered
    assert len(left) <= len(whole) - len(secret) * 8 // 6 + 3


def test_half_of_a_secret_is_covered_where_that_is_asked() -> None:
    hidden = "0123456789abcdef"
    assert covering({hidden: "[S]"}, halves=True)("x 0123456789a") == "x [S]89a"
    assert covering({hidden: "[S]"})("x 0123456789a") == "x 0123456789a"


def test_of_many_hidden_texts_only_they_themselves_are_looked_for() -> None:
    many = {f"secret-{number:04}": "[S]" for number in range(1_000)}
    assert covering(many)("a secret-0007 b") == "a [S] b"
    assert covering(many)(b"secret-0007".hex()) == b"secret-0007".hex()


def test_the_long_lines_of_a_text_stand_for_themselves() -> None:
    assert long_lines("first line\nno\n  third line") == ["first line", "  third line"]
    assert long_lines("only one line") == []
