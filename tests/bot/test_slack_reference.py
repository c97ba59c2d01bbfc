"""The page about what can be typed in Slack says what is registered."""

from pathlib import Path

from bot.reference.slack import reference
from handlers.slack.mentions import WORDS
from handlers.slack.verbs import VERBS

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_says_what_can_be_typed() -> None:
    written = (ROOT / "docs" / "reference" / "slack-commands.md").read_text(encoding="utf-8")

    assert written == reference(), "write it anew: python -m bot.reference"


def test_every_verb_and_every_word_is_in_it() -> None:
    page = reference()

    assert [verb.name for verb in VERBS if f"### `{verb.name}`" not in page] == []
    assert [word for word in WORDS if f"`@Baton {word}`" not in page] == []
