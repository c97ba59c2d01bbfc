"""Moving the write-ahead log into the database, beside the thread that writes."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from coordination.changes import Changes
from coordination.database import (
    Door,
    Reader,
    Transaction,
    delete,
    func,
    insert,
    meta,
    open_sqlite,
    select,
)
from coordination.database.beside import Beside
from coordination.database.writer import (
    AGAIN_AT,
    CHECKPOINT_AT,
    ENOUGH_AT,
    Session,
    checkpoint,
)
from tests.coordination.inbox import make_database

ADD = insert(meta)
DROP = delete(meta).where(meta.c.name == "small")
MANY = "x" * 2**20
COUNT = select(func.count().label("n")).select_from(meta).where(meta.c.name.like("n%"))


def adding(place: int) -> Callable[[Transaction], int]:
    return lambda tx: tx.execute(ADD, name=f"n{place}", value=MANY)


async def count(door: Door) -> int:
    async def query(reader: Reader) -> int:
        (row,) = await reader.fetch_all(COUNT)
        return int(row.n)

    return await door.read(query)


class Helper(Beside):
    """Notes when it is asked, and does nothing."""

    def __init__(self, size: Callable[[], int]) -> None:
        super().__init__("helper", lambda: None)
        self.asked: list[int] = []
        self.at_work = False
        self._size = size

    @property
    def busy(self) -> bool:
        return self.at_work

    def ask(self) -> None:
        self.asked.append(self._size())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_database(tmp_path)


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    session = Session(path)
    yield session
    session.close()


def test_what_the_log_holds_is_moved_beside_the_writer(path: Path, session: Session) -> None:
    helper = Helper(lambda: session.log_size)
    for place in range(5):
        session.run([adding(place)], commit=session.commit)
        session.tend(helper)
        session.tend(helper)
    assert len(helper.asked) == 1  # and not again before the log has grown more
    before = path.stat().st_size

    checkpoint(path)
    session.run([adding(5)], commit=session.commit)
    session.tend(helper)

    assert path.stat().st_size > before
    assert session.log_size < 2 * 2**20  # the log was begun anew
    assert len(helper.asked) == 1


def test_the_writer_moves_the_log_itself_where_that_beside_it_is_not_enough(
    session: Session,
) -> None:
    helper, sizes = Helper(lambda: session.log_size), []
    for place in range(20):
        session.run([adding(place)], commit=session.commit)
        session.tend(helper)
        sizes.append(session.log_size)
    assert ENOUGH_AT < max(sizes) < ENOUGH_AT + 2 * 2**20
    assert session.log_size < 6 * 2**20
    steps = [later - first for first, later in pairwise(helper.asked[:6])]
    assert len(helper.asked) == 7  # six times on the way, and once in the log that was begun anew
    assert min(steps) >= AGAIN_AT


def test_nothing_is_moved_here_while_it_is_being_moved_beside(session: Session) -> None:
    helper = Helper(lambda: session.log_size)
    helper.at_work = True
    for place in range(20):
        session.run([adding(place)], commit=session.commit)
        session.tend(helper)
    assert session.log_size > ENOUGH_AT
    helper.at_work = False
    session.tend(helper)
    session.run([adding(20)], commit=session.commit)
    session.tend(helper)
    assert session.log_size < 2 * 2**20
    assert helper.asked == []


async def test_a_door_moves_its_log_beside_the_writer_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    log = path.with_name("baton.db-wal")
    door = await open_sqlite(path, changes=Changes("a"))
    for place in range(30):
        await door.write(adding(place))
    assert "baton-checkpoint" in [each.name for each in threading.enumerate()]
    async with asyncio.timeout(60):
        while log.stat().st_size > CHECKPOINT_AT:
            await door.write(
                lambda tx: tx.execute(ADD, name="small", value="x") and tx.execute(DROP)
            )
            await asyncio.sleep(0.01)
    await door.close()
    assert not log.exists()
    assert "baton-checkpoint" not in [each.name for each in threading.enumerate()]
    again = await open_sqlite(path, changes=Changes("a"))
    assert await count(again) == 30
    await again.close()


def test_what_is_done_beside_is_not_done_twice_at_once() -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def work() -> None:
        begun.release()
        go_on.acquire()

    beside = Beside("slow", work)
    beside.ask()
    begun.acquire()
    assert beside.busy
    beside.ask()
    go_on.release()
    beside.close()
    assert not begun.acquire(blocking=False)


def test_a_thread_that_was_never_asked_ends_at_once() -> None:
    Beside("idle", lambda: None).close()
    assert "idle" not in [each.name for each in threading.enumerate()]
