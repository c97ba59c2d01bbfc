"""The commands that steer a run: what each sends, and what is wrong with what was typed."""

from typing import Any

import pytest

RUN = {"label": "R-1", "status": "running"}


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("pause", "R-1"), {}),
        (("resume", "R-1"), {}),
        (("cancel", "R-1"), {"reason": "", "mode": None}),
        (("cancel", "R-1", "--mode", "compensate", "--reason", "no"), {"reason": "no", "mode": "compensate"}),
        (("retry", "R-1", "--from", "fan[0].build"), {"from_path": "fan[0].build"}),
        (("skip", "R-1", "verify"), {"path": "verify"}),
        (("rollback", "R-1", "--reason", "it leaks"), {"reason": "it leaks"}),
        (("signal", "R-1", "go"), {"name": "go", "payload": None}),
        (("signal", "R-1", "go", "n=7", "who=ada"), {"name": "go", "payload": {"n": 7, "who": "ada"}}),
        (("signal", "R-1", "go", "--payload", "[1, 2]"), {"name": "go", "payload": [1, 2]}),
    ],
)  # fmt: skip
def test_each_sends_one_decision_with_an_id_of_its_own(
    server: Any, baton: Any, words: tuple[str, ...], sent: dict[str, Any]
) -> None:
    server.answers.append((202, {}, RUN))

    done = baton(*words)

    assert (done.returncode, done.stdout) == (0, b"R-1  running\n")
    (told,) = server.told
    assert told.path == f"/v1/runs/R-1/{words[0]}"
    assert told.body.pop("request_id").startswith("cli-")
    assert told.body == sent


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("skip", "R-1"), b"STEP"),
        (("signal", "R-1"), b"NAME"),
        (("cancel", "R-1", "--mode", "later"), b"compensate"),
        (("signal", "R-1", "go", "n=7", "--payload", "{}"), b"not both"),
        (("signal", "R-1", "go", "seven"), b"NAME=VALUE"),
    ],
)
def test_what_is_typed_wrongly_sends_nothing(
    server: Any, baton: Any, words: tuple[str, ...], said: bytes
) -> None:
    done = baton(*words)

    assert done.returncode == 2
    assert said in done.stderr
    assert server.told == []


def test_a_refusal_is_one_sentence_and_code_1(server: Any, baton: Any) -> None:
    server.answers.append((409, {}, {"detail": "R-1 is paused already. Resume it, or leave it."}))

    done = baton("pause", "R-1")

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"R-1 is paused already" in done.stderr
