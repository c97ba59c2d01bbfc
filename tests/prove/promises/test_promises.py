"""The page of promises says what the proofs found, and names nothing that is not there."""

from pathlib import Path

import pytest

from tests.prove.promises.page import PAGE, kept, render, survived
from tests.prove.promises.table import PROMISES, Promise

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_what_guards_a_promise_is_there(promise: Promise) -> None:
    absent = [each for each in promise.tests if not (TESTS / each).exists()]
    absent += [
        each for each in promise.proofs if not (TESTS / "prove" / each / "__main__.py").exists()
    ]

    assert absent == []


def test_the_page_is_written_from_what_the_proofs_found() -> None:
    assert PAGE.read_text() == render(kept()), "write it again: python3 run.py prove promises"


def test_each_promise_says_what_it_has_survived() -> None:
    proofs = {each for promise in PROMISES for each in promise.proofs}
    said = {name: survived(found) for name, found in kept().items() if name in proofs}

    assert {name: text for name, text in said.items() if not text[0].isdigit()} == {}
    assert survived({"counts": {"lives": 3, "kills": 1_150}, "day": "2026-03-01"}) == (
        "1,150 kills on 2026-03-01"
    )


def test_no_promise_stands_there_that_was_broken() -> None:
    assert {
        name: found["violations"] for name, found in kept().items() if found["violations"]
    } == {}


def test_every_proof_that_guards_a_promise_was_played() -> None:
    guards = {each for promise in PROMISES for each in promise.proofs}

    assert guards <= set(kept())
