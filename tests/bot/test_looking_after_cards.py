"""`python -m bot reconcile` and `preview`, as they are typed."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.startswith(("BATON_", "SLACK_", "PORT"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_DATA", str(tmp_path / "data"))
    return tmp_path


def said(capsys: Any, *arguments: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run(arguments) == code
    found = capsys.readouterr()
    return found.out, found.err


def test_without_a_server_cards_are_drawn_again_at_the_next_start(capsys: Any) -> None:
    out, _ = said(capsys, "reconcile", "--all")
    assert out == "0 cards will be drawn again.\n"


def test_a_thread_that_is_not_there_is_said(capsys: Any) -> None:
    out, err = said(capsys, "reconcile", "R-7", code=1)
    assert out == ""
    assert "R-7" in err


@pytest.mark.parametrize("arguments", [(), ("R-7", "--all")])
def test_which_cards_has_to_be_said(capsys: Any, arguments: tuple[str, ...]) -> None:
    _, err = said(capsys, "reconcile", *arguments, code=2)
    assert "--all" in err


def test_a_preview_shows_each_rung_as_text_or_as_blocks(capsys: Any) -> None:
    text, _ = said(capsys, "preview", "rollup")
    assert [line for line in text.splitlines() if line.startswith("===")] == [
        f"=== rollup, {word}" for word in ("rich", "stable", "short", "words")
    ]
    blocks, _ = said(capsys, "preview", "rollup", "--json")
    assert '"type": "section"' in blocks


def test_a_preview_can_be_kept(capsys: Any, folder: Path) -> None:
    said(capsys, "preview", "digest", "--into", "kept")
    assert {path.name for path in (folder / "kept").iterdir()} == {"digest.json", "digest.txt"}


def test_a_card_that_does_not_exist_is_answered_with_those_that_do(capsys: Any) -> None:
    _, err = said(capsys, "preview", "nonsense", code=2)
    assert "approval" in err
