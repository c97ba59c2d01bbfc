"""What can stand in `error.type`: the words that Baton gives itself, of which `retry.on` may name any."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.workflows.language.samples import problems, steps
from tests.workflows.rehearsal.stand import entry, rehearsed
from workflows.language.checks.retries import OWN_WORDS

ROOT: Final = Path(__file__).resolve().parents[3] / "workflows"
OF_STEPS: Final = {
    "timeout", "rejected", "expired", "expression", "limit", "child", "cancelled", "exhausted",
    "failed", "unknown",
}  # fmt: skip
OF_CALLS: Final = {
    "unknown_action", "params", "secret", "not_approved", "not_sent", "output", "error",
}  # fmt: skip
CALL: Final = "action: shell.run, params: {argv: [x]}"
GIVEN_BY: Final = {"StepError", "_refused"}


def words(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be: itself, or the ways of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from words(node.body)
        yield from words(node.orelse)


def given_in(folder: Path) -> set[str]:
    """Return the first argument of every error that the modules below *folder* make."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        chosen = {
            target.id: each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }
        calls = [
            each
            for each in ast.walk(tree)
            if isinstance(each, ast.Call) and each.args and isinstance(each.func, ast.Name)
        ]
        for call in calls:
            if ast.unparse(call.func) in GIVEN_BY:
                first = call.args[0]
                named = chosen.get(first.id, first) if isinstance(first, ast.Name) else first
                found.update(words(named))
    return found


def test_steps_fail_with_these_types_and_no_others() -> None:
    assert given_in(ROOT / "core") == OF_STEPS


def test_calls_of_actions_fail_with_these_types_and_those_of_the_action() -> None:
    assert given_in(ROOT / "runtimes") | given_in(ROOT / "rehearsal") <= OF_STEPS | OF_CALLS
    assert given_in(ROOT / "runtimes") >= OF_CALLS


def test_an_error_is_type_message_class_and_perhaps_status() -> None:
    text = "name: w\nsteps:\n  - {id: a, action: shell.run, params: {argv: [x]}%s}\n"
    stubs = {"a": {"error": "no", "type": "exit", "status": 3}}
    without = {"a": {"error": "no"}}

    with_status = entry(rehearsed(text % "", stubs=stubs), "a", "failed")["error"]
    assert with_status == {"type": "exit", "message": "no", "class": "failed", "status": 3}
    plain = entry(rehearsed(text % "", stubs=without), "a", "failed")["error"]
    assert plain == {"type": "failed", "message": "no", "class": "failed"}


def test_the_check_of_retries_knows_all_of_them_and_the_classes() -> None:
    assert OF_STEPS | OF_CALLS | {"not_started"} == OWN_WORDS


def test_no_type_of_our_actions_is_taken_for_a_slip() -> None:
    types = {
        word
        for path in [*ROOT.glob("actions/*.py"), *ROOT.parent.glob("bot/world/*.py")]
        for each in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(each, ast.keyword) and each.arg == "type"
        for word in words(each.value)
    }
    assert len(types) > 20
    retry = f"{{attempts: 2, on: [{', '.join(sorted(types))}]}}"

    assert problems(steps(f"- {{id: a, {CALL}, retry: {retry}}}")) == []


@pytest.mark.parametrize(
    ("word", "meant"), [("timeot", "timeout"), ("fail", "failed"), ("reject", "rejected")]
)
def test_a_word_that_is_almost_ours_is_pointed_out(word: str, meant: str) -> None:
    undo = f"compensate: {{{CALL}, retry: {{attempts: 2, on: [{word}]}}}}"
    (found,) = problems(steps(f"- {{id: a, {CALL}, {undo}}}"))

    assert (found.severity, found.code, found.path) == (
        "warning",
        "retry",
        "steps[0].compensate.retry.on[0]",
    )
    assert found.hint == f"Did you mean `{meant}`?"
