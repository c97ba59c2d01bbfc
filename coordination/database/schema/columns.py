"""What the tables are made of: the one MetaData, keys and references."""

from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, ForeignKey, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(
    Integer, "sqlite"
)  # SQLite counts rows up by itself only for INTEGER


def key(name: str = "key") -> Column[Any]:
    return Column(name, Key, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Key, ForeignKey(target), nullable=nullable)


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return what makes an index hold only the rows for which *condition* is true, on both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}
