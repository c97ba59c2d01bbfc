"""What is noted of a backup is for `doctor` alone: it never stands in the way of the backup itself."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.backups import NAME, last_backup, remember
from coordination.database import Copied, back_up
from tests.coordination.inbox import make_database

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> Copied:
    return back_up(make_database(tmp_path), tmp_path / "copy.db", now=NOW)


def test_the_newest_backup_is_known_by_its_time_and_its_place(tmp_path: Path, made: Copied) -> None:
    remember(tmp_path, made)

    found = last_backup(tmp_path)
    assert found is not None
    assert (found.at, found.path, found.size) == (NOW, str(tmp_path / "copy.db"), made.size)


def test_a_note_that_cannot_be_written_is_left_out(tmp_path: Path, made: Copied) -> None:
    remember(tmp_path / "nowhere", made)

    assert not (tmp_path / "nowhere").exists()


def test_a_note_that_cannot_be_put_in_its_place_leaves_nothing_behind(
    tmp_path: Path, made: Copied
) -> None:
    (tmp_path / NAME).mkdir()
    before = sorted(tmp_path.iterdir())
    remember(tmp_path, made)

    assert sorted(tmp_path.iterdir()) == before
    assert last_backup(tmp_path) is None
