"""Every example is right without a warning, and its cases hold."""

from pathlib import Path

import pytest

from bot.commands.rehearsing import Fit, fit
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.model import Step
from workflows.rehearsal.cases import read_cases, try_case

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "workflows" / "examples"
FILES = sorted(
    each
    for folder in (EXAMPLES, ROOT / "workflows" / "library")
    for each in folder.glob("*.yaml")
    if not each.stem.endswith(".test")
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_right_and_its_cases_hold(file: Path) -> None:
    registry = Registry(built_in(environment={}))
    found = fit(file, registry)
    assert isinstance(found, Fit), found
    assert found.warnings == ()
    assert found.name == file.stem

    beside = file.with_name(f"{file.stem}.test.yaml")
    cases = read_cases(beside.read_bytes(), file=beside.name)
    assert cases
    for case in cases:
        assert try_case(case, found.name, found.company, registry) == (), case.name


def test_every_example_stands_in_the_readme_once() -> None:
    page = (EXAMPLES / "README.md").read_text("utf-8")
    examples = [each for each in FILES if each.parent == EXAMPLES]
    assert len(examples) >= 24
    assert {each.name: page.count(f"({each.name})") for each in examples} == {
        each.name: 1 for each in examples
    }


def test_every_verb_has_an_example() -> None:
    page = (EXAMPLES / "README.md").read_text("utf-8")
    assert [verb for verb in Step.verbs if f"| `{verb}`" not in page] == []


def test_every_example_stands_in_the_docs() -> None:
    page = (ROOT / "docs/reference/examples.md").read_text("utf-8")
    named = [f'--8<-- "{each.relative_to(ROOT)}"' for each in FILES if each.parent == EXAMPLES]
    assert [each for each in named if page.count(each) != 1] == []
