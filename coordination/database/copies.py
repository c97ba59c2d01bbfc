"""Copies of the database: made while it is in use, looked at, and put in its place again."""

import os
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from coordination.database.door import looking_at, plainly
from coordination.database.errors import DatabaseUnusable, SchemaTooNew
from coordination.database.room import NotCopied, own_file, refuse_full, sync
from coordination.database.types import from_moment
from coordination.database.upgrade import revision_of, revisions
from coordination.database.writer import connect

BACKUP_AT = "backup_at"
_COUNT = "SELECT count(*), max(seq) FROM events"
_LAST = "SELECT id, received_at FROM events WHERE seq = ?"
_META = "SELECT value FROM meta WHERE name = ?"
_PUT = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds.

    Args:
        path: of the file.
        size: of it, in bytes.
        schema: the revision of its tables.
        generation: how often what it comes from was restored, from 1.
        events: how many it has.
        last_event: the newest of them.
        last_at: when that one was received.
        made_at: when the copy was made; None where it was not made by `back_up`.
    """

    path: Path
    size: int
    schema: str
    generation: int
    events: int
    last_event: str | None
    last_at: datetime | None
    made_at: datetime | None


def back_up(path: Path, into: Path, *, now: datetime) -> Copied:
    """Copy the database *path* as of this moment to the new file *into*, whether it is in use or not.

    The copy is the owner's alone, and on the disk when this returns.

    Raises:
        NotCopied: *into* is there already, or cannot be made.
        DatabaseUnusable: *path* cannot be read, or a later version of Baton wrote it.
    """
    if os.path.lexists(into):
        raise NotCopied(
            f"{into} is there already. Name another file: backups are never overwritten."
        )
    look_at(path)  # before anything is made: what nobody here can restore is no backup
    partial = into.with_name(f".{into.name}.{os.getpid()}.part")
    try:
        copy_to(path, partial)
        _stamp(partial, now)
        sync(partial)
        os.link(partial, into)  # fails where somebody made it in the meantime
        sync(into.parent)
    except FileExistsError:
        raise NotCopied(f"{into} is there already. Name another file.") from None
    except OSError as error:
        raise NotCopied(
            f"{into} cannot be written: {error.strerror}. Name another place."
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return look_at(into)


def copy_to(path: Path, into: Path) -> None:
    """Write a compact copy of *path* to the file *into*, which is made, for its owner alone.

    Raises:
        NotCopied: there is no room for it.
        DatabaseUnusable: *path* cannot be read.
        OSError: *into* cannot be made.
    """
    with looking_at(path) as raw:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        (each,) = raw.execute("PRAGMA page_size").fetchone()
        refuse_full(into.parent, int(pages) * int(each))
        own_file(into)
        raw.execute("VACUUM INTO ?", (str(into),))


def look_at(path: Path) -> Copied:
    """Say what the database *path* holds, without changing it.

    Raises:
        DatabaseUnusable: it is no database of Baton.
        SchemaTooNew: a later version of Baton wrote it.
    """
    if not path.is_file():
        raise DatabaseUnusable(f"There is no file {path}.")
    with looking_at(path) as raw:
        schema = revision_of(path, raw)
        if schema is None:
            raise DatabaseUnusable(f"{path} is empty, and no backup of Baton.")
        refuse_newer(path, schema)
        count, last = raw.execute(_COUNT).fetchone()
        newest = raw.execute(_LAST, (last,)).fetchone() or (None, None)
        made = _value(raw, BACKUP_AT)
        return Copied(
            path=path,
            size=path.stat().st_size,
            schema=schema,
            generation=int(_value(raw, "generation") or 1),
            events=int(count),
            last_event=newest[0],
            last_at=from_moment(newest[1]),
            made_at=None if made is None else datetime.fromisoformat(made),
        )


def refuse_newer(path: Path, schema: str) -> None:
    """Raises: SchemaTooNew."""
    if schema not in revisions():
        raise SchemaTooNew(
            f"{path} was written by a later version of Baton (schema {schema}; this one knows"
            f" {revisions()[-1]}). Install that version; going back is not possible."
        )


def refuse_damaged(path: Path) -> None:
    """Read the whole of a database. Raises: DatabaseUnusable, where anything in it is not right."""
    with looking_at(path) as raw:
        (first, *_) = raw.execute("PRAGMA integrity_check(1)").fetchall()
        astray = raw.execute("PRAGMA foreign_key_check").fetchone()
    if first[0] != "ok":
        raise DatabaseUnusable(f"{path} is damaged ({first[0]}). Take another backup.")
    if astray is not None:
        raise DatabaseUnusable(
            f"{path} is damaged (a row of {astray[0]} refers to none). Take another backup."
        )


def empty_log(path: Path) -> None:
    """Bring what stands in the write-ahead log of *path* into it; nobody else may have it open.

    Raises:
        DatabaseUnusable: it cannot be opened or written.
    """
    with plainly(path), closing(connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _stamp(path: Path, now: datetime) -> None:
    """Note in the copy when it was made, and make it one file that any reader can open."""
    with plainly(path), closing(connect(path)) as raw:
        raw.execute(_PUT, (BACKUP_AT, now.isoformat()))
    plain_file(path)


def plain_file(path: Path) -> None:
    """Make a database that nobody uses one file, which any reader can open. Raises: DatabaseUnusable."""
    with plainly(path), closing(connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = delete")


def _value(raw: Any, name: str) -> str | None:
    row = raw.execute(_META, (name,)).fetchone()
    return None if row is None else str(row[0])
