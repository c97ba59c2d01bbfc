"""Sources and their secrets from the command line: shown once, closed in the database, ended in time."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("BATON_KEY", "BATON_CONFIG", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def said(capsys: Any, *arguments: str, code: int = 0) -> str:
    assert run(arguments) == code
    out, err = capsys.readouterr()
    return str(out if code == 0 else err)


def listed(capsys: Any) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(said(capsys, "source", "list"))}


def test_a_source_that_signs_gets_a_secret_which_the_database_does_not_tell(
    data: Path, capsys: Any
) -> None:
    answer = said(capsys, "source", "add", "gh", "--scheme", "standard-webhooks")
    (secret,) = SECRET.findall(answer)
    assert "/v1/notify?source=gh" in answer
    assert listed(capsys)["gh"]["scheme"] == "standard-webhooks"
    for file in data.glob("baton.db*"):
        assert secret.encode() not in file.read_bytes()
    assert secret not in said(capsys, "source", "list")


def test_a_second_secret_counts_beside_the_first_and_a_third_ends_it(
    data: Path, capsys: Any
) -> None:
    said(capsys, "source", "add", "gh", "--scheme", "standard-webhooks")
    said(capsys, "source", "rotate", "gh", "--overlap", "1")
    said(capsys, "source", "rotate", "gh", "--overlap", "1")
    raw = sqlite3.connect(data / "baton.db")
    ends = [row[0] for row in raw.execute("SELECT expires_at FROM source_secrets ORDER BY key")]
    raw.close()
    assert len(ends) == 3
    assert ends[-1] is None
    assert ends[0] < ends[1]


def test_a_named_variable_is_no_secret_to_show(capsys: Any) -> None:
    answer = said(
        capsys, *("source", "add", "gh", "--scheme", "standard-webhooks", "--secret", "env:GH")
    )
    assert "whsec_" not in answer
    assert "env:GH" not in answer


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("source", "add", "Not A Slug"), "cannot name a source"),
        (("source", "add", "x", "--scheme", "rot13"), "There is no scheme 'rot13'"),
        (("source", "add", "x", "--scheme", "standard-webhooks", "--secret", "abc"), "16 bytes"),
        (("source", "rotate", "nobody"), "There is no source 'nobody' that signs"),
        (("source", "retire", "nobody"), "There is no source 'nobody'"),
        (("token", "rotate", "nobody"), "has no token that could be rotated"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    arguments: tuple[str, ...], says: str, capsys: Any
) -> None:
    assert says in said(capsys, *arguments, code=1)
    assert listed(capsys) == {}


def test_a_retired_source_can_be_taken_back(capsys: Any) -> None:
    said(capsys, "source", "add", "ci")
    assert said(capsys, "source", "retire", "ci") == "retired\n"
    assert listed(capsys)["ci"]["retired"]
    assert said(capsys, "source", "retire", "ci") == "It was retired before.\n"
    assert said(capsys, "source", "restore", "ci") == "restored\n"
    assert not listed(capsys)["ci"]["retired"]


def test_a_rotated_token_has_the_rights_of_the_one_before(data: Path, capsys: Any) -> None:
    said(capsys, *("token", "create", "--source", "ci", "--scope", "notify", "--owner", "U1"))
    answer = said(capsys, "token", "rotate", "ci", "--overlap", "2")
    assert "BATON_TOKEN=bt_" in answer
    found = json.loads(said(capsys, "token", "list"))
    assert [(one["scopes"], one["owner"]) for one in found] == [(["notify"], "U1")] * 2
    raw = sqlite3.connect(data / "baton.db")
    ends = [row[0] for row in raw.execute("SELECT expires_at FROM tokens ORDER BY created_at")]
    raw.close()
    assert ends[0] is not None
    assert ends[1] is None
