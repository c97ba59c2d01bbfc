"""`python -m bot validate` and `schema`: what is wrong with definitions, and what they may hold."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run
from bot.commands.validate import neighbours_of

ROOT = Path(__file__).resolve().parents[2]
GOOD = "name: {name}\nsteps:\n  - {{id: a, stop: done}}\n"
WRONG = "name: wrong\nsteps:\n  - {id: a, action: shel.run}\n  - {id: b, wait: 10}\n"


def validated(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = run(["validate", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def test_all_problems_of_all_files_come_at_once(tmp_path: Path, capsys: Any) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(WRONG)
    second.write_text("name: second\nsteps: []\n")

    code, out = validated(capsys, first, second)

    assert code == 1
    assert out.splitlines() == [
        f"{first}:3:21: there is no action `shel.run`. Did you mean `shell.run`?",
        f"{first}:4:19: `wait` must be text or a map, not a number. Write `10s` for seconds.",
        f"{second}:2:8: `steps` must be a list with at least one step.",
        "3 errors, 0 warnings",
    ]


def test_as_json_each_problem_is_an_object(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)

    code, out = validated(capsys, "--json", file)

    assert code == 1
    assert json.loads(out)[0] == {
        "severity": "error",
        "file": str(file),
        "line": 3,
        "column": 21,
        "path": "steps[0].action",
        "code": "unknown_action",
        "message": "there is no action `shel.run`",
        "hint": "Did you mean `shell.run`?",
    }
    assert len(json.loads(out)) == 2


def test_warnings_alone_are_no_failure(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("name: odd\nsteps:\n  - {id: a, workflow: elsewhere}\n")

    code, out = validated(capsys, "--json", file)

    assert code == 0
    assert [(each["severity"], each["code"]) for each in json.loads(out)] == [("warning", "child")]


def test_a_file_without_problems_gives_an_empty_list(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD.format(name="good"))

    assert validated(capsys, "--json", file) == (0, "[]\n")
    assert validated(capsys, file) == (0, "0 errors, 0 warnings\n")


def test_what_cannot_be_read_is_a_problem_of_its_own(tmp_path: Path, capsys: Any) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(GOOD.format(name="good"))

    code, out = validated(capsys, tmp_path / "gone.yaml", good)

    assert code == 1
    assert out.splitlines() == [
        f"{tmp_path}/gone.yaml:1:1: this cannot be read: No such file or directory. Is it there?",
        "1 error, 0 warnings",
    ]


def test_a_folder_stands_for_its_definitions_and_not_for_their_cases(
    tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "wrong.test.yaml").write_text("cases: []\n")

    code, out = validated(capsys, "--json", tmp_path)

    assert code == 1
    assert {each["file"] for each in json.loads(out)} == {str(tmp_path / "wrong.yaml")}


def test_children_are_found_beside_the_file(tmp_path: Path, capsys: Any) -> None:
    parent, child = tmp_path / "parent.yaml", tmp_path / "child.yaml"
    parent.write_text("name: parent\nsteps:\n  - {id: a, workflow: child, inputs: {x: 1}}\n")
    child.write_text("name: child\ninputs: {y: {type: string}}\nsteps: [{id: a, action: no.no}]\n")

    code, out = validated(capsys, parent)

    assert code == 0
    assert "warning: the workflow `child` has no input `x`" in out
    assert "no.no" not in out  # the mistakes of others are not told here
    assert [file.name for file in neighbours_of({str(parent): b""})] == ["child.yaml"]


def test_a_schedule_is_shown_with_its_next_three_times(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "daily.yaml"
    file.write_text(
        "name: daily\ntriggers: [{schedule: '@daily', timezone: Europe/Berlin}]\n"
        "steps: [{id: a, stop: x}]\n"
    )

    code, out = validated(capsys, file)

    line = out.splitlines()[0]
    assert code == 0
    assert line.startswith(f"{file}: schedule `@daily` in Europe/Berlin: At 00:00 every day; next ")
    times = line.rpartition("next ")[2].split(", ")
    assert [time[-5:] for time in times] == ["00:00"] * 3  # as clocks show it there


def test_the_shipped_definitions_are_valid(capsys: Any) -> None:
    code, out = validated(capsys, "--json", ROOT / "workflows" / "library")

    assert (code, json.loads(out)) == (0, [])


def test_the_schema_goes_to_stdout_or_into_a_file(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "workflow.schema.json"

    assert run(["schema"]) == 0
    printed = capsys.readouterr().out
    assert run(["schema", "--out", str(out)]) == 0

    assert capsys.readouterr().out == ""
    assert out.read_text(encoding="utf-8") == printed
    assert "shell.run" in json.loads(printed)["$defs"]["Step"]["properties"]["action"]["enum"]


def test_it_is_what_check_jsonschema_needs(tmp_path: Path, capsys: Any) -> None:
    schema, good, wrong = tmp_path / "s.json", tmp_path / "good.yaml", tmp_path / "wrong.yaml"
    assert run(["schema", "--out", str(schema)]) == 0
    good.write_text("name: good\ntriggers: [{webhook: generic, id: a, on: [b]}]\n"
                    "steps:\n  - {id: a, for_each: [1], steps: [{id: b, wait: 1s}]}\n")  # fmt: skip
    wrong.write_text(WRONG)
    program = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]

    taken = subprocess.run([*program, str(good)], capture_output=True, text=True, check=False)
    refused = subprocess.run([*program, str(wrong)], capture_output=True, text=True, check=False)

    assert taken.returncode == 0, taken.stdout
    assert refused.returncode == 1
    assert "shel.run" in refused.stdout


def test_a_schema_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: Any) -> None:
    assert run(["schema", "--out", str(tmp_path / "no" / "x")]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path}/no/x cannot be written: No such file or directory.\n"
    )
