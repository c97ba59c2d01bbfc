"""What becomes of text on its way to Slack."""

import pytest

from bot.slack.text import code_block


def test_a_block_of_code_keeps_the_last_40_lines() -> None:
    shown = code_block("\n".join(f"line {number}" for number in range(1, 101)), 2_000).splitlines()
    assert (shown[0], shown[1], shown[2], shown[-2]) == ("```", "…", "line 61", "line 100")
    assert len(shown) == 43


@pytest.mark.parametrize("said", ["one line", "\n".join("abc")])
def test_a_short_block_of_code_is_whole(said: str) -> None:
    assert code_block(said, 2_000) == f"```\n{said}\n```"
