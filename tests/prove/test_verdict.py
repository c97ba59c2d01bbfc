"""A proof holds where something was tried, and nothing was broken or missed."""

import argparse
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.prove.verdict import Verdict, prove

OPTIONS = {"times": 3, "seed": 0, "only": None, "quick": False}
Run = Callable[..., tuple[int, dict[str, Any]]]


def found(tried: int, *, violated: bool = False) -> Callable[[argparse.Namespace, Verdict], None]:
    def work(given: argparse.Namespace, verdict: Verdict) -> None:
        verdict.counts["tried"] += tried
        verdict.violations += ["P1: lost"] * violated

    return work


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(work: Any, *argv: str) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr("sys.argv", ["prove", "--json", *argv])
        code = prove("it", "", OPTIONS, work)
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_verdict_says_what_was_tried_and_whether_all_of_it_held(run: Run) -> None:
    code, told = run(found(2))

    assert list(told) == ["name", "seconds", "counts", "violations", "missed", "met"]
    assert (code, told["met"], told["counts"]) == (0, True, {"tried": 2})
    assert run(found(2, violated=True))[0] == 1


def test_a_proof_that_tried_nothing_does_not_hold(run: Run) -> None:
    code, told = run(found(0))

    assert (code, told["met"], told["missed"]) == (1, False, ["nothing was tried"])


@pytest.mark.parametrize("times", ["0", "-1", "many"])
def test_a_proof_is_not_asked_for_less_than_one(times: str, run: Run) -> None:
    with pytest.raises(SystemExit) as refused:
        run(found(1), "--times", times)

    assert refused.value.code == 2
    assert run(found(1), "--seed", "0", "--only", "0")[0] == 0
