"""Every card at every rung, held in files: a change of look is seen in review.

`python -m bot preview --into tests/bot/slack/golden` writes them anew; read what changed.
"""

from pathlib import Path

import pytest

from bot.slack.checks import problems_of
from bot.slack.drawings import SlackDrawings
from bot.slack.preview import RUNGS, as_json, as_text, cards
from devslack.blocks import check_blocks

GOLDEN = Path(__file__).parent / "golden"
NAMES = tuple(cards())


@pytest.mark.parametrize("name", NAMES)
def test_a_card_looks_as_it_did(name: str) -> None:
    draw = cards()[name]
    assert as_text(name, draw) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert as_json(draw) == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_card_fits_at_every_rung_and_the_last_has_only_words(name: str) -> None:
    drawn = [cards()[name](rung) for rung in range(len(RUNGS))]
    assert [problems_of(shown) for shown in drawn] == [()] * len(RUNGS)
    assert all(check_blocks(list(shown.blocks)) == [] for shown in drawn if shown.blocks)
    assert drawn[-1].blocks == ()
    assert len(drawn[2].blocks) <= 1 + sum(
        block["type"] == "actions" or block["block_id"].startswith("x") for block in drawn[0].blocks
    )


def test_every_kind_of_notice_can_be_previewed() -> None:
    drawings = SlackDrawings(None, public_url="https://baton.example")  # type: ignore[arg-type]  # draws nothing
    assert set(NAMES) - {"stalled"} == set(drawings._kinds) - {"reply", "file"}  # only words


def test_there_is_no_file_of_a_card_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(NAMES)
