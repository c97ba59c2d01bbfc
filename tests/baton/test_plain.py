"""What a program hands over: copied quickly, written small, and never the reason for a failure."""

import enum
import json
import time
from typing import Any

import pytest

from baton.encoding import encode
from baton.plain import plain


class Colour(enum.IntEnum):
    RED = 1


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("value", "copy"),
    [
        (None, None), (True, True), (3, 3), (1.5, 1.5), ("x", "x"), (Colour.RED, 1),
        (2**60, str(2**60)), (float("inf"), None), (float("nan"), None), (b"x", "b'x'"),
        ({"a": (1, {2})}, {"a": [1, [2]]}), ({1: Odd()}, {"1": "odd"}),
    ],
)  # fmt: skip
def test_values_become_what_json_can_hold(value: Any, copy: Any) -> None:
    assert plain(value) == copy


def test_the_copy_is_a_copy() -> None:
    inner = [1]
    copied = plain({"a": inner})
    inner.append(2)

    assert copied == {"a": [1]}


def test_what_is_huge_is_cut_before_it_costs_anything() -> None:
    huge = {f"k{n}": list(range(100)) for n in range(20_000)}
    began = time.process_time()
    copied = plain([huge, huge, "x" * 10**7])

    assert time.process_time() - began < 0.5
    assert len(json.dumps(copied)) < 300_000


def test_what_identifies_is_neither_masked_nor_cut() -> None:
    token = "ghp_" + "a" * 36
    body = {"process_id": token, "message": token, "name": f"push {token}", "keys": [token]}
    body |= {"links": [{"url": "https://ada:hunter2@x.example"}], "labels": {"api_key": "abc"}}
    written = json.loads(encode(body))

    assert (written["process_id"], written["keys"]) == (token, [token])
    assert written["message"] == "***"
    assert written["name"] == "push ***"
    assert "hunter2" not in json.dumps(written)
    assert written["labels"] == {"api_key": "***"}


def test_an_event_is_never_larger_than_the_server_takes() -> None:
    body = {
        "process_id": "p", "status": "failed", "message": "é" * 90_000, "name": "n" * 90_000,
        "result": {"x": "y" * 90_000}, "error": {"message": "z" * 90_000},
        "links": [{"url": "u" * 90_000}] * 20, "next_steps": ["s" * 90_000] * 20,
    }  # fmt: skip
    raw = encode(body)

    assert len(raw) < 256 * 1024
    written = json.loads(raw)
    assert (written["process_id"], written["status"]) == ("p", "failed")
    assert written["result"].keys() == {"left_out"}
