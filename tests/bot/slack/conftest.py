from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.slack.box import Box, open_box


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with open_box(tmp_path / "baton.db") as opened:
        yield opened
