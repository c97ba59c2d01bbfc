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


@given(st.text())
def test_what_was_sealed_is_unsealed_whatever_it_looks_like(text: str) -> None:
    sealed = SAFE.seal(text)
    assert len(text) < 4 or text not in sealed
    assert SAFE.unseal(sealed) == text
    assert Secrets(b"b" * 32, VARIABLES.__getitem__).unseal(sealed) is None


def test_a_sealed_text_names_no_variable() -> None:
    assert SAFE.unseal(SAFE.seal("env:CI")) == "env:CI"
    assert SAFE.unseal("env:CI") is None


def test_half_of_a_pair_is_sealed_too() -> None:
    assert SAFE.unseal(SAFE.seal("\ud800")) == "\ud800"
    assert SAFE.mark("\ud800") != SAFE.mark("\ud801")


def test_a_mark_tells_what_is_the_same_and_nothing_else() -> None:
    assert SAFE.mark("r", "name", "x") == SAFE.mark("r", "name", "x")
    assert SAFE.mark("r", "name", "x") != SAFE.mark("r2", "name", "x")
    assert SAFE.mark("ab", "c") != SAFE.mark("a", "bc")
    assert SAFE.mark("x") != Secrets(b"b" * 32, VARIABLES.__getitem__).mark("x")
