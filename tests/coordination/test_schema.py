"""The tables: made at once, or by migrations, with the same result."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coordination.changes import Changes
from coordination.database import (
    migrate_sqlite,
    open_sqlite,
)
from coordination.database.migrations.run import configuration, migrate
from coordination.database.upgrade import revisions
from coordination.database.writer import connect
from coordination.wait_keys import key_of, shape_of
from tests.coordination.inbox import make_database
from tests.coordination.names import names


def test_the_migrations_lead_to_the_tables_of_the_schema(tmp_path: Path) -> None:
    migrate(lambda: connect(tmp_path / "migrated.db"))
    assert shape(tmp_path / "migrated.db") == shape(make_database(tmp_path))


def test_there_is_one_line_of_revisions_and_its_files_are_numbered() -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # slow

    script = ScriptDirectory.from_config(configuration())
    walked = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(walked)) == revisions()


async def test_an_older_database_is_copied_and_migrated(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    migrate(lambda: connect(path), to=revisions()[0])
    raw = sqlite3.connect(path)
    raw.execute("INSERT INTO meta VALUES ('mine', 'kept')")
    raw.commit()
    raw.close()
    before = shape(path)

    assert "went from schema 0001 to" in migrate_sqlite(path)
    assert "is up to date" in migrate_sqlite(path)
    door = await open_sqlite(path, changes=Changes("a"))
    assert await names(door) == ["mine"]
    await door.close()
    (copy,) = tmp_path.glob("*.before-*")
    assert shape(copy) == before
    assert shape(path) == shape(make_database(tmp_path))


def test_what_waits_is_found_by_its_digest_after_a_migration(tmp_path: Path) -> None:
    path = tmp_path / "baton.db"
    migrate(lambda: connect(path), to="0007")
    plain = shape_of("test.completed", [("subject", "sha")])
    hidden = shape_of("test.completed", [("message",)], hidden=[("message",)])
    waits = (
        (plain, f'{plain} ["abc"]', {"wanted": [[["subject", "sha"], "abc"]]}),
        (plain, f"{plain} {'0' * 64}", {"wanted": [[["subject", "sha"], "x" * 500]]}),
        (hidden, f'{hidden} ["mark"]', {"wanted": [[["message"], {"hashed": "mark"}]]}),
        ("any", "any []", {"event": "any"}),
        (None, None, {"wanted": [[["subject", "sha"], "over"]]}),
    )
    with closing(sqlite3.connect(path)) as raw, raw:
        for number, (shape, key, kept) in enumerate(waits):
            raw.execute(
                "INSERT INTO waits (id, kind, state, since, version, shape, wait_on, filter)"
                " VALUES (?, 'event', 'open', 0, 1, ?, ?, ?)",
                (f"wt_{number}", shape, key, json.dumps(kept)),
            )

    migrate_sqlite(path)

    with closing(sqlite3.connect(path)) as raw:
        found = [row[0] for row in raw.execute("SELECT wait_on FROM waits ORDER BY key")]
    assert found == [
        key_of(plain, ["abc"]),
        key_of(plain, ["x" * 500]),
        key_of(hidden, ["mark"]),
        key_of("any", []),
        None,
    ]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE votes (mine TEXT)")
    raw.commit()
    raw.close()
    with pytest.raises(Exception, match="votes already exists"):
        migrate(lambda: connect(path))
    assert list(shape(path)) == ["votes"]


def shape(path: Path) -> dict[str, list[str]]:
    """Read the tables and indexes; the order of columns and constraints does not matter."""
    raw = sqlite3.connect(path)
    found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    raw.close()
    return {name: parts(sql) for name, sql in found if name != "alembic_version"}


def parts(sql: str) -> list[str]:
    """Take a statement apart: what it makes, and what stands between its outer commas."""
    head, _, body = " ".join(sql.split()).partition("(")
    found, depth = [""], 0
    for sign in body.removesuffix(")"):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [head.strip(), *sorted(part.strip() for part in found)]
