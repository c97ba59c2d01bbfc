"""The door: durable units, consistent reads, one server, and every way in which a disk fails."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from coordination.changes import Change, Changes
from coordination.database import (
    ConstraintBroken,
    DatabaseInUse,
    DatabaseUnusable,
    Door,
    InlineDoor,
    SchemaTooNew,
    Transaction,
    Unavailable,
    open_sqlite,
)
from coordination.database import writer as writer_module
from coordination.database.room import name_durably
from coordination.database.writer import Session, connect
from tests.coordination.inbox import make_database
from tests.coordination.names import ADD, names, put


async def test_what_a_unit_wrote_is_there_after_it_and_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    first = await open_sqlite(path, changes=Changes("a"))
    assert await first.write(put("a")) == 1
    assert await names(first) == ["a"]
    await first.close()

    second = await open_sqlite(path, changes=Changes("b"))
    assert await names(second) == ["a"]
    await second.close()


async def test_a_failing_unit_takes_nothing_and_nobody_with_it(door: Door) -> None:
    def half(tx: Transaction) -> None:
        tx.execute(ADD, name="half", value="v")
        tx.touch("thread", "th_half")
        raise ValueError("in the middle")

    with door.changes.subscribe("thread") as heard:
        results = await asyncio.gather(
            door.write(put("before")),
            door.write(half),
            door.write(put("after")),
            return_exceptions=True,
        )
        assert await heard.wait(0) == ()

    assert [type(result) for result in results] == [int, ValueError, int]
    assert await names(door) == ["after", "before"]


async def test_units_that_wait_together_share_a_commit_in_their_order(tmp_path: Path) -> None:
    session = Session(make_database(tmp_path))
    begun = []
    session._raw.set_trace_callback(begun.append)
    outcomes = session.run([put(f"n{place}") for place in range(50)], commit=session.commit)
    session.close()

    assert [outcome.value for outcome in outcomes] == [1] * 50
    assert begun.count("BEGIN IMMEDIATE") == begun.count("COMMIT") == 1


async def test_a_group_ends_when_it_is_large(tmp_path: Path) -> None:
    session = Session(make_database(tmp_path))
    large = "x" * (writer_module.MOST_BYTES // 2)
    units = [
        lambda tx, name=name: tx.execute(ADD, name=name, value=large) for name in ("a", "b", "c")
    ]
    outcomes = session.run(iter(units), commit=session.commit)
    session.close()
    assert len(outcomes) == 2


async def test_a_broken_rule_of_the_schema_is_said_in_our_words(door: Door) -> None:
    await door.write(put("a"))
    with pytest.raises(ConstraintBroken, match=r"meta\.name"):
        await door.write(put("a"))


async def test_a_full_disk_fails_the_whole_group_and_heals_by_itself(tmp_path: Path) -> None:
    session = Session(make_database(tmp_path))
    pages = session._raw.execute("PRAGMA page_count").fetchone()[0]
    session._raw.execute(f"PRAGMA max_page_count = {pages}")
    ran = []

    def swallows(tx: Transaction) -> None:
        try:
            tx.execute(ADD, name="large", value="x" * 100_000)
        except Unavailable:
            ran.append("swallowed")

    with pytest.raises(Unavailable, match="the disk is full; free some space"):
        session.run([put("small"), swallows, put("late")], commit=session.commit)
    assert ran == ["swallowed"]

    session._raw.execute("PRAGMA max_page_count = 1000000")
    assert [row[0] for row in session.read("SELECT name FROM meta", {})] == ["generation"]
    assert session.broken is None
    session.run([put("again")], commit=session.commit)
    session.close()


class Failing:
    """A connection whose commit meets a disk that fails."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        if sql == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = 1034  # SQLITE_IOERR_FSYNC
            raise error
        return self._raw.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


async def test_after_a_failed_sync_nothing_is_written_any_more(tmp_path: Path) -> None:
    session = Session(make_database(tmp_path))
    raw = session._raw
    session._raw = Failing(raw)  # type: ignore[assignment]
    with pytest.raises(Unavailable, match="the disk reports an error"):
        session.run([put("a")], commit=session.commit)
    session._raw = raw

    assert session.broken is not None
    with pytest.raises(Unavailable, match="start Baton again"):
        session.run([put("b")], commit=session.commit)
    assert raw.execute("SELECT count(*) FROM meta").fetchone() == (1,)
    session.close()


class FailingCheckpoint(Failing):
    """A connection whose disk fails while the log is moved into the database."""

    closed = False

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        if "wal_checkpoint" in sql:
            return Failing.execute(self, "COMMIT")
        return self._raw.execute(sql, parameters)

    def close(self) -> None:
        self.closed = True


async def test_a_sync_that_failed_in_a_checkpoint_is_not_tried_again(tmp_path: Path) -> None:
    """The system forgets what it could not write: a second sync would be a lie, and empty the log."""
    session = Session(make_database(tmp_path))
    raw, failing = session._raw, FailingCheckpoint(session._raw)
    session._raw = failing  # type: ignore[assignment]
    session.close()

    assert session.broken is not None
    assert not failing.closed
    with pytest.raises(Unavailable, match="start Baton again"):
        session.run([put("b")], commit=session.commit)
    raw.close()


