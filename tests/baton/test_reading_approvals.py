"""The question that a process asks people."""

from datetime import UTC, datetime
from typing import Any

import pytest

from baton.errors import InvalidEvent
from baton.events import ApprovalRequest, Option
from baton.reading import Reading, Source, read_event

NOW = datetime(2026, 3, 2, 10, 16, tzinfo=UTC)
YES_OR_NO = (
    Option("approve", "Approve", "primary"),
    Option("reject", "Reject", "danger"),
)


def ask(status: str = "pending_approval", **approval: Any) -> Reading:
    return read_event(
        {"process_id": "p", "status": status, "approval": approval},
        credential=Source("ci", "ci", "api"),
        received_at=NOW,
        event_id="ev_1",
        new_id=lambda: "made",
    )


def asked(**approval: Any) -> ApprovalRequest:
    request = ask(prompt="Deploy?", **approval).event.approval
    assert request is not None
    return request


def test_a_question_needs_no_more_than_its_words() -> None:
    assert asked() == ApprovalRequest(prompt="Deploy?", options=YES_OR_NO)


def test_everything_may_be_said() -> None:
    request = asked(
        id="a1", kind="choice", scope="step", options=["staging", {"id": "prod", "label": "Production"}],
        approvers="@sre", require_reason="always", expires_at="2026-03-03T00:00:00Z",
        on_timeout="staging", body={"sha": "3f1c"},
    )  # fmt: skip
    assert request == ApprovalRequest(
        prompt="Deploy?", id="a1", kind="choice", scope="step",
        options=(Option("staging", "staging"), Option("prod", "Production")), approvers=("@sre",),
        require_reason="always", expires_at=datetime(2026, 3, 3, tzinfo=UTC), on_timeout="staging",
        body={"sha": "3f1c"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", ""), ("kind", "vote"), ("scope", "all"), ("options", [{"label": "x"}]),
        ("options", ["a", "a"]), ("options", [f"o{n}" for n in range(11)]), ("options", ["a b"]),
        ("options", [3]), ("require_reason", "sometimes"), ("expires_at", "soon"), ("approvers", 3),
        ("approvers", ["@x" * 200]), ("approvers", ["@a"] * 51), ("body", {"x": "y" * 70_000}),
        ("body", 2**60), ("body", "a\x00b"), ("id", ""),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_asked_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidEvent) as caught:
        ask(**{"prompt": "Deploy?", name: value})
    assert all(pointer.startswith(f"/approval/{name}") for pointer, _ in caught.value.problems)


def test_a_choice_needs_its_options_and_a_text_has_none() -> None:
    with pytest.raises(InvalidEvent):
        ask(prompt="Where?", kind="choice")
    assert asked(kind="text").options == ()


@pytest.mark.parametrize("ending", ["approve", "prod"])
def test_silence_never_means_yes(ending: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        ask(prompt="Deploy?", on_timeout=ending)
    assert [pointer for pointer, _ in caught.value.problems] == ["/approval/on_timeout"]


def test_a_body_is_kept_as_it_is() -> None:
    found = asked(body={"argv": ["deploy"], "n": [1, None]})

    assert found.body == {"argv": ["deploy"], "n": [1, None]}
    assert found.sealed is None


def test_a_secret_in_a_body_is_masked_and_an_answer_still_bound_to_it() -> None:
    one, same, other = (asked(body={"n": 1, "token": each}) for each in ("abc", "abc", "abd"))

    assert one.body == other.body == {"n": 1, "token": "***"}
    assert one.sealed == same.sealed != other.sealed


def test_a_question_counts_only_while_the_process_waits() -> None:
    read = ask("completed", prompt="Deploy?")
    assert (read.event.approval, read.dropped) == (None, ("/approval",))


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_decision_names_the_approval_it_answers(status: str) -> None:
    assert ask(status, id="ap_1").event.approval == ApprovalRequest(id="ap_1")
