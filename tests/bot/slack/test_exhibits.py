"""What an asker wants seen: both ends of long texts, and of a secret nothing."""

import pytest

from bot.slack.views.exhibits import HEAD, TAIL, both_ends, written


@pytest.mark.parametrize("before", range(HEAD - 30, HEAD + 5, 3))
def test_a_secret_at_the_first_cut_is_hidden_whole(before: int) -> None:
    said = written("x" * (before - 1) + " token=hunter2-hunter2 " + "y" * 4_000)
    assert "hunter" not in said
    assert "characters more are under Details" in said


@pytest.mark.parametrize("after", range(TAIL - 30, TAIL + 5, 3))
def test_a_secret_at_the_second_cut_is_hidden_whole(after: int) -> None:
    said = written("x" * 4_000 + " token=hunter2-hunter2 " + "y" * (after - 1))
    assert "unter2" not in said


def test_a_short_text_is_shown_whole() -> None:
    assert both_ends("all of it", str.upper) == "ALL OF IT"
