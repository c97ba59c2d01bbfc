"""The watch over the store: asked by writing to it, and the end of a life that must not write any more."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.store_watch import StoreWatch, end_if_broken, end_where_broken
from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, blobs, open_sqlite, select
from coordination.database.door import SqliteDoor
from tests.coordination.scene import StillClock


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[SqliteDoor]:
    door = await open_sqlite(tmp_path / "baton.db", changes=Changes("a"))
    assert isinstance(door, SqliteDoor)
    yield door
    await door.close()


async def kept(door: Any) -> int:
    async def query(reader: Reader) -> int:
        return len(await reader.fetch_all(select(blobs)))

    count: int = await door.read(query)
    return count


async def test_a_store_that_takes_writes_is_well_and_nothing_is_left_in_it(
    door: SqliteDoor,
) -> None:
    watch = StoreWatch(door, StillClock())

    assert await watch.problem() is None
    assert await kept(door) == 0


async def test_a_full_disk_shows_and_so_does_its_end(tmp_path: Path) -> None:
    door, clock = (
        InlineDoor(tmp_path / "baton.db", changes=Changes("a"), durable=False),
        StillClock(),
    )
    watch = StoreWatch(door, clock)
    raw = door._session._raw
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages}")

    assert await watch.problem() == "not writable"
    raw.execute("PRAGMA max_page_count = 1000000")
    assert await watch.problem() == "not writable"  # within a second nobody tries again
    clock.at += timedelta(seconds=2)
    assert await watch.problem() is None
    await door.close()


async def test_a_store_that_does_not_answer_in_time_is_not_well(
    door: SqliteDoor, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "baton.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    watch, clock = StoreWatch(door, StillClock()), StillClock()

    assert await watch.problem() == "not writable: it did not answer within 1 s"
    other.execute("ROLLBACK")
    other.close()
    assert await StoreWatch(door, clock).problem() is None


class Broken:
    broken: str | None = None


async def test_a_life_ends_as_soon_as_a_sync_failed(capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[int] = []

    class Breaking(Broken):
        async def until_broken(self) -> None:
            assert codes == []
            self.broken = "the disk failed"

    await end_where_broken(Breaking(), codes.append)  # type: ignore[arg-type]  # all it looks at

    assert codes == [1]
    assert "Baton ends here: the disk failed." in capsys.readouterr().err


def test_a_life_whose_store_is_whole_is_left_alone() -> None:
    codes: list[int] = []
    end_if_broken(Broken(), codes.append)  # type: ignore[arg-type]  # all it looks at

    assert codes == []
