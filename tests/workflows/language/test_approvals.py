"""Approvals: somebody to ask, something that can come of it, and what it may cover."""

import pytest

from tests.workflows.language.samples import places, problems, steps


def approval(keys: str, head: str = "") -> list[tuple[str, str, str]]:
    text = steps(f"- {{id: a, approval: {{title: x, {keys}}}}}", head)
    return [(each.severity, each.path, each.code) for each in problems(text)]


@pytest.mark.parametrize(
    "people",
    [
        "['<@U123>']",
        "['@team']",
        "['role:operator']",
        "['{{ run.started_by }}']",
        "'<@W0AB>'",
        "'{{ run.inputs }}'",
    ],
)
def test_people_groups_and_roles_can_be_asked(people: str) -> None:
    assert approval(f"approvers: {people}") == []


@pytest.mark.parametrize(
    "people", ["[ada]", "['U123']", "['role:']", "['@']", "['<#C123>']", "'ada'"]
)
def test_who_is_nobody_is_refused(people: str) -> None:
    ((severity, path, code),) = approval(f"approvers: {people}")
    assert (severity, code) == ("error", "person")
    assert path.startswith("steps[0].approval.approvers")


def test_somebody_must_be_asked() -> None:
    assert approval("quorum: 1") == [("error", "steps[0].approval.approvers", "approvers")]
    assert approval("quorum: 1", "settings: {approvers: ['@team']}\n") == []
    assert places(steps("- id: a\n  approval:\n    title: x"))[0][:2] == (
        3,
        5,
    )  # the step's first line


def test_a_quorum_is_not_larger_than_the_people_named() -> None:
    two = "approvers: ['<@U123>', '<@U456>', '<@U123>']"
    assert approval(f"{two}, quorum: 2") == []
    assert approval(f"{two}, quorum: 3") == [("error", "steps[0].approval.quorum", "quorum")]
    assert approval("approvers: ['<@U123>', '@team'], quorum: 9") == []
    assert approval("approvers: ['{{ run.id }}'], quorum: 9") == []
    assert approval("approvers: ['@t'], quorum: 0") == [
        ("error", "steps[0].approval.quorum", "value")
    ]


def test_a_timeout_has_an_outcome_that_exists() -> None:
    base = "approvers: ['@t'], timeout: 1h"
    for outcome in ("reject", "fail", "approve"):
        assert approval(f"{base}, on_timeout: {outcome}") == []
    assert approval(f"{base}, decisions: [ship, hold], on_timeout: hold") == []
    assert approval(f"{base}, on_timeout: aprove")[0][1:] == (
        "steps[0].approval.on_timeout",
        "value",
    )
    assert approval("approvers: ['@t'], on_timeout: fail") == [
        ("warning", "steps[0].approval.on_timeout", "no_effect")
    ]


def test_decisions_are_slugs_and_each_stands_once() -> None:
    assert approval("approvers: ['@t'], decisions: [a, a]")[0][2] == "value"
    assert approval("approvers: ['@t'], decisions: ['A b']")[0][2] == "slug"


def test_what_is_shown_is_text_in_this_version() -> None:
    assert approval("approvers: ['@t'], show: [a, {file: report.md}, '{{ run.id }}']") == [
        ("error", "steps[0].approval.show[1]", "later")
    ]


COVERED = """\
name: flow
vars: {{v: 1, w: 2}}
steps:
  - {{id: before, action: baton.log, params: {{message: x}}}}
  - {{id: gate, approval: {{title: x, approvers: ['@t'], covers: [{covers}]}}}}
  - {{id: setter, set: {{v: 2}}}}
  - {{id: deploy, action: baton.log, params: {{message: "{text}"}}}}
  - {{id: after, action: baton.log, params: {{message: x}}}}
"""


@pytest.mark.parametrize(
    ("covers", "text", "message"),
    [
        ("deploy, after", "{{ steps.before.output }}{{ vars.w }}{{ run.id }}", None),
        ("deploy", "{{ secrets.X }}", None),
        ("deploy", "{{ vars.v }}", "`vars.v` is not known yet"),
        ("deploy", "{{ steps.gate.output.by }}", "`steps.gate` is not known yet"),
        ("deploy", "{{ steps.setter.status | default('x') }}", "`steps.setter` is not known yet"),
        ("deplyo", "x", "there is no step `deplyo`"),
        ("setter", "x", "`setter` is no action"),
        ("before", "x", "`before` does not come after"),
    ],
)
def test_an_approval_covers_what_can_be_shown_when_it_asks(
    covers: str, text: str, message: str | None
) -> None:
    found = problems(COVERED.format(covers=covers, text=text))

    assert [(message or "") in each.message for each in found] == ([True] if message else [])
    assert all((each.line, each.code) == (5, "covers") for each in found)
