"""T-34: our tokens are known by their look, and a file of tokens that others can read is refused."""

import re
from pathlib import Path

import pytest

from baton.masking import mask
from bot.settings import InvalidSettings, read_settings
from coordination import tokens
from tests.coordination.scene import CountingIds

VALUE = "xoxb-1234567890-abcdefghij"
LINES = (
    f"SLACK_BOT_TOKEN={VALUE}",
    f"export SLACK_APP_TOKEN='{VALUE}'",
    f'BATON_CHANNEL=#x\nSLACK_SIGNING_SECRET = "{VALUE}"',
    f"BATON_KEY={VALUE}",
    f"baton_key={VALUE}",
)


def written(tmp_path: Path, text: str, mode: int) -> Path:
    place = tmp_path / ".env"
    place.write_text(f"{text}\n")
    place.chmod(mode)
    return place


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666, 0o620])
@pytest.mark.parametrize("line", LINES)
def test_a_file_of_tokens_that_others_can_read_is_refused(
    tmp_path: Path, line: str, mode: int
) -> None:
    with pytest.raises(InvalidSettings, match="chmod 600") as refused:
        read_settings(_env_file=written(tmp_path, line, mode))

    assert VALUE not in str(refused.value)


@pytest.mark.parametrize(
    "line", ["BATON_CHANNEL=#x", "SLACK_BOT_TOKEN=", "# SLACK_BOT_TOKEN=x", ""]
)
def test_a_file_without_tokens_may_be_anybodys(tmp_path: Path, line: str) -> None:
    read_settings(_env_file=written(tmp_path, line, 0o644))


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    settings = read_settings(_env_file=written(tmp_path, LINES[0], 0o600))

    assert settings.slack_bot_token is not None


def test_the_file_beside_the_program_is_the_one_that_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, LINES[0], 0o644)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidSettings, match="SLACK_BOT_TOKEN"):
        read_settings()


def test_a_token_of_ours_is_known_by_its_look() -> None:
    """So that whoever searches repositories for tokens finds it, and every mask of ours does."""
    text = tokens.make(CountingIds()).text

    assert re.fullmatch(r"bt_[a-z2-7]{12}_[0-9A-Za-z]{43}", text)
    assert text not in mask(f"see {text} here")
