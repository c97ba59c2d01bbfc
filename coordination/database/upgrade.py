"""Making the tables, and bringing those of an earlier version up to date."""

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from coordination.database.errors import DatabaseUnusable, SchemaTooNew
from coordination.database.schema import metadata

VERSIONS = Path(__file__).parent / "migrations" / "versions"
Connect: TypeAlias = Callable[[Path], Any]  # a driver's connection in autocommit mode


def revisions() -> tuple[str, ...]:
    """Name all revisions of the schema, oldest first: the files are numbered."""
    return tuple(sorted(file.stem.split("_")[0] for file in VERSIONS.glob("[0-9]*.py")))


def upgrade(path: Path, connect: Connect) -> str:
    """Make the tables in an empty file, or migrate older ones; say what was done in a sentence.

    A database that holds anything is copied before it is migrated.

    Raises:
        SchemaTooNew: a later version of Baton wrote it.
        DatabaseUnusable: the file is not a database of Baton.
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
        copy = path.with_name(f"{path.name}.before-{known[-1]}")
        copy.unlink(missing_ok=True)
        raw.execute("VACUUM INTO ?", (str(copy),))
    _migrate(path, connect)
    return f"{path} went from schema {found} to {known[-1]}; the state before is in {copy.name}."


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


def _migrate(path: Path, connect: Connect) -> None:
    from coordination.database.migrations.run import migrate  # noqa: PLC0415  # Alembic is slow

    migrate(lambda: connect(path))
