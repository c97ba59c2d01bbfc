"""Reads: one moment each, side by side, and never in the way of what is written."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from coordination.changes import Changes
from coordination.database import (
    Door,
    Reader,
    Unavailable,
    open_sqlite,
)
from coordination.database import door as door_module
from tests.coordination.names import ADD, COUNT, names, put

ENDLESS = text(
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
)


class Moment:
    """Something to wait for that is no query."""

    def __await__(self) -> Iterator[None]:
        yield


async def test_a_reader_cannot_write(door: Door) -> None:
    async def query(reader: Reader) -> None:
        await reader.fetch_all(ADD, name="a", value="v")

    with pytest.raises(Unavailable, match="readonly"):
        await door.read(query)
    assert await names(door) == []


async def test_a_reader_sees_one_moment(door: Door) -> None:
    loop = asyncio.get_running_loop()

    async def query(reader: Reader) -> tuple[int, int]:
        before = await reader.fetch_one(COUNT)
        asyncio.run_coroutine_threadsafe(door.write(put("meanwhile")), loop).result()
        after = await reader.fetch_one(COUNT)
        assert before is not None
        assert after is not None
        return before.n, after.n

    assert await door.read(query) == (0, 0)
    assert await names(door) == ["meanwhile"]


async def test_more_readers_than_connections_all_get_their_turn(door: Door) -> None:
    await door.write(put("a"))
    assert await asyncio.gather(*(names(door) for _ in range(12))) == [["a"]] * 12


async def test_a_reader_that_fails_leaves_its_connection_usable(door: Door) -> None:
    async def query(reader: Reader) -> None:
        await reader.fetch_all(COUNT)
        raise KeyError("mine")

    for _ in range(5):
        with pytest.raises(KeyError):
            await door.read(query)
    assert await names(door) == []


async def test_a_reader_that_waits_for_anything_else_is_told_so_and_holds_up_nobody(
    door: Door,
) -> None:
    async def query(reader: Reader) -> None:
        await reader.fetch_all(COUNT)
        await Moment()

    with pytest.raises(RuntimeError, match="awaits something else than its reader"):
        await door.read(query)
    assert await names(door) == []


async def test_readers_finish_before_the_door_closes(tmp_path: Path) -> None:
    door = await open_sqlite(tmp_path / "x.db", changes=Changes("a"))
    reading = [asyncio.ensure_future(names(door)) for _ in range(9)]
    await asyncio.sleep(0)
    await door.close()
    assert await asyncio.gather(*reading) == [[]] * 9
    with pytest.raises(Unavailable, match="shutting down"):
        await names(door)


async def test_the_last_reader_is_gone_before_the_writer_empties_the_log(tmp_path: Path) -> None:
    door = await open_sqlite(tmp_path / "x.db", changes=Changes("a"))
    await names(door)
    (reader,) = door._idle  # type: ignore[attr-defined]
    writer = door._writer  # type: ignore[attr-defined]
    order: list[str] = []
    closing, emptying = reader._close, writer.close

    def close_late() -> None:
        time.sleep(0.05)
        closing()
        order.append("reader")

    async def empty() -> None:
        order.append("writer")
        await emptying()

    reader._close, writer.close = close_late, empty
    await door.close()
    assert order == ["reader", "writer"]


async def test_a_read_that_takes_too_long_is_broken_off_and_nobody_waits_behind_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "READ_LIMIT", 0.05)
    for _ in range(4):
        with pytest.raises(Unavailable, match="reading took longer"):
            await door.read(lambda reader: reader.fetch_all(ENDLESS))
    monkeypatch.undo()

    assert await names(door) == []
