"""Secrets in the store: closed under a key, or only named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.secrets import Secrets, is_named

VARIABLES = {"CI": "from the environment", "EMPTY": ""}
SAFE = Secrets(b"a" * 32, VARIABLES.__getitem__)


@given(st.text(min_size=1))
def test_what_was_closed_opens_again_and_shows_nothing(secret: str) -> None:
    try:
        closed = SAFE.close(secret)
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        return
    if not is_named(secret):
        assert len(secret) < 4 or secret not in closed
        assert SAFE.open(closed) == secret
        assert SAFE.close(secret) != closed


def test_a_name_stays_a_name_and_is_looked_up_when_it_is_used() -> None:
    assert SAFE.close("env:CI") == "env:CI"
    assert SAFE.open("env:CI") == "from the environment"
    assert SAFE.open("env:NOBODY") is None
    assert SAFE.open("env:EMPTY") is None


@pytest.mark.parametrize("text", ["env:", "env:a b", "env:" + "x" * 101, "Env:CI", "env:É"])
def test_what_only_looks_like_a_name_is_a_secret(text: str) -> None:
    assert not is_named(text)
    assert SAFE.open(SAFE.close(text)) == text


@pytest.mark.parametrize("closed", ["", "x", "gAAAAA", "ü", "=" * 200, "\x00"])
def test_what_was_not_closed_here_opens_nothing(closed: str) -> None:
    assert SAFE.open(closed) is None


def test_another_key_opens_nothing() -> None:
    other = Secrets(b"b" * 32, VARIABLES.__getitem__)

    assert other.open(SAFE.close("secret")) is None
