"""Every shipped definition has cases beside it, and does what they expect."""

from pathlib import Path

import pytest

from tests.workflows.rehearsal.stand import REGISTRY
from workflows.language.checks import check
from workflows.rehearsal import of_checked
from workflows.rehearsal.cases import read_cases, try_case

LIBRARY = Path(__file__).resolve().parents[2] / "workflows" / "library"
SHIPPED = sorted(each for each in LIBRARY.glob("*.yaml") if not each.stem.endswith(".test"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_definition_does_what_its_cases_expect(path: Path) -> None:
    piece = of_checked(check(path.read_bytes(), REGISTRY, file=path.name), REGISTRY)
    name = piece.workflow.name
    cases = read_cases(path.with_suffix(".test.yaml").read_bytes(), file=f"{path.stem}.test.yaml")

    assert len(cases) >= 2
    assert {case.name: try_case(case, name, {name: piece}, REGISTRY) for case in cases} == {
        case.name: () for case in cases
    }
