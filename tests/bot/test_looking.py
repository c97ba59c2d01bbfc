"""What `doctor` makes of the clock that Slack's answers bear."""

from datetime import UTC, datetime

import pytest

from bot.looking import _clock

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "good", "says"),
    [
        ("Wed, 04 Mar 2026 05:06:05 GMT", True, "2 s ahead of Slack's"),
        ("Wed, 04 Mar 2026 05:10:07 GMT", False, "240 s behind Slack's: set it"),
        ("Wed, 04 Mar 2026 04:06:07 GMT", False, "3600 s ahead of Slack's: set it"),
        ("soon", True, "Slack's is not known"),
        (None, True, "Slack's is not known"),
    ],
)
def test_the_line_is_there_whatever_slack_says(date: str | None, *, good: bool, says: str) -> None:
    found = _clock(date, NOW)

    assert (found.what, found.good) == ("clock", good)
    assert found.says.startswith(says)
