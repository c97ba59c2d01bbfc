"""What an answer of people means for what follows, and which steps an approval covers."""

from typing import Any

import pytest

from tests.workflows.rehearsal.stand import entry, rehearsed, statuses
from workflows.language.errors import InvalidDefinition
from workflows.rehearsal import Rehearsal

MAKE = "action: shell.run, params: {argv: [make]}"


def played(steps: str, *, head: str = "", **given: Any) -> Rehearsal:
    return rehearsed(f"name: w\n{head}steps:\n{steps}", **given)


def gate(more: str = "", beside: str = "") -> str:
    return f'  - {{id: gate, approval: {{title: "Go?", approvers: ["<@U123>", "<@U456>"]{more}}}{beside}}}\n'


def test_a_no_fails_the_step_and_unhandled_the_run_which_shows_who_said_it() -> None:
    report = played(gate() + f"  - {{id: deploy, {MAKE}}}\n", decide={"gate": "reject:too early"})

    assert report.status == "failed"
    assert statuses(report) == {"gate": "failed", "deploy": "not_taken"}
    error = entry(report, "", "ended")["error"]
    assert (error["type"], error["message"]) == ("rejected", "Rejected by U123: too early")
    assert [
        each.more["status"] for each in report.timeline if each.path == "" and each.kind == "posted"
    ] == ["Needs you", "Rejected"]


@pytest.mark.parametrize(
    ("way", "type_", "message"),
    [
        ("", "rejected", "Rejected: nobody decided in time"),
        (", on_timeout: reject", "rejected", "Rejected: nobody decided in time"),
        (", on_timeout: fail", "expired", "nobody decided in time"),
    ],
)
def test_a_timeout_is_a_no_of_the_clock_or_says_that_nobody_answered(
    way: str, type_: str, message: str
) -> None:
    report = played(gate(f", timeout: 1h{way}"))

    ended = entry(report, "", "ended")
    assert ended["at"] == 3600
    assert (ended["error"]["type"], ended["error"]["message"]) == (type_, message)


def test_a_timeout_may_be_a_decision_and_then_completes_the_step() -> None:
    text = gate(", decisions: [ship, later], timeout: 1h, on_timeout: later")
    report = played(text, head='outputs: {g: "{{ steps.gate.output }}"}\n')

    output = (report.outputs or {})["g"]
    assert report.status == "completed"
    assert (output["decision"], output["by"], output["votes"]) == ("later", "timer", [])


@pytest.mark.parametrize(
    "handled",
    [
        (", on_error: [{id: tell, wait: 1s}]", "gate~error.tell", "  - {id: other, wait: 1s}\n"),
        ("", "tell", "  - {id: tell, wait: 1s, needs: [{step: gate, on: failure}]}\n"),
    ],
)
def test_a_no_may_be_handled_and_what_it_covers_stays_untaken(handled: Any) -> None:
    beside, path, more = handled
    deploy = f"  - {{id: deploy, {MAKE}, needs: [gate]}}\n"
    report = played(gate("", beside) + deploy + more, decide={"gate": "reject:no"})

    assert report.status == "completed"
    assert statuses(report)["deploy"] == "not_taken"
    assert statuses(report)[path] == "completed"


def test_a_decision_of_ones_own_completes_the_step_and_rejecting_stays_possible() -> None:
    text = gate(", decisions: [ship, later]") + (
        f"  - {{id: deploy, {MAKE}, condition: steps.gate.output.decision == 'ship'}}\n"
    )
    later = played(text, decide={"gate": "later"})
    assert statuses(later) == {"gate": "completed", "deploy": "skipped"}
    assert later.status == "completed"

    rejected = played(text, decide={"gate": "reject:no"})
    assert statuses(rejected) == {"gate": "failed", "deploy": "not_taken"}


def test_a_quorum_counts_people_for_each_decision_and_one_no_ends_it() -> None:
    def said(*votes: tuple[str, str, str]) -> Any:
        names = ("choice", "by", "after")
        return [{**dict(zip(names, vote, strict=True)), "comment": "so"} for vote in votes]

    text = gate(", quorum: 2")
    twice = played(
        text, decide={"gate": said(("approve", "U123", "1m"), ("approve", "U123", "2m"))}
    )
    assert twice.status == "waiting"
    both = played(text, decide={"gate": said(("approve", "U123", "1m"), ("approve", "U456", "2m"))})
    assert both.status == "completed"
    no = played(text, decide={"gate": said(("approve", "U123", "1m"), ("reject", "U456", "2m"))})
    assert no.status == "failed"


