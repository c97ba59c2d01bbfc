"""Making the tables, and bringing those of an earlier version up to date."""

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import structlog
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from coordination.database.errors import DatabaseUnusable, SchemaTooNew
from coordination.database.room import own_file, refuse_full, sync
from coordination.database.schema import metadata

COPIES = 3  # of the states before an upgrade that are kept
VERSIONS = Path(__file__).parent / "migrations" / "versions"
Connect: TypeAlias = Callable[[Path], Any]  # a driver's connection in autocommit mode

log = structlog.get_logger(__name__)


def revisions() -> tuple[str, ...]:
    """Name all revisions of the schema, oldest first: the files are numbered."""
    return tuple(sorted(file.stem.split("_")[0] for file in VERSIONS.glob("[0-9]*.py")))


def upgrade(path: Path, connect: Connect) -> str:
    """Make the tables in an empty file, or migrate older ones; say what was done in a sentence.

    A database that holds anything is copied before it is migrated; the newest few copies are kept.

    Raises:
        SchemaTooNew: a later version of Baton wrote it.
        DatabaseUnusable: the file is not a database of Baton.
        NotCopied: there is no room for the copy; nothing was changed.
    """
    known = revisions()
    with closing(connect(path)) as raw:
        found = revision_of(path, raw)
        if found == known[-1]:
            return f"{path} is up to date (schema {found})."
        if found is None:
            _create(raw, known[-1])
            return f"{path} was made (schema {known[-1]})."
        if found not in known:
            raise SchemaTooNew(
                f"{path} was written by a later version of Baton (schema {found}; this one knows"
                f" {known[-1]}). Install that version again; going back is not possible."
            )
        copy = _copy(path, raw, known[-1])
    migrate(path, connect)
    log.info("database_migrated", schema=known[-1], before=found, copy=str(copy))
    return f"{path} went from schema {found} to {known[-1]}; the state before is in {copy.name}."


def migrate(path: Path, connect: Connect) -> None:
    """Run the revisions that *path* lacks, all of them or none."""
    from coordination.database.migrations.run import migrate as run  # noqa: PLC0415  # Alembic is slow

    run(lambda: connect(path))


def _copy(path: Path, raw: Any, to: str) -> Path:
    """Keep the database as it is beside itself, and of the copies of earlier upgrades the newest."""
    refuse_full(path.parent, path.stat().st_size)
    copy = path.with_name(f"{path.name}.before-{to}")
    copy.unlink(missing_ok=True)
    own_file(copy)
    raw.execute("VACUUM INTO ?", (str(copy),))
    sync(copy)
    for old in sorted(path.parent.glob(f"{path.name}.before-[0-9]*"))[:-COPIES]:
        old.unlink(missing_ok=True)
        log.info("old_copy_removed", copy=str(old))
    return copy


@cache
def schema_sql() -> tuple[str, ...]:
    """Return the statements that make all tables and indexes."""
    dialect = sqlite.dialect()
    statements: list[CreateTable | CreateIndex] = []
    for table in metadata.sorted_tables:
        statements.append(CreateTable(table))
        statements += [
            CreateIndex(index) for index in sorted(table.indexes, key=lambda each: str(each.name))
        ]
    return tuple(str(statement.compile(dialect=dialect)).strip() for statement in statements)


def revision_of(path: Path, raw: Any) -> str | None:
    """Return the revision of the schema behind *raw*, None for an empty file. Raises: DatabaseUnusable."""
    names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    if "alembic_version" not in names:
        raise DatabaseUnusable(f"{path} is a database, but not one of Baton. Move it away.")
    (found,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


def _create(raw: Any, revision: str) -> None:
    """Make today's tables at once; a test holds that the migrations lead to the same ones."""
    raw.execute("BEGIN IMMEDIATE")
    for sql in schema_sql():
        raw.execute(sql)
    raw.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    raw.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    raw.execute("INSERT INTO meta (name, value) VALUES ('generation', '1')")
    raw.execute("COMMIT")
