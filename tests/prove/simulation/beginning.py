"""What stands in the file when a history begins, and how it is put back after another one."""

import sqlite3
from dataclasses import dataclass, field

from sqlalchemy import Table

from coordination.database.schema import metadata

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Shelf:
    """A table. The first columns, as many as *key* says, tell its rows apart.

    Where rows have a number, they keep it: it is the order in which they are found.
    """

    name: str
    columns: tuple[str, ...]
    key: int

    @classmethod
    def of(cls, table: Table) -> "Shelf":
        names = tuple(f'"{column.name}"' for column in table.columns)
        if table.dialect_options["sqlite"]["with_rowid"]:
            return cls(table.name, ("rowid", *names), 1)
        return cls(table.name, names, len(table.primary_key.columns))

    def rows(self, raw: sqlite3.Connection) -> Rows:
        return raw.execute(f"SELECT {', '.join(self.columns)} FROM {self.name}").fetchall()  # noqa: S608 - our names

    def drop(self, raw: sqlite3.Connection, other: Rows, kept: Rows) -> None:
        """Delete rows, those that came last first: they may refer to the others.

        One in the place of a kept row, to which kept rows refer, is left there until that replaces it.
        """
        found = " AND ".join(f"{name} = ?" for name in self.columns[: self.key])
        places = {row[: self.key] for row in kept}
        for place in (row[: self.key] for row in reversed(other)):
            try:
                raw.execute(f"DELETE FROM {self.name} WHERE {found}", place)  # noqa: S608 - our names
            except sqlite3.IntegrityError:
                if place not in places:
                    raise

    def put_back(self, raw: sqlite3.Connection, lost: Rows) -> None:
        marks = ", ".join("?" * len(self.columns))
        into = f"{self.name} ({', '.join(self.columns)})"
        raw.executemany(f"INSERT OR REPLACE INTO {into} VALUES ({marks})", lost)  # noqa: S608 - our names


@dataclass
class Beginning:
    """The rows with which every history begins.

    They are put back one by one, with their references checked: SQLite compiles every statement anew
    after a setting of the connection was changed, which was a good part of the work of a history.
    """

    kept: dict[Shelf, Rows] = field(default_factory=dict)

    def keep(self, raw: sqlite3.Connection) -> None:
        """Remember what stands there now."""
        self.kept = {shelf: shelf.rows(raw) for shelf in map(Shelf.of, metadata.sorted_tables)}

    def put_back(self, raw: sqlite3.Connection) -> None:
        """Have just that stand there again."""
        raw.execute("BEGIN IMMEDIATE")
        found = {shelf: shelf.rows(raw) for shelf in self.kept}
        changed = [shelf for shelf, rows in self.kept.items() if rows != found[shelf]]
        for shelf in reversed(changed):  # first those that refer to others
            known = set(self.kept[shelf])
            others = [row for row in found[shelf] if row not in known]
            shelf.drop(raw, others, self.kept[shelf])
        for shelf in changed:
            there = set(found[shelf])
            shelf.put_back(raw, [row for row in self.kept[shelf] if row not in there])
        raw.execute("COMMIT")


__all__ = ["Beginning"]
