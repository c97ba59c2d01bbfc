"""What stands in a JSON document as values in SQL, in the words of each database."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Text,
    bindparam,
    cast,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _JsonText(FunctionElement[str]):
    """Its clauses are the document, the path as SQLite writes it, and each step of the path."""

    type = Text()
    inherit_cache = True


@compiles(_JsonText, "sqlite")
def _in_sqlite(element: _JsonText, compiler: SQLCompiler, **more: Any) -> str:
    document, path, *_ = element.clauses
    return f"json_extract({compiler.process(document, **more)}, {compiler.process(path, **more)})"


@compiles(_JsonText, "postgresql")
def _in_postgresql(element: _JsonText, compiler: SQLCompiler, **more: Any) -> str:
    document, _, *steps = element.clauses
    found = ", ".join(compiler.process(each, **more) for each in steps)
    cast = f"CAST({compiler.process(document, **more)} AS JSONB)"
    return f"jsonb_extract_path_text({cast}, {found})"


def json_text(document: ColumnElement[Any], *path: str) -> ColumnElement[str]:
    """Return what stands at *path* in the text of a JSON document; null where nothing does.

    A quotation mark in a step is left out: a path of SQLite cannot have one.
    """
    plain = [step.replace('"', "") for step in path]
    written = "$" + "".join(f'."{step}"' for step in plain)
    steps = [literal(step, String()) for step in plain]
    return _JsonText(document, literal(written, String()), *steps)


class _JsonItems(FunctionElement[str]):
    """The items of a JSON list, as rows."""

    inherit_cache = True


@compiles(_JsonItems, "sqlite")
def _items_in_sqlite(element: _JsonItems, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(_JsonItems, "postgresql")
def _items_in_postgresql(element: _JsonItems, compiler: SQLCompiler, **more: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS JSONB))"


def numbers_in(parameter: str) -> Select[tuple[int]]:
    """Return the whole numbers of a parameter that is the text of a JSON list: a list of any length.

    A list of values would make another statement for each length.
    """
    rows = _JsonItems(bindparam(parameter, type_=String())).table_valued("value")
    return select(cast(rows.c.value, BigInteger))
