"""Whatever stands in a file, the answer is a definition or a list of problems with their places."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.workflows.language.samples import Catalogue, read, steps
from tests.workflows.language.test_containers import FINE as HOLDING
from tests.workflows.language.test_shapes import FINE
from workflows.language.checks import Checked, check_workflow
from workflows.language.codes import CODES
from workflows.language.compile import compile_workflow
from workflows.language.errors import InvalidDefinition, Problem
from workflows.language.model import Step

calm = settings(deadline=None)  # a busy machine is no mistake
HELD = steps(HOLDING).replace("name: flow", "on_failure: [{id: z, stop: x}]\nname: flow")
FILES = [FINE.splitlines(), HELD.splitlines()]
WORDS = sorted(
    {word.strip(",:{}[]\"'") for word in (FINE + HELD).split()} | {"", "~", "5", "[]", "{}", "x: y"}
)


def answer(text: str) -> Checked | tuple[Problem, ...]:
    try:
        return read(text)
    except InvalidDefinition as refused:
        return refused.problems


def check_answer(text: str) -> None:
    """A definition that compiles, or problems in order, at least one of them an error."""
    found = answer(text)
    if isinstance(found, Checked):
        assert compile_workflow(found.workflow, Catalogue(), revision="r").steps
        return
    lines = text.count("\n") + 2
    assert any(each.severity == "error" for each in found)
    assert all(1 <= each.line <= lines and each.column >= 1 for each in found)
    assert list(found) == sorted(found, key=lambda each: (each.line, each.column))


@calm
@given(st.text(max_size=200))
@example("name: a\nsteps:\n  - {id: b, action: shell.run, params: {argv: }}")
@example("steps:\n  - id: {}")
@example("name: [\n")
@example("? a")
def test_any_text_is_answered(text: str) -> None:
    check_answer(text)


@calm
@given(st.data())
def test_any_change_of_a_file_is_answered(data: st.DataObject) -> None:
    lines = list(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        words = lines[index].split(" ")
        change = data.draw(st.sampled_from(["drop", "double", "move", "word", "cut", "line"]))
        match change:
            case "drop":
                del lines[index]
            case "double":
                lines.insert(index, lines[index])
            case "move":
                lines.insert(data.draw(st.integers(0, len(lines) - 1)), lines.pop(index))
            case "word":
                words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(WORDS))
                lines[index] = " ".join(words)
            case "cut":
                lines[index] = lines[index][: data.draw(st.integers(0, len(lines[index])))]
            case _:
                lines[index] = "  " + lines[index]
        lines = lines or ["x"]

    check_answer("\n".join(lines))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = sorted({*Step.verbs, *Step.keys, "id", "condition", "needs", "timeout", "on_error", "notify",
               "compensate", "<<", "[key]", "<list>"})  # fmt: skip
any_step = st.dictionaries(st.sampled_from(KEYS), values, max_size=5)
HEADS = ["name", "inputs", "vars", "triggers", "settings", "outputs", "tags", "owner", "finally",
         "on_failure", "on_cancel", "<text>"]  # fmt: skip


@calm
@given(st.dictionaries(st.sampled_from(HEADS), values), st.lists(any_step, max_size=4) | values)
def test_any_data_is_answered(head: dict[str, Any], steps: Any) -> None:
    try:
        checked = check_workflow({**head, "steps": steps}, Catalogue())
    except InvalidDefinition as refused:
        found = refused.problems
    else:
        found = checked.warnings
        assert checked.workflow.steps

    assert all(each.code in CODES and each.message for each in found)
