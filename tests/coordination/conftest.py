from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coordination.changes import Changes
from coordination.database import Door, open_sqlite


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """Return the real door to an empty database."""
    door = await open_sqlite(tmp_path / "baton.db", changes=Changes("test"))
    yield door
    await door.close()
