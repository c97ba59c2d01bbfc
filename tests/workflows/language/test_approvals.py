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
        "['<!subteam^S0SRE>', S0SRE, 'source:policy']",
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


def test_texts_files_and_diffs_can_be_shown() -> None:
    shown = "[a, {file: report.md}, {diff: '{{ run.folder }}/plan.diff'}, '{{ run.id }}']"
    assert approval(f"approvers: ['@t'], show: {shown}") == []


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ("{file: a, diff: b}", "exclusive"),
        ("{}", "exclusive"),
        ("{path: a}", "unknown_key"),
        ("{file: ''}", "value"),
        ("{file: '{{ nobody }}'}", "expression"),
        ("3", "type"),
    ],
)
def test_what_cannot_be_shown_is_refused(shown: str, code: str) -> None:
    found = approval(f"approvers: ['@t'], show: [{shown}]")
    assert [each[0] for each in found] == ["error"]
    assert found[0][2] == code
    assert found[0][1].startswith("steps[0].approval.show[0]")


@pytest.mark.parametrize("remind", ["30m", "[30m, 2h]", "PT5M"])
def test_reminders_are_one_duration_or_several(remind: str) -> None:
    assert approval(f"approvers: ['@t'], remind: {remind}") == []


@pytest.mark.parametrize("remind", ["soon", "[]", "0s", "[1h, x]", "30"])
def test_a_reminder_that_is_no_duration_is_refused(remind: str) -> None:
    found = approval(f"approvers: ['@t'], remind: {remind}")
    assert [each[0] for each in found] == ["error"]
    assert found[0][1].startswith("steps[0].approval.remind")


def test_an_escalation_names_somebody_after_a_time() -> None:
    good = "escalate: [{after: 1h, to: ['@oncall', 'role:operator']}, {after: 2h, to: '<@U123>'}]"
    assert approval(f"approvers: ['@t'], {good}") == []
    assert (
        approval("approvers: ['@t'], escalate: [{after: 1h, to: ['{{ run.started_by }}']}]") == []
    )
    for wrong in ("{after: 1h}", "{to: ['@t']}", "{after: 1h, to: []}", "{after: 1h, to: [ada]}"):
        found = approval(f"approvers: ['@t'], escalate: [{wrong}]")
        assert found, wrong
        assert {each[0] for each in found} == {"error"}
        assert found[0][1].startswith("steps[0].approval.escalate[0]")


def test_what_would_come_after_the_timeout_is_pointed_out() -> None:
    base = "approvers: ['@t'], timeout: 1h"
    assert approval(f"{base}, remind: [30m, 2h]") == [
        ("warning", "steps[0].approval.remind", "no_effect")
    ]
    assert approval(f"{base}, escalate: [{{after: 1h, to: ['@x']}}]") == [
        ("warning", "steps[0].approval.escalate[0].after", "no_effect")
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
