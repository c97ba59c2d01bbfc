"""What people answer in a rehearsal is what they may answer to the real question."""

from typing import Any

import pytest

from tests.workflows.rehearsal.stand import entry, rehearsed
from workflows.rehearsal import InvalidScript

SAID = {"kind": "slack", "text": "deploy web", "user": "U0ADA"}
TOLD = {"type": "ci.done", "name": "x", "actor": {"id": "U0ADA"}}


@pytest.mark.parametrize(
    ("wants", "given", "refused"),
    [
        ("", "reject", "`reject` needs a reason here"),
        ("", {"choice": "reject", "comment": " "}, "`reject` needs a reason here"),
        ("", "reject:not now", None),
        ("", "approve", None),
        (", require_reason: always", "approve", "`approve` needs a reason here"),
        (", require_reason: always", "approve:it is time", None),
        (", require_reason: never", "reject", None),
        (", require_reason: always, answer: text", "hello", "`answer` needs a reason here"),
        (
            ", require_reason: always, answer: text",
            {"choice": "answer", "text": "hello", "comment": "since"},
            None,
        ),
    ],
)
def test_a_reason_is_wanted_where_people_are_asked_for_one(
    wants: str, given: Any, refused: str | None
) -> None:
    text = f"name: w\nsteps: [{{id: gate, approval: {{title: May it, approvers: ['<@U123>']{wants}}}}}]"
    if refused is None:
        assert entry(rehearsed(text, decide={"gate": given}), "gate", "decided")
        return
    with pytest.raises(InvalidScript, match=f"decide\\.gate: {refused}"):
        rehearsed(text, decide={"gate": given})


def asked_by(trigger: str, more: str = "") -> str:
    return f"""
name: w
triggers: [{trigger}]
steps:
  - id: gate
    approval: {{title: May it, approvers: ['<@U0ADA>', '<@U0EVE>']{more}}}
"""


@pytest.mark.parametrize(
    ("trigger", "event"), [("{slack: {message: deploy *}}", SAID), ("{event: ci.done}", TOLD)]
)
def test_who_stands_behind_a_run_does_not_answer_it(trigger: str, event: dict[str, Any]) -> None:
    for by in ("U0ADA", "<@U0ADA>"):
        own = {"choice": "approve", "by": by}
        with pytest.raises(InvalidScript, match="U0ADA stands behind this run"):
            rehearsed(asked_by(trigger), events=[event], decide={"gate": own})

    allowed = rehearsed(
        asked_by(trigger, ", allow_self: true"), events=[event], decide={"gate": own}
    )
    assert allowed.status == "completed"


def test_where_no_person_is_named_another_one_than_who_started_it_answers() -> None:
    text = asked_by("{slack: {message: deploy *}}")
    report = rehearsed(text, events=[SAID], decide={"gate": "approve"})

    assert entry(report, "gate", "decided")["text"] == "by U0EVE"

    alone = text.replace(", '<@U0EVE>'", "")
    report = rehearsed(alone, events=[SAID], decide={"gate": "approve"})
    assert entry(report, "gate", "decided")["text"] == "by rehearsal"
