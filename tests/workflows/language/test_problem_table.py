"""Every mistake there is a word for: a file with one problem each, and exactly what is said of it.

A file of ``tests/cases/problems`` begins with what is expected: severity, code and place, then the
message, then the hint. Its lines count, so places are those of the whole file.
"""

import ast
from pathlib import Path

import pytest

from tests.workflows.language.samples import Catalogue
from workflows.language.checks import check
from workflows.language.codes import CODES
from workflows.language.errors import InvalidDefinition, Problem
from workflows.language.model import Input
from workflows.language.neighbours import Known, Neighbours

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted((ROOT / "tests" / "cases" / "problems").glob("*.yaml"))
CHILD = Known(inputs={"host": Input(type="string", required=True), "port": Input(type="integer")})
ASLEEP = Known(status="paused")
BESIDE = Neighbours(
    {"child": CHILD, "asleep": ASLEEP, "flow": Known(calls=("flow",))}, complete=True
)
SELF_EXPLAINING = {"child", "expression", "type", "value"}  # what it must be is said already


def found(text: str) -> tuple[Problem, ...]:
    try:
        return check(text, Catalogue(), file="f", neighbours=BESIDE).warnings
    except InvalidDefinition as refused:
        return refused.problems


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_each_mistake_is_said_in_one_sentence_with_its_place_and_its_mend(case: Path) -> None:
    text = case.read_text(encoding="utf-8")

    (problem,) = found(text)

    place = f"{problem.severity} {problem.code} at {problem.line}:{problem.column}"
    said = [place, problem.message, problem.hint or "-"]
    assert said == [line.removeprefix("# ") for line in text.split("\n")[:3]]
    assert problem.hint or problem.code in SELF_EXPLAINING
    assert problem.code in CODES


def test_every_code_has_a_case() -> None:
    seen = {case.read_text(encoding="utf-8").split(" ")[2] for case in CASES}

    assert set(CODES) - seen == {"file"}  # of what cannot be read at all: bot/commands/validate.py


def written_codes(tree: ast.Module) -> set[str]:
    """Return the codes that a module's calls name as they are written."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"add", "warn", "add_key", "add_absent", "add_inside"}
        and isinstance(call.args[0], ast.Constant)
    }


def test_no_other_code_is_used() -> None:
    folder = ROOT / "workflows" / "language"
    used = set[str]().union(
        *(written_codes(ast.parse(path.read_text("utf-8"))) for path in folder.rglob("*.py"))
    )

    assert len(used) > 20
    assert used <= set(CODES)
