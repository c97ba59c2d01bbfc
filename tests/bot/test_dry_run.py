"""`python -m bot dry-run` and `test`: what is printed, where, and with which exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run

FLOW = """
name: flow
triggers:
  - {id: build, event: build.completed, inputs: {n: "{{ trigger.result.n }}"}}
inputs: {n: {type: integer, required: true}}
steps:
  - {id: make, action: shell.run, params: {argv: [make, "{{ inputs.n }}"]}}
  - {id: gate, approval: {title: "Ship {{ inputs.n }}?", approvers: ["<@U123>"]}}
  - {id: late, wait: 1w}
outputs: {code: "{{ steps.make.output.exit_code }}"}
"""
PARENT = "name: parent\nsteps:\n  - {id: call, workflow: flow, inputs: {n: 3}}\n"
CASES = """
cases:
  - name: ships
    inputs: {n: 1}
    decide: {gate: approve}
    expect: {status: completed}
  - name: waits
    inputs: {n: 1}
    expect: {status: completed, posts: [shipped]}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    place = tmp_path / "flow.yaml"
    place.write_text(FLOW)
    return place


def called(capsys: Any, *arguments: str | Path) -> tuple[int, str, str]:
    code = run([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_rehearsal_is_told_line_by_line(flow: Path, capsys: Any) -> None:
    code, out, err = called(
        capsys, "dry-run", flow, "--inputs", '{"n": 2}', "--decide", "gate=approve:go on"
    )

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "       0s  started by hand"
    assert "       0s  would call make shell.run" in lines
    assert '             argv: ["make", 2]' in lines
    assert "       0s  decided gate approve by U123: go on" in lines
    assert lines[-2:] == ["completed after 1w", "  code: 0"]
    assert "       1w  ended completed" in lines


def test_as_json_it_is_one_document(flow: Path, tmp_path: Path, capsys: Any) -> None:
    event, stubs = tmp_path / "event.json", tmp_path / "stubs.yaml"
    event.write_text('[{"type": "build.completed", "result": {"n": 5}}]')
    stubs.write_text("make: {output: {exit_code: 7}}\nother: {output: 1}\n")

    code, out, err = called(capsys, "dry-run", flow, "--json", "--event", event, "--stubs", stubs)

    report = json.loads(out)
    assert code == 0
    assert list(report) == ["status", "outputs", "waiting_for", "steps", "timeline"]
    assert report["status"] == "waiting"
    assert report["waiting_for"].endswith('approve "Ship 5?" (A-1)')
    assert report["timeline"][0]["params"] == {"n": 5}
    assert err == "The stub for `other` was not needed.\n"


def test_children_are_found_beside_the_file(flow: Path, tmp_path: Path, capsys: Any) -> None:
    parent = tmp_path / "parent.yaml"
    parent.write_text(PARENT)

    code, out, _ = called(capsys, "dry-run", parent, "--json", "--decide", "call/gate=approve")
    assert (code, json.loads(out)["status"]) == (0, "completed")

    flow.write_text(FLOW.replace("shell.run", "shel.run"))
    code, out, err = called(capsys, "dry-run", parent)
    assert (code, out) == (1, "")
    assert "flow.yaml:7:24: there is no action `shel.run`" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--inputs", "{}"], "`n` is required"),
        (["--inputs", "{"], "--inputs is not JSON"),
        (["--inputs", '{"n": 1}', "--decide", "gate"], "'gate' is no decision"),
        (["--inputs", '{"n": 1}', "--decide", "gate=maybe"], "It takes approve, reject."),
        (["--inputs", '{"n": 1}', "--stubs", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["--inputs", "[1]"], "inputs: this must be a map."),
    ],
)
def test_what_is_refused_is_one_sentence_and_exit_1(
    flow: Path, capsys: Any, arguments: list[str], said: str
) -> None:
    code, out, err = called(capsys, "dry-run", flow, *arguments)

    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_a_definition_with_mistakes_is_refused_with_all_of_them(flow: Path, capsys: Any) -> None:
    flow.write_text("name: flow\nsteps:\n  - {id: a, wait: 10}\n  - {id: a, stop: x}\n")

    code, out, err = called(capsys, "dry-run", flow)

    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 2


def test_a_failed_run_is_a_rehearsal_that_worked(flow: Path, capsys: Any) -> None:
    code, out, _ = called(
        capsys, "dry-run", flow, "--inputs", '{"n": 1}', "--decide", "gate=reject:no"
    )

    assert code == 0
    assert "rejected: Rejected by U123: no" in out


def test_cases_are_tried_and_the_difference_is_shown(flow: Path, capsys: Any) -> None:
    cases = flow.with_name("flow.test.yaml")
    cases.write_text(CASES)

    code, out, err = called(capsys, "test", flow)

    assert (code, err) == (1, "")
    assert out.splitlines() == [
        f"ok    {cases}:3: ships",
        f"FAIL  {cases}:7: waits",
        "        status",
        "          expected: completed",
        '          got:      waiting: Waiting for 1 of <@U123> to approve "Ship 1?" (A-1)',
        "        posts",
        "          expected: shipped",
        "          got:      []",
        "2 cases, 1 failed",
    ]


def test_cases_may_be_named_by_their_own_file_or_their_folder(flow: Path, capsys: Any) -> None:
    cases = flow.with_name("flow.test.yaml")
    cases.write_text(CASES.partition("  - name: waits")[0])
    flow.with_name("parent.yaml").write_text(PARENT)

    for place in (flow, cases, flow.parent):
        code, out, err = called(capsys, "test", place)
        assert (code, err) == (0, "")
        assert out.endswith("1 case, 0 failed\n")

    code, out, _ = called(capsys, "test", "--json", flow, cases)
    (tried,) = json.loads(out)
    assert tried == {
        "file": str(cases),
        "line": 3,
        "name": "ships",
        "differences": [],
        "passed": True,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no flow.test.yaml beside this"),
        ("cases: []\n", "flow.test.yaml:1:8: `cases` must not be empty"),
    ],
)
def test_what_cannot_be_tried_fails(flow: Path, capsys: Any, text: str | None, said: str) -> None:
    if text is not None:
        flow.with_name("flow.test.yaml").write_text(text)

    code, out, err = called(capsys, "test", flow)

    assert (code, out) == (1, "0 cases, 0 failed\n")
    assert said in err
