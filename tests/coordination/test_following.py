"""Which news a subscription lets through."""

import pytest

from coordination.following import Followed, Subscription, wants

THREAD = Followed("Failed", frozenset({"refs/heads/main", "main"}), frozenset({"ci", "github"}))


def follow(**filters: str) -> Subscription:
    return Subscription(1, "U1", "*", filters)


@pytest.mark.parametrize(
    ("filters", "word", "expected"),
    [
        ({}, "Running", True),
        ({"only": "all"}, "Running", True),
        ({"only": "failed"}, "Failed", True),
        ({"only": "failed"}, "Rejected", True),
        ({"only": "failed"}, "Stalled", True),
        ({"only": "failed"}, "Succeeded", False),
        ({"only": "needs_you"}, "Needs you", True),
        ({"only": "needs_you"}, "Failed", False),
        ({"only": "ended"}, "Succeeded", True),
        ({"only": "ended"}, "Cancelled", True),
        ({"only": "ended"}, "Needs you", False),
        ({"branch": "main"}, "Failed", True),
        ({"branch": "ma*"}, "Failed", True),
        ({"branch": "Main"}, "Failed", False),
        ({"branch": "release/*"}, "Failed", False),
        ({"source": "git*"}, "Failed", True),
        ({"source": "jenkins"}, "Failed", False),
        ({"only": "failed", "branch": "main", "source": "ci"}, "Failed", True),
        ({"only": "failed", "branch": "main", "source": "jenkins"}, "Failed", False),
    ],
)
def test_all_filters_of_a_subscription_have_to_fit(
    filters: dict[str, str], word: str, *, expected: bool
) -> None:
    thread = Followed(word, THREAD.branches, THREAD.sources)
    assert wants([follow(**filters)], thread) is expected


def test_one_subscription_that_fits_is_enough_and_none_is_not() -> None:
    assert wants([follow(only="needs_you"), follow(only="failed")], THREAD)
    assert not wants([follow(only="needs_you")], THREAD)
    assert not wants([], THREAD)
