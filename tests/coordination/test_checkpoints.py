"""Moving the write-ahead log into the database: by the connection that writes, and by no other."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coordination.changes import Changes
from coordination.database import Door, Reader, Transaction, func, insert, meta, open_sqlite, select
from coordination.database.writer import AT_LAST, CHECKPOINT_AT, Session
from tests.coordination.inbox import make_database

ADD = insert(meta)
MANY = "x" * 2**20
COUNT = select(func.count().label("n")).select_from(meta).where(meta.c.name.like("n%"))


def adding(place: int) -> Callable[[Transaction], int]:
    return lambda tx: tx.execute(ADD, name=f"n{place}", value=MANY)


async def count(door: Door) -> int:
    async def query(reader: Reader) -> int:
        (row,) = await reader.fetch_all(COUNT)
        return int(row.n)

    return await door.read(query)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(make_database(tmp_path))
    yield session
    session.close()


def sizes(session: Session, *, waited_for: bool) -> list[int]:
    """Write 20 MB a megabyte at a time; return how large the log was after each."""
    found = []
    for place in range(20):
        session.run([adding(place)], commit=session.commit)
        session.tend(waited_for=waited_for)
        found.append(session.log_size)
    return found


def test_the_log_is_moved_when_it_has_grown_and_nobody_waits(session: Session) -> None:
    assert CHECKPOINT_AT <= max(sizes(session, waited_for=False)) < CHECKPOINT_AT + 2 * 2**20


def test_while_others_wait_it_is_put_off_and_not_for_ever(session: Session) -> None:
    assert AT_LAST <= max(sizes(session, waited_for=True)) < AT_LAST + 2 * 2**20


async def test_one_connection_writes_and_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    connect = sqlite3.connect

    def noting(place: object, *given: object, **how: object) -> sqlite3.Connection:
        opened.append(str(place))
        return connect(place, *given, **how)  # type: ignore[call-overload, no-any-return]

    path = make_database(tmp_path)
    door = await open_sqlite(path, changes=Changes("a"))
    monkeypatch.setattr(sqlite3, "connect", noting)
    for place in range(30):
        await door.write(adding(place))
    assert await count(door) == 30
    log = path.with_name(path.name + "-wal")

    assert log.stat().st_size < AT_LAST + 2 * 2**20
    assert [each for each in opened if "mode=ro" not in each] == []
    await door.close()
    assert not log.exists()