COVERS = """
name: w
vars: {tag: one}
inputs: {host: {type: string, default: web}}
steps:
  - {id: gate, approval: {title: "Go?", approvers: ["<@U123>"]%s}}
  - {id: retag, set: {tag: two}, needs: [gate]}
  - {id: direct, action: shell.run, params: {argv: [make, "{{ inputs.host }}"], env: {KEY: "{{ secrets.KEY }}"}}, needs: [gate]}
  - {id: output, action: shell.run, params: {argv: [make, "{{ steps.direct.output.stdout }}"]}, needs: [gate, direct]}
  - {id: var, action: shell.run, params: {argv: [make, "{{ vars.tag }}"]}, needs: [gate, retag]}
  - {id: further, action: shell.run, params: {argv: [make, further]}, needs: [direct]}
  - {id: no, action: shell.run, params: {argv: [make, no]}, needs: [{step: gate, on: failure}]}
"""


def test_by_default_it_covers_what_needs_it_directly_and_can_be_rendered() -> None:
    report = rehearsed(COVERS % "", decide={"gate": "approve"})

    asked = entry(report, "gate", "asked")["params"]
    assert asked["covers"] == [
        {
            "path": "direct",
            "action": "shell.run",
            "params": {"argv": ["make", "web"], "env": {"KEY": "[secret KEY]"}},
        }
    ]
    assert asked["not_covered"] == [
        {"path": "output", "why": "depends on 'direct'"},
        {"path": "var", "why": "depends on 'retag'"},
    ]
    assert entry(report, "direct", "would_call")["params"] == asked["covers"][0]["params"]
    assert statuses(report)["output"] == "completed"  # not covered is not forbidden


def test_covers_may_name_an_action_further_down() -> None:
    report = rehearsed(COVERS % ", covers: [further]", decide={"gate": "approve"})

    asked = entry(report, "gate", "asked")["params"]
    assert [each["path"] for each in asked["covers"]] == ["further"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("output", "`output` cannot be covered: `steps.direct` is not known yet"),
        ("var", "`var` cannot be covered: `vars.tag` is not known yet"),
        ("retag", "`retag` is no action"),
        ("nobody", "there is no step `nobody` here"),
        ("gate", "`gate` is no action"),
    ],
)
def test_what_cannot_be_shown_is_not_covered_by_name(name: str, said: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        rehearsed(COVERS % f", covers: [{name}]")

    (problem,) = refused.value.problems
    assert problem.code == "covers"
    assert problem.message.startswith(said)
    assert problem.hint


def test_each_turn_of_a_loop_is_asked_about_with_its_own_item() -> None:
    ask = gate().replace("Go?", "Go {{ item }}?").replace("  - ", "      - ")
    deploy = '      - {id: deploy, action: shell.run, params: {argv: [make, "{{ item }}"]}}\n'
    report = played(
        f"  - id: fan\n    for_each: [1, 2]\n    steps:\n{ask}{deploy}",
        decide={"fan.gate": "approve"},
    )

    asked = entry(report, "fan[1].gate", "asked")["params"]
    assert asked["title"] == "Go 2?"
    assert asked["covers"][0]["params"] == {"argv": ["make", 2]}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ('approvers: "{{ inputs.who }}"', "'somebody' names nobody who could answer"),
        ('approvers: ["@grace", "{{ inputs.who }}"]', "'somebody' names nobody who could answer"),
        (
            'approvers: ["@grace"], escalate: [{after: 1h, to: "{{ [inputs.who] }}"}]',
            "'somebody' names nobody who could answer",
        ),
        ('approvers: "{{ [] }}"', "approvers must be texts, at least one; got []"),
        ('approvers: "{{ [5] }}"', "approvers must be texts, at least one; got [5]"),
    ],
)
def test_a_question_to_nobody_fails_the_step_and_waits_for_no_one(asked: str, said: str) -> None:
    head = "inputs: {who: {type: string, default: somebody}}\n"
    report = played(f"  - {{id: gate, approval: {{title: x, {asked}}}}}\n", head=head)

    error = entry(report, "gate", "failed")["error"]
    assert error["type"] == "expression"
    assert error["message"].startswith(said)
    assert report.status == "failed"


def test_people_of_a_template_are_asked() -> None:
    head = 'inputs: {who: {type: array, default: ["<@U123>", "@grace"]}}\n'
    ask = '  - {id: gate, approval: {title: x, approvers: ["{{ inputs.who }}", "role:operator"]}}\n'
    report = played(ask, head=head)

    asked = entry(report, "gate", "asked")["params"]
    assert asked["approvers"] == ["<@U123>", "@grace", "role:operator"]
