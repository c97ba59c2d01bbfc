"""Copies of the database: before an upgrade, and where there is no room for one."""

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from coordination.database import (
    NotCopied,
    SchemaTooNew,
    back_up,
    look_at,
    migrate_sqlite,
    replace,
)
from coordination.database.migrations.run import migrate
from coordination.database.room import refuse_full
from coordination.database.upgrade import COPIES, revisions
from coordination.database.writer import connect
from tests.coordination.inbox import make_database

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_the_state_before_an_upgrade_is_its_owners_alone_and_only_a_few_are_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "baton.db"
    migrate(lambda: connect(path), to=revisions()[0])
    for number in range(1, COPIES + 2):
        (tmp_path / f"baton.db.before-000{number}").touch()
    (tmp_path / "baton.db.before-i-forget").touch()
    with capture_logs() as logs:
        migrate_sqlite(path)

    kept = sorted(file.name for file in tmp_path.glob("baton.db.before-0*"))
    assert len(kept) == COPIES
    assert kept[-1] == f"baton.db.before-{revisions()[-1]}"
    assert stat.S_IMODE((tmp_path / kept[-1]).stat().st_mode) == 0o600
    assert (tmp_path / "baton.db.before-i-forget").exists()
    (said,) = [each for each in logs if each["event"] == "database_migrated"]
    assert (said["before"], said["copy"]) == (revisions()[0], str(tmp_path / kept[-1]))


def test_without_room_nothing_is_copied(tmp_path: Path) -> None:
    with pytest.raises(NotCopied, match=r"MiB free, and a copy of the database takes"):
        refuse_full(tmp_path, 2**60)
    refuse_full(tmp_path, 1)


def test_a_backup_says_what_it_holds_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    path = make_database(tmp_path)
    made = back_up(path, tmp_path / "copy.db", now=NOW)

    assert made == look_at(tmp_path / "copy.db")
    assert (made.events, made.last_event, made.made_at) == (0, None, NOW)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM meta WHERE name = 'backup_at'").fetchone() == (0,)
    assert {file.name for file in tmp_path.glob("*copy.db*")} == {"copy.db"}


def test_a_backup_into_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = make_database(tmp_path)
    with pytest.raises(NotCopied, match="No such file"):
        back_up(path, tmp_path / "none" / "copy.db", now=NOW)


def test_of_a_newer_database_no_backup_is_left_that_nobody_here_can_restore(tmp_path: Path) -> None:
    path = make_database(tmp_path)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()

    with pytest.raises(SchemaTooNew, match=r"made\.db was written by a later version"):
        back_up(path, tmp_path / "copy.db", now=NOW)

    assert not list(tmp_path.glob("*copy.db*"))


@pytest.mark.parametrize("taken", ["", "-wal"])
async def test_where_what_stood_there_cannot_be_kept_it_stays_as_it_is(
    tmp_path: Path, taken: str
) -> None:
    backup = back_up(make_database(tmp_path), tmp_path / "copy.db", now=NOW).path
    path, log = tmp_path / "baton.db", tmp_path / "baton.db-wal"
    path.write_bytes(b"damaged " * 1000)
    log.write_bytes(b"what came last")
    (tmp_path / f"baton.db.replaced-0-20260304T050607Z{taken}").write_text("of somebody else")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    with pytest.raises(NotCopied, match=r"The database is as it was\."):
        await replace(path, backup, lambda tx, generation: None, now=NOW)

    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert after.keys() - before.keys() <= {"baton.db.lock", "baton.db-shm"}  # hold no data
    assert {name: after.get(name) for name in before} == before


async def test_what_is_damaged_is_kept_with_its_log(tmp_path: Path) -> None:
    backup = back_up(make_database(tmp_path), tmp_path / "copy.db", now=NOW).path
    path = tmp_path / "baton.db"
    path.write_bytes(b"damaged " * 1000)
    path.with_name("baton.db-wal").write_bytes(b"what came last")

    done = await replace(path, backup, lambda tx, generation: generation, now=NOW)

    assert (done.value, look_at(path).events) == (1, 0)
    assert done.kept is not None
    assert done.kept.read_bytes() == b"damaged " * 1000
    assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == b"what came last"
    assert not path.with_name("baton.db-wal").exists()
