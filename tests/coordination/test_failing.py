"""Which failed steps failed their run, as the core has it."""

from dataclasses import dataclass
from typing import Any

import pytest

from coordination.failing import failed_the_run, is_handled


@dataclass(frozen=True, slots=True)
class Seen:
    path: str
    status: str


LEFT_TO = [
    ({"on_error": "continue"}, "pending"),
    ({"on_error": [{"id": "mend", "action": "x"}]}, "pending"),
    ({}, "completed"),  # a step that waits for its failure, and was begun
]


@pytest.mark.parametrize(("more", "after"), LEFT_TO)
@pytest.mark.parametrize(
    ("verb", "handled"), [({"action": "x"}, True), ({"fail": "No disk is left."}, False)]
)
def test_a_failure_is_left_to_others_but_that_of_fail_never_is(
    more: dict[str, Any], after: str, verb: dict[str, Any], *, handled: bool
) -> None:
    later = {"id": "b", "action": "x", "needs": [{"step": "a", "on": "failure"}]}
    body = {"steps": [{"id": "a", **verb, **more}, later]}
    step, steps = Seen("a", "failed"), [Seen("a", "failed"), Seen("b", after)]

    assert is_handled(body, step, steps) is handled
    assert failed_the_run(body, step, steps) is not handled


@pytest.mark.parametrize(
    "asks",
    [{"approval": {"title": "May it?"}}, {"action": "x", "requires_approval": True}],
)
def test_a_no_that_the_run_was_told_to_go_on_after_failed_it_all_the_same(
    asks: dict[str, Any],
) -> None:
    body = {"steps": [{"id": "a", **asks, "on_error": "continue"}]}

    assert failed_the_run(body, Seen("a", "failed"), [Seen("a", "failed")])
