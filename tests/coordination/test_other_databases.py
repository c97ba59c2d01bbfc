"""No statement is one that only SQLite could run: each compiles for PostgreSQL too."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Executable, Select
from sqlalchemy.dialects import postgresql, sqlite

import coordination.store
from coordination.database import events, insert, json_text, numbers_in, runs, select
from coordination.database.statements import Statements
from coordination.store import processes as process_store
from coordination.store import runs as run_store
from coordination.store import searches
from coordination.store.processes import ProcessFilter
from coordination.store.runs import RunFilter
from coordination.store.searches import Search
from tests.coordination.scene import Scene, open_scene

T0 = datetime(2026, 3, 1, tzinfo=UTC)
ONLY_SQLITE = re.compile(r"json_extract\b|json_each|\bIS \d|\bGLOB\b|rowid|julianday|strftime")
OTHERS = ("workflows.store", "workflows.journal", "coordination.database.looking")


class Noting:
    """Stands for a Reader and keeps the statements that it is given."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def fetch_all(self, statement: Any, /, **given: Any) -> list[Any]:
        self.asked.append(statement)
        return []


def in_postgresql(statement: Any) -> str:
    return str(statement.compile(dialect=postgresql.dialect()))


def kept() -> Iterator[tuple[str, Any]]:
    """Yield every statement that a store keeps, by the name it has there.

    But for those of `upsert` and `insert_if_absent`: each database has its own, made there.
    """
    names = [each.name for each in pkgutil.iter_modules(coordination.store.__path__)]
    for module_name in [*(f"coordination.store.{name}" for name in names), *OTHERS]:
        module = importlib.import_module(module_name)
        for name, value in vars(module).items():
            if isinstance(value, Executable) and not isinstance(value, sqlite.Insert):
                yield f"{module_name}.{name}", value


KEPT = dict(kept())


def test_the_statements_of_all_stores_are_looked_at() -> None:
    assert len(KEPT) > 150
    assert "coordination.store.runs._STEPS_OF" in KEPT
    assert any(name.startswith("workflows.") for name in KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_a_statement_of_a_store_compiles_for_postgresql(name: str) -> None:
    text = in_postgresql(KEPT[name])

    assert ONLY_SQLITE.search(text) is None, text


async def test_so_does_one_that_is_put_together_when_it_is_asked_for() -> None:
    noting: Any = Noting()
    everything = Search(
        thread_key=1, run_key=1, namespace="ci", source="ci", type="test.ended", since=T0, until=T0
    )
    await searches.page(noting, everything, (0, 9), 5)
    await searches.page(noting, Search(text="x%", status="failed"), (0, 9), 5, newest=True)
    await run_store.page(
        noting,
        RunFilter(status="running", workflow="w", thread="t", since=T0, before=9, branch="b"),
    )
    wanted = ProcessFilter("failed", "ci", ("te'am", "web"), stalled=True, before=9)
    await process_store.newest(noting, wanted)

    texts = [in_postgresql(each) for each in noting.asked]

    assert len(texts) == 4
    assert not [text for text in texts if ONLY_SQLITE.search(text)]
    assert sum("jsonb_extract_path_text" in text for text in texts) == 4


def test_a_statement_of_sqlite_alone_would_be_found() -> None:
    from sqlalchemy import func  # noqa: PLC0415  # what no store may use

    bad = select(events).where(func.json_extract(events.c.body, "$.id") == "x")

    assert ONLY_SQLITE.search(in_postgresql(bad))


async def test_a_member_of_a_document_is_found_whatever_its_name(tmp_path: Any) -> None:
    scene: Scene = await open_scene(tmp_path / "baton.db")
    odd = {"a b": {'q"u': "lost", "qu": "found", "x'; --": 7}}

    def look(tx: Any) -> list[Any]:
        row = tx.fetch_one(select(runs))
        values = {**row.as_dict(), "key": 99, "id": "run_99", "number": 99, "inputs": odd}
        tx.insert(insert(runs), **{k: v for k, v in values.items() if k != "request_id"})
        paths = [("a b", 'q"u'), ("a b", "x'; --"), ("a b", "none"), ("a b.qu",)]
        asked: list[Select[Any]] = [
            select(json_text(runs.c.inputs, *path).label("said")).where(runs.c.key == 99)
            for path in paths
        ]
        return [tx.fetch_one(each).said for each in asked]

    assert await scene.door.write(look) == ["found", 7, None, None]
    await scene.door.close()


async def test_rows_are_found_by_a_list_of_any_length(tmp_path: Any) -> None:
    scene: Scene = await open_scene(tmp_path / "baton.db")
    statement = select(runs.c.key).where(runs.c.key.in_(numbers_in("these")))

    def look(tx: Any) -> list[list[int]]:
        lists = ("[]", f"[{scene.run_key}]", f"[7000,{scene.run_key},8000]")
        return [[row.key for row in tx.fetch_all(statement, these=each)] for each in lists]

    assert await scene.door.write(look) == [[], [scene.run_key], [scene.run_key]]
    await scene.door.close()


def test_the_path_is_a_parameter_and_not_a_part_of_the_text() -> None:
    statement = select(runs.c.key).where(json_text(runs.c.inputs, "x'; DROP") == "b")

    assert "DROP" not in Statements().prepare(statement, {}).sql
    assert "DROP" not in in_postgresql(statement)
