"""The page of all actions says what their models say."""

from pathlib import Path

from bot.reference import actions
from workflows.actions import built_in
from workflows.actions.registry import Registry

PAGE = Path(__file__).parents[2] / "docs/reference/actions.md"


def test_the_reference_says_what_the_actions_take_and_give() -> None:
    assert PAGE.read_text("utf-8") == actions.reference()


def test_every_action_every_parameter_and_every_member_of_its_output_is_in_it() -> None:
    page = actions.reference()
    registry = Registry(built_in(environment={}))
    for name in registry.names():
        each = registry.require(name)
        section = page.partition(f"### `{name}`\n")[2].partition("\n### ")[0]
        models = [each.params, *([each.result] if each.result else [])]
        for model in models:
            for field, info in model.model_fields.items():
                assert f"| `{info.alias or field}` |" in section, f"{name}: {field}"
                assert info.description, f"{name}: {field}"
        assert "\nRepeated: " in section
