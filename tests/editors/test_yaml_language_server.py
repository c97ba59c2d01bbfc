"""The YAML language server that most editors have, with our schema: problems, completion, help."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.schema import schema as write_schema
from tests.editors.editor import Editor, editing
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.model import Step, Trigger

ROOT = Path(__file__).resolve().parents[2]
GOOD = sorted(
    file
    for place in (
        "workflows/examples",
        "workflows/library",
        "tests/cases/language",
        "tests/cases/language/triggers",
    )
    for file in (ROOT / place).glob("*.yaml")
    if not file.stem.endswith(".test")
)
LINE = "# yaml-language-server: $schema=./workflow.schema.json\n"
STEP = LINE + "name: flow\nsteps:\n  - id: a\n    "
CALL = STEP + "action: shell.run\n    "


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("flows")
    write_schema(out=folder / "workflow.schema.json")
    program = shutil.which("yaml-language-server")
    assert program is not None
    with editing(program, folder) as opened:
        yield opened


def messages(editor: Editor, text: str) -> list[tuple[int, str]]:
    """Line, from 0, and text of each problem."""
    found = editor.open(f"wrong{len(editor.problems)}.yaml", text)
    return [(each["range"]["start"]["line"], each["message"]) for each in found]


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_it_finds_nothing_wrong_with_what_is_shipped(editor: Editor, file: Path) -> None:
    assert editor.open(file.name, LINE + file.read_text("utf-8")) == []


def test_an_action_that_does_not_exist_is_underlined(editor: Editor) -> None:
    ((line, said),) = messages(editor, STEP + "action: shel.run\n")

    assert line == 4
    assert '"shell.run"' in said


def test_a_param_of_another_type_and_an_unknown_key_are_underlined(editor: Editor) -> None:
    wrong = CALL + "params: {argv: make}\n    conditon: x\n"

    assert {line for line, _ in messages(editor, wrong)} == {5, 6}


def test_names_of_actions_are_completed(editor: Editor) -> None:
    offered = editor.completions("a.yaml", STEP + "action: \n", after="action: ")

    assert offered == list(Registry(built_in(environment={})).names())


def test_params_complete_by_the_action_of_their_step(editor: Editor) -> None:
    of_shell = editor.completions("b.yaml", CALL + "params:\n      \n", after="params:\n      ")
    asking = STEP + "action: http.request\n    params:\n      \n"
    of_http = editor.completions("c.yaml", asking, after="params:\n      ")

    assert {"argv", "cwd", "env", "allow_exit"} <= {*of_shell}
    assert {"url", "method", "headers", "json"} <= {*of_http}
    assert "url" not in of_shell
    assert "argv" not in of_http


def test_params_complete_inside_a_loop_and_in_what_takes_a_step_back(editor: Editor) -> None:
    looped = STEP + "for_each: [1]\n    steps:\n      - id: b\n        "
    looped += "action: http.request\n        params:\n          \n"
    undone = CALL + "params: {argv: [x]}\n    compensate:\n      action: http.request\n      "
    undone += "params:\n        \n"

    assert "url" in editor.completions("d.yaml", looped, after="params:\n          ")
    assert "url" in editor.completions("e.yaml", undone, after="params:\n        ")


def test_keys_complete_with_verbs_kinds_and_choices(editor: Editor) -> None:
    step = editor.completions("f.yaml", STEP + "\n", after="id: a\n    ")
    kinds = LINE + "name: flow\ntriggers:\n  - \n"
    choices = LINE + "name: flow\nsettings:\n  notify: \n"

    assert {*Step.verbs, "condition", "needs"} <= {*step}
    assert {*Trigger.kinds, "where"} <= {*editor.completions("g.yaml", kinds, after="  - ")}
    assert editor.completions("h.yaml", choices, after="notify: ") == [
        *("all", "milestones", "attention", "none")
    ]


def test_a_key_explains_itself(editor: Editor) -> None:
    text = CALL + "params: {argv: [ls]}\n    on_error: continue\n"

    assert "What becomes of a failure" in editor.hover("i.yaml", text, after="on_err")
    assert "The program and its arguments" in editor.hover("j.yaml", text, after="arg")
