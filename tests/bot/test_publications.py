"""`python -m bot apply`, `export` and `hook`: on a data folder of its own, all of the files or none."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run

CHILD = "# said every day\nname: child\nsteps:\n  - {id: say, action: baton.log, params: {message: hi}}\n"
PARENT = "name: parent\nsteps:\n  - {id: call, workflow: child}\n"
HOOKED = "name: hooked\ntriggers:\n  - {webhook: generic, id: call}\nsteps:\n  - {id: say, action: baton.log, params: {message: hi}}\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("BATON_", "SLACK_", "PORT"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATON_DATA", str(tmp_path / "data"))


def said(capsys: Any, *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    ended = run(arguments)
    out, err = capsys.readouterr()
    assert ended == code, (out, err)
    assert "Traceback" not in err
    return str(out if code == 0 else err)


def write(folder: Path, **texts: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return [str(folder / f"{name}.yaml") for name in texts]


def test_files_that_belong_together_are_published_together(tmp_path: Path, capsys: Any) -> None:
    files = write(tmp_path / "own", parent=PARENT, child=CHILD)
    (tmp_path / "own" / "child.test.yaml").write_text("cases: []")

    first = said(capsys, "apply", str(tmp_path / "own"))
    again = said(capsys, "apply", *files)

    assert "parent: revision 1, active" in first
    assert "  it starts the workflow `child`" in first
    assert "child: revision 1, active, as before" in again


def test_of_files_with_a_mistake_nothing_is_published(tmp_path: Path, capsys: Any) -> None:
    files = write(tmp_path / "own", child=CHILD, broken=PARENT.replace("child", "chld"))

    refused = said(capsys, "apply", *files, code=1)
    missing = said(capsys, "apply", files[0], str(tmp_path / "nowhere.yaml"), code=1)

    assert "broken.yaml:3:" in refused
    assert "Nothing was published." in refused
    assert "cannot be read" in missing
    assert "There is no workflow 'child'" in said(capsys, "export", "child", code=1)


def test_what_was_published_comes_back_as_it_was_written(tmp_path: Path, capsys: Any) -> None:
    said(capsys, "apply", *write(tmp_path / "own", child=CHILD, parent=PARENT))
    said(capsys, "apply", "--draft", *write(tmp_path / "drafts", hooked=HOOKED))

    assert said(capsys, "export", "child") == CHILD
    assert said(capsys, "export", f"{tmp_path}/out") == f"2 of 2 written to {tmp_path}/out\n"
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        "child.yaml",
        "parent.yaml",
    ]
    (tmp_path / "out" / "child.yaml").write_text("mine")
    assert "--force" in said(capsys, "export", f"{tmp_path}/out", code=1)
    assert (tmp_path / "out" / "child.yaml").read_text() == "mine"
    said(capsys, "export", f"{tmp_path}/out", "--force")
    assert (tmp_path / "out" / "child.yaml").read_text() == CHILD


def test_a_draft_stays_beside_what_is_in_use(tmp_path: Path, capsys: Any) -> None:
    (file,) = write(tmp_path / "own", child=CHILD)
    said(capsys, "apply", file)
    write(tmp_path / "own", child=CHILD.replace("message: hi", "message: hello"))

    told = said(capsys, "apply", "--draft", file)

    assert "child: revision 2 is a draft beside what is in use" in told
    assert said(capsys, "export", "child") == CHILD


def test_the_secret_of_a_webhook_is_shown_once(tmp_path: Path, capsys: Any) -> None:
    (file,) = write(tmp_path / "own", hooked=HOOKED)
    first = json.loads(said(capsys, "apply", "--json", file))
    again = json.loads(said(capsys, "apply", "--json", file))
    rotated = said(capsys, "hook", "rotate", "hooked", "call").splitlines()
    wrong = said(capsys, "hook", "rotate", "hooked", "nothing", code=1)

    (made,) = first["published"][0]["secrets"]
    assert again["published"][0]["secrets"] == []
    assert rotated[0] == made["url"]
    assert rotated[0].endswith("/v1/hooks/workflow/hooked/call")
    assert rotated[1].startswith("whsec_")
    assert rotated[1] != made["secret"]
    assert "There is no webhook trigger of hooked" in wrong
