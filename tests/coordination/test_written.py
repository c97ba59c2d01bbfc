"""Whose change of a file it is: the run's that left it so, or somebody else's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coordination import written
from coordination.written import FOLDER, Left, Mark
from tests.coordination.inbox import Inbox, make_database, open_inbox

AS_LEFT: Mark = (1_000, 5)
OTHERWISE: Mark = (2_000, 5)


class Notes:
    """Short words for what a run writes, and for whose a change is."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    async def begin(self, run: int, *paths: str) -> object:
        now = self.inbox.clock.now()
        return await self.inbox.write(lambda tx: written.begin(tx, run, paths, now=now))

    async def end(self, run: int, **left: Left) -> None:
        now = self.inbox.clock.now()
        await self.inbox.write(lambda tx: written.end(tx, run, left, now=now))

    async def of(self, path: str, mark: Mark | None) -> int | None:
        now = self.inbox.clock.now()
        found = await self.inbox.write(lambda tx: written.writer_of(tx, path, mark, now=now))
        assert found is None or isinstance(found, int)
        return found


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Notes]:
    inbox = open_inbox(make_database(tmp_path))
    yield Notes(inbox)
    await inbox.door.close()


async def test_a_file_as_a_run_left_it_is_that_runs_however_many_ask(notes: Notes) -> None:
    await notes.begin(1, "a")
    await notes.end(1, a=AS_LEFT)
    assert [await notes.of("a", AS_LEFT) for _ in range(2)] == [1, 1]
    assert await notes.of("b", AS_LEFT) is None
    await notes.end(2, a=OTHERWISE)
    assert await notes.of("a", OTHERWISE) == 2


async def test_a_change_that_is_seen_while_a_run_writes_is_that_runs(notes: Notes) -> None:
    await notes.begin(1, "a")
    assert await notes.of("a", AS_LEFT) == 1
    assert await notes.of("a", None) == 1
    notes.inbox.clock.advance(timedelta(minutes=11))  # its life ended in the middle
    assert await notes.of("a", AS_LEFT) is None


async def test_what_somebody_else_has_written_since_is_theirs_for_ever(notes: Notes) -> None:
    await notes.end(1, a=AS_LEFT)
    assert await notes.of("a", OTHERWISE) is None
    assert await notes.of("a", AS_LEFT) is None


async def test_a_file_that_a_run_deleted_is_its_own_until_it_is_there_again(notes: Notes) -> None:
    await notes.end(1, a=None)
    assert await notes.of("a", None) == 1
    assert await notes.of("a", AS_LEFT) is None
    assert await notes.of("a", None) is None


async def test_what_goes_with_a_folder_is_the_runs_and_what_is_written_in_it_is_not(
    notes: Notes,
) -> None:
    await notes.end(1, a=FOLDER)
    late = int(notes.inbox.clock.now().timestamp() * 1e9) + 1_000_000
    assert await notes.of("a/b/c", AS_LEFT) == 1
    assert await notes.of("a/b/c", None) == 1
    assert await notes.of("a/b/c", (late, 5)) is None
    assert await notes.of("ab/c", AS_LEFT) is None


async def test_a_write_that_failed_leaves_what_was_known(notes: Notes) -> None:
    await notes.end(1, a=AS_LEFT)
    now = notes.inbox.clock.now()
    before = await notes.inbox.write(lambda tx: written.begin(tx, 2, ["a", "b"], now=now))
    await notes.inbox.write(lambda tx: written.take_back(tx, before, now=now))

    assert await notes.of("a", AS_LEFT) == 1
    assert await notes.of("b", AS_LEFT) is None
