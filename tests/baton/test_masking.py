"""Secrets, replaced before anything is stored, sent or shown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.masking import (
    _KEEPING,
    _SHAPES,
    MASK,
    _patterns,
    hides_nothing,
    is_secret_name,
    mask,
    mask_json,
)
from tests.baton.secretive import SECRETIVE


@pytest.mark.parametrize(
    "secret",
    [
        "bt_abcdefghijkl_0123456789abcdefghijABCDEFGHIJ", "xoxb-1234567890-abcdef", "xapp-1-A0-123456789",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345", "github_pat_0123456789abcdefghij_ABC", "glpat-0123456789abcdefghij",
        "sk-ant-0123456789abcdefghij", "AKIA0123456789ABCDEF", "eyJhbGciOiJI.eyJzdWIiOiIx.abc-_def",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_what_has_the_shape_of_a_secret_is_hidden(secret: str) -> None:
    assert mask(f"before {secret} after") == "before *** after"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ("https://user:secret@host/path", "https://user:***@host/path"),
        ('"password": "hunter2"', '"password": "***"'),
        ("API_KEY=abcdef next", "API_KEY=*** next"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/***"),
        ("412 tokens used, 3 secrets found", "412 tokens used, 3 secrets found"),
        ("https://host/path?page=3", "https://host/path?page=3"),
        ("sk-1, a commit 3f1caaa0000000000000000000000000", "sk-1, a commit 3f1caaa0000000000000000000000000"),
    ],
)  # fmt: skip
def test_only_the_secret_part_is_hidden(text: str, shown: str) -> None:
    assert mask(text) == shown


def test_known_secrets_are_hidden_whatever_their_shape() -> None:
    assert mask("abc abcdef", ["abc", "abcdef"]) == "*** ***"


@pytest.mark.parametrize(
    "name", ["API_KEY", "authToken", "db-password", "cookie", "AWS_SECRET_ACCESS_KEY"]
)
def test_a_name_tells_a_secret(name: str) -> None:
    assert is_secret_name(name)
    assert mask_json({"a": [{name: "x"}]}) == {"a": [{name: "***"}]}


@pytest.mark.parametrize("name", ["max_tokens", "key", "tokenizer", "author", "secretary"])
def test_a_name_that_only_sounds_like_one_hides_nothing(name: str) -> None:
    assert mask_json({name: "x"}) == {name: "x"}


def test_numbers_under_the_name_of_a_secret_stay() -> None:
    assert mask_json({"token": 412, "password": None}) == {"token": 412, "password": None}


def test_words_are_hidden_however_deep_they_stand_under_the_name_of_a_secret() -> None:
    held = {"credentials": {"user": "ada", "try": [1, "x", {"y": "z"}]}}

    assert mask_json(held) == {"credentials": {"user": "***", "try": [1, "***", {"y": "***"}]}}


def test_a_name_that_is_a_secret_itself_is_hidden() -> None:
    assert mask_json({"ghp_0123456789abcdefghijABCDEF": 1}) == {"***": 1}


@pytest.mark.parametrize(
    "text", ["a-", "a.b+", "x://a:", "password", "secret : ", "eyJa.", "-----BEGIN "]
)
def test_no_text_takes_long_to_read(text: str) -> None:
    began = time.process_time()
    mask(text * (200_000 // len(text)))
    assert time.process_time() - began < 1


@given(SECRETIVE | st.one_of([st.from_regex(each) for each in (*_SHAPES, *_KEEPING)]))
def test_no_text_that_holds_a_secret_passes_for_one_without(text: str) -> None:
    closely = text
    for pattern in _patterns():
        kept = r"\1" if pattern.groups else ""
        closely = pattern.sub(kept + MASK, closely)

    assert mask(text) == closely


@given(st.dictionaries(SECRETIVE | st.sampled_from(["api-key", "Pass word", "tokens"]), SECRETIVE))
def test_what_hides_nothing_stays_as_it_is(document: dict[str, str]) -> None:
    said = "|".join([*document, *document.values()])

    if hides_nothing(said, document):
        assert mask_json(document) == document


def test_the_name_of_a_secret_hides_what_bears_it_however_plain_that_is() -> None:
    assert hides_nothing("runner|linux-4", ["runner"])
    assert not hides_nothing("Pass-Word|linux-4", ["Pass-Word"])
    assert not hides_nothing("runner|" + "x" * 5000 + "pass word", ["x" * 5000 + "pass word"])
