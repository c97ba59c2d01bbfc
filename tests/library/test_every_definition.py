"""Every shipped definition loads, checks clean, and has a story."""

from pathlib import Path

import pytest

from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.compile import compile_workflow
from workflows.language.definition import to_definition

LIBRARY = Path(__file__).parents[2] / "workflows" / "library"
SHIPPED = sorted(each for each in LIBRARY.glob("*.yaml") if not each.stem.endswith(".test"))


def test_the_library_is_not_empty() -> None:
    assert [path.stem for path in SHIPPED] == [
        "automated_testing_pipeline",
        "cross_chat_coordination",
        "data_synthesis",
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_checks_clean(path: Path) -> None:
    registry = Registry(built_in(environment={}))
    checked = check(path.read_text("utf-8"), registry, file=path.name)
    definition = to_definition(checked)

    assert checked.warnings == ()
    assert definition.name == path.stem
    assert definition.title
    assert definition.description
    assert compile_workflow(checked.workflow, registry, revision=definition.hash).steps


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_stands_in_the_readme_and_has_a_story(path: Path) -> None:
    assert path.name in (LIBRARY / "README.md").read_text("utf-8")
    assert (Path(__file__).parent / f"test_{path.stem}.py").exists()