async def test_who_waits_while_another_holds_the_file_is_answered_at_once(tmp_path: Path) -> None:
    """All who came while one waited for the lock in vain, and not each after a wait of its own."""
    path = tmp_path / "baton.db"
    door = await open_sqlite(path, changes=Changes("a"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told = asyncio.gather(*(door.write(put(f"n{n}")) for n in range(30)), return_exceptions=True)

    found = await asyncio.wait_for(told, 60)  # 5 s, and not 150
    other.execute("ROLLBACK")
    other.close()
    assert {type(each) for each in found} == {Unavailable}
    assert await names(door) == []
    await door.write(put("later"))
    await door.close()


async def test_a_folder_that_cannot_be_synced_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="nowhere cannot be synced: No such file"):
        name_durably(tmp_path / "nowhere" / "baton.db")


async def test_no_caller_is_left_waiting_when_nothing_can_be_written(door: Door) -> None:
    told = asyncio.ensure_future(door.until_broken())
    await door.write(put("a"))
    assert not told.done()
    door._writer._session.broken = "start Baton again"  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(Unavailable, match="start Baton again"):
            await asyncio.wait_for(door.write(put("b")), 5)
    assert door.broken == "start Baton again"
    await asyncio.wait_for(told, 5)
    assert await names(door) == ["a"]


async def test_a_second_server_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    first = await open_sqlite(path, changes=Changes("a"))
    with pytest.raises(DatabaseInUse, match=r"in use by another Baton \(process \d+\)\. Stop it"):
        await open_sqlite(path, changes=Changes("b"))
    await first.write(put("a"))
    await first.close()

    third = await open_sqlite(path, changes=Changes("c"))
    assert await names(third) == ["a"]
    await third.close()


async def test_a_later_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = make_database(tmp_path)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()

    with pytest.raises(SchemaTooNew, match=r"schema 9999; this one knows .* Install that version"):
        await open_sqlite(path, changes=Changes("a"))
    assert [file.name for file in tmp_path.glob("*.before-*")] == []


async def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE recipes (name TEXT)")
    raw.commit()
    raw.close()
    with pytest.raises(DatabaseUnusable, match="not one of Baton"):
        await open_sqlite(path, changes=Changes("a"))


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    path.write_bytes(b"these are the wrong bytes " * 200)
    with pytest.raises(DatabaseUnusable, match="cannot be used: it is not a database"):
        await open_sqlite(path, changes=Changes("a"))


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match=r"nowhere does not exist\. Make it, or set"):
        await open_sqlite(tmp_path / "nowhere" / "baton.db", changes=Changes("a"))


async def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseUnusable, match="file cannot be written"):
        await open_sqlite(tmp_path / "file" / "baton.db", changes=Changes("a"))


def test_every_setting_of_the_connection_is_read_back(tmp_path: Path) -> None:
    raw = connect(tmp_path / "x.db")
    found = {
        name: raw.execute(f"PRAGMA {name}").fetchone()
        for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
    }
    raw.close()
    assert found == {
        "journal_mode": ("wal",),
        "synchronous": (2,),
        "foreign_keys": (1,),
        "wal_autocheckpoint": (0,),
    }


async def test_closing_writes_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    door = await open_sqlite(path, changes=Changes("a"))
    queued = [asyncio.ensure_future(door.write(put(f"n{place}"))) for place in range(20)]
    await asyncio.sleep(0)
    await door.close()
    assert await asyncio.gather(*queued) == [1] * 20
    with pytest.raises(Unavailable, match="shutting down"):
        await door.write(put("late"))
    assert not path.with_name("baton.db-wal").exists()


async def test_a_caller_that_gave_up_before_its_turn_is_passed_over(door: Door) -> None:
    def slow(tx: Transaction) -> None:
        tx.execute(ADD, name="slow", value="v")

    given_up = asyncio.ensure_future(door.write(put("given up")))
    given_up.cancel()
    await door.write(slow)
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await names(door) == ["slow"]


async def test_the_log_is_checkpointed_when_it_has_grown(tmp_path: Path) -> None:
    path = make_database(tmp_path)
    session = Session(path)
    log = path.with_name(path.name + "-wal")
    for place in range(12):
        session.run(
            [lambda tx, n=place: tx.execute(ADD, name=f"n{n}", value="x" * 2**20)],
            commit=session.commit,
        )
        session.tend()
    assert log.stat().st_size < 12 * 2**20
    assert session.log_size <= 6 * 2**20
    session.close()


async def test_what_was_touched_is_told_after_the_commit_and_once(door: Door) -> None:
    def unit(tx: Transaction) -> None:
        tx.touch("thread", "th_1", thread_id="th_1")
        tx.touch("thread", "th_1", thread_id="th_1")
        tx.touch("run", "run_1")

    with door.changes.subscribe("thread") as heard:
        await door.write(unit)
        assert await heard.wait(1) == (Change("thread", "th_1", "th_1"),)
        assert await heard.wait(0) == ()


async def test_the_inline_door_crashes_where_it_is_told_to(tmp_path: Path) -> None:
    moments: list[str] = []
    crash_at = ["before commit"]

    def hook(moment: str) -> None:
        moments.append(moment)
        if moment == crash_at[0]:
            raise KeyboardInterrupt

    door = InlineDoor(tmp_path / "x.db", changes=Changes("a"), hook=hook, durable=False)
    with pytest.raises(KeyboardInterrupt):
        await door.write(put("lost"))
    assert await names(door) == []
    crash_at[0] = "after commit"
    with pytest.raises(KeyboardInterrupt):
        await door.write(put("kept"))
    assert await names(door) == ["kept"]
    assert moments == ["before commit", "before commit", "after commit"]
    await door.close()
