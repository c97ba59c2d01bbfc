"""What a wait compares with and nobody may see: found by hash, opened for a moment, under one key."""

import json

import pytest

from coordination.secrets import Secrets
from coordination.wait_keys import Wanted, holds, key_of, keys_for, marked, pattern_of, shape_of
from coordination.wait_veils import SEALED, Veil, marking, taken_along

SAFE = Secrets(b"a" * 32, {}.__getitem__)
OTHER = Secrets(b"b" * 32, {}.__getitem__)
PLACE = ("result", "nonce")
VEIL = Veil(SAFE, frozenset({PLACE}), names=True)
NAMES = frozenset({"deploy.completed"})
SHAPE = shape_of("deploy.*", [("message",), PLACE], VEIL.hidden)


def told(nonce: str) -> dict[str, object]:
    return {"message": "m", "result": {"nonce": nonce}}


def test_a_hashed_value_is_found_by_those_who_have_the_key_alone() -> None:
    key = key_of(SHAPE, ["m", VEIL.mark(PLACE, "hush")])

    assert keys_for(SHAPE, NAMES, told("hush"), {}, marking(SAFE)) == [key]
    assert keys_for(SHAPE, NAMES, told("loud"), {}, marking(SAFE)) != [key]
    assert keys_for(SHAPE, NAMES, told("hush"), {}, marking(OTHER)) != [key]
    assert keys_for(SHAPE, NAMES, told("hush"), {}) == []
    assert pattern_of(SHAPE) == "deploy.*"
    assert "hush" not in key


def test_looking_back_compares_hashes_too() -> None:
    wanted: Wanted = [(("message",), "m"), (PLACE, marked(VEIL.mark(PLACE, "hush")))]

    assert holds(wanted, told("hush"), {}, marking(SAFE))
    assert not holds(wanted, told("loud"), {}, marking(SAFE))
    assert not holds(wanted, told("hush"), {}, marking(OTHER))
    assert not holds(wanted, told("hush"), {})
    assert not holds(wanted, {"message": "m"}, {}, marking(SAFE))


def test_one_value_at_two_places_has_two_hashes() -> None:
    assert VEIL.mark(PLACE, "hush") == VEIL.mark(PLACE, "hush")
    assert VEIL.mark(PLACE, "hush") != VEIL.mark(("message",), "hush")


def test_a_text_that_looks_like_a_hash_is_only_a_text() -> None:
    mark = VEIL.mark(PLACE, "hush")
    plain = shape_of("deploy.*", [PLACE])

    assert keys_for(plain, NAMES, told(mark), {}, marking(SAFE)) == [key_of(plain, [mark])]
    assert key_of(plain, [mark]) != key_of(shape_of("deploy.*", [PLACE], VEIL.hidden), [mark])


def test_what_a_where_takes_along_is_opened_under_its_key() -> None:
    names = {"vars": {"code": "hush"}}
    asked = {SEALED: VEIL.seal(names)}

    assert "hush" not in json.dumps(asked)
    assert taken_along(asked, SAFE) == names
    assert taken_along({"names": names}, None) == names
    assert taken_along({}, None) == {}
    for wrong in (OTHER, None):
        with pytest.raises(ValueError, match="under another instance key"):
            taken_along(asked, wrong)
