import pytest

from baton.connector import ActionContext, Connector, Params, action
from workflows.actions import built_in
from workflows.actions.registry import Registry, UnknownAction
from workflows.language.checks import check


@action("tracker.create", repeatable=False)
async def create(params: Params, ctx: ActionContext) -> None:
    """Make one."""


def test_an_action_is_found_by_its_name(registry: Registry) -> None:
    assert registry.require("shell.run").name == "shell.run"


def test_an_unknown_action_is_answered_with_a_near_name(registry: Registry) -> None:
    assert registry.get("shel.run") is None
    with pytest.raises(UnknownAction, match=r"Did you mean 'shell\.run'"):
        registry.require("shel.run")


def test_two_connectors_of_one_name_are_refused() -> None:
    tracker = Connector("tracker", actions=(create,))
    with pytest.raises(ValueError, match="two connectors named 'tracker'"):
        Registry((tracker, tracker))


def test_names_are_sorted_and_hold_those_of_every_connector() -> None:
    registry = Registry((*built_in(environment={}), Connector("tracker", actions=(create,))))
    assert registry.names() == (
        "baton.log",
        "baton.notify",
        "baton.signal",
        "data.aggregate",
        "data.filter",
        "data.read",
        "data.sort",
        "data.template",
        "data.transform",
        "data.write",
        "files.append",
        "files.copy",
        "files.delete",
        "files.list",
        "files.move",
        "files.read",
        "files.write",
        "git.branch",
        "git.commit",
        "git.diff",
        "git.log",
        "git.status",
        "http.request",
        "shell.run",
        "slack.post",
        "slack.update",
        "slack.upload",
        "tracker.create",
    )


def test_every_action_and_every_parameter_explains_itself(registry: Registry) -> None:
    for name in registry.names():
        each = registry.require(name)
        assert each.doc, name
        for field, info in each.params.model_fields.items():
            assert info.description, f"{name}: {field}"


def test_a_field_that_the_actions_of_slack_do_not_give_is_warned_of(registry: Registry) -> None:
    text = """\
name: flow
steps:
  - {id: a, action: slack.post, params: {text: x, await: sent}}
  - {id: b, action: slack.update, params: {notice_id: "{{ steps.a.output.notice_id }}", text: y}}
  - {id: c, action: slack.upload, params: {text: z}}
  - id: d
    stop: >-
      {{ steps.a.output.permalink }} {{ steps.a.output.permalnk }} {{ steps.b.output.ts }}
      {{ steps.c.output.size }} {{ steps.c.output.url }}
"""
    found = check(text, registry, file="flow.yaml").warnings
    assert [each.message for each in found] == [
        "the output of `slack.post` has no `permalnk`",
        "the output of `slack.update` has no `ts`",
        "the output of `slack.upload` has no `url`",
    ]
