"""What is kept of the database on the writer's side is never anything but what stands there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coordination.database import Transaction, bindparam, delete, insert, meta, select, update
from coordination.database.kept import tables_of
from coordination.database.writer import Session
from coordination.store import triggers
from tests.coordination.inbox import make_database

NAMES = select(meta.c.name).where(meta.c.name != "generation").order_by(meta.c.name)
ADD = insert(meta)
RENAME = (
    update(meta)
    .where(meta.c.name == bindparam("old"))
    .values(name=bindparam("new"))
    .returning(meta.c.name)
)
DROP = delete(meta).where(meta.c.name != "generation")


class Undone(Exception):
    """Ends what is not kept."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(make_database(tmp_path))
    yield session
    session.close()


def names(tx: Transaction) -> list[str]:
    return [row.name for row in tx.fetch_kept(NAMES)]


def add(tx: Transaction, name: str) -> None:
    tx.execute(ADD, name=name, value="v")


def test_rows_are_read_once_until_something_is_written_to_their_table(session: Session) -> None:
    asked = []
    execute = session._raw.execute

    class Noting:
        def __getattr__(self, name: str) -> object:
            return getattr(raw, name)

        def execute(self, sql: str, *more: object) -> object:
            asked.append(sql)
            return execute(sql, *more)

    raw, session._raw = session._raw, Noting()  # type: ignore[assignment]

    def unit(tx: Transaction) -> list[list[str]]:
        seen = [names(tx), names(tx)]
        add(tx, "a")
        seen += [names(tx), names(tx)]
        tx.fetch_all(RENAME, old="a", new="b")
        seen.append(names(tx))
        tx.execute(DROP)
        return [*seen, names(tx)]

    (done,) = session.run([unit], commit=session.commit)
    assert done.value == [[], [], ["a"], ["a"], ["b"], []]
    assert len([sql for sql in asked if sql.startswith("SELECT")]) == 4
    session._raw = raw


def test_what_is_taken_back_is_not_kept(session: Session) -> None:
    def lost(tx: Transaction) -> None:
        add(tx, "lost")
        assert "lost" in names(tx)
        raise Undone

    def partly(tx: Transaction) -> list[str]:
        add(tx, "a")
        try:
            with tx.savepoint():
                lost(tx)
        except Undone:
            return names(tx)
        raise AssertionError

    (first,) = session.run([lost], commit=session.commit)
    (second,) = session.run([partly], commit=session.commit)
    (third,) = session.run([names], commit=session.commit)
    assert isinstance(first.error, Undone)
    assert [second.value, third.value] == [["a"], ["a"]]


def test_nothing_is_kept_of_a_group_that_could_not_be_stored(session: Session) -> None:
    def unit(tx: Transaction) -> list[str]:
        add(tx, "lost")
        return names(tx)

    def fails() -> None:
        raise Undone

    with pytest.raises(Undone):
        session.run([unit], commit=fails)
    (done,) = session.run([names], commit=session.commit)
    assert done.value == []


def test_every_table_is_seen_wherever_it_stands_in_a_statement() -> None:
    assert tables_of(triggers._ASKED) == {"triggers", "workflows", "waits"}
