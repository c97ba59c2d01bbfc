"""Statements: compiled once, then run with converted parameters and results."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, ClassVar, TypeAlias
from weakref import ref

from sqlalchemy import ColumnElement, Executable, Insert, LargeBinary, String, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from coordination.database.ordered import InOrder, Ordered, compiled
from coordination.database.types import (
    Document,
    Moment,
    OrderedDocument,
    from_document,
    from_moment,
    to_document,
    to_moment,
    to_ordered,
)

Convert: TypeAlias = Callable[[Any], Any]


class Row(tuple[Any, ...]):
    """One result: columns are attributes, values are Python's."""

    __slots__ = ()
    _names: ClassVar[tuple[str, ...]] = ()
    count: Any  # a column may be called so
    index: Any  # and so

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Row":
        """Return a row with these columns."""
        return row_type(tuple(values))(values.values())

    def __getattr__(self, name: str) -> Any:  # those that are there are found before
        raise AttributeError(f"the row has no column {name!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.as_dict() == other.as_dict()

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # rows hold JSON, which cannot be hashed

    def __repr__(self) -> str:
        return f"Row({self.as_dict()!r})"

    def as_dict(self) -> dict[str, Any]:
        """Return the values under the names of their columns."""
        return dict(zip(self._names, self, strict=True))

    def but(self, **changed: Any) -> "Row":
        """Return the same row with other values in some of its columns."""
        return type(self)((self.as_dict() | changed).values())


def row_type(names: tuple[str, ...]) -> type[Row]:
    """Make the rows of one statement; a column is read as fast as the member of a tuple."""
    columns = {name: property(itemgetter(place)) for place, name in enumerate(names)}
    return type("Row", (Row,), {"__slots__": (), "_names": names, **columns})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled statement without the compiler, so that nothing keeps the original alive.

    Most of what a unit costs beside the database is bound here, so what can be known of a statement
    is worked out once.
    """

    sql: str
    fixed: Mapping[str, Any]  # values that stand in the statement, converted
    pick: Callable[[Mapping[str, Any]], Sequence[Any]]  # the parameters, in the driver's order
    write: tuple[tuple[str, Convert], ...]
    heavy: Callable[[Any], Sequence[Any]]  # of the parameters: texts, documents and bytes
    make: type[Row]
    read: tuple[tuple[int, Convert], ...]
    writes: str | None  # the table

    def bind(self, given: dict[str, Any]) -> Sequence[Any]:
        """Return what the driver takes; *given* has the names for which this was compiled.

        What is given is converted in its place.
        """
        for name, convert in self.write:
            given[name] = convert(given[name])
        return self.pick({**self.fixed, **given} if self.fixed else given)

    def weigh(self, bound: Sequence[Any]) -> int:
        """Return how long the texts, documents and bytes of a call are."""
        return sum(map(len, filter(None, self.heavy(bound))))

    def row(self, values: Sequence[Any]) -> Row:
        if self.read:
            changed = list(values)
            for place, convert in self.read:
                changed[place] = convert(changed[place])
            values = changed
        return self.make(values)


class Statements:
    """Keeps what was compiled as long as the statement itself lives. For one thread."""

    def __init__(self) -> None:
        self._dialect = sqlite.dialect(paramstyle="qmark")
        self._known: dict[int, tuple[ref[Executable], dict[tuple[str, ...], Prepared]]] = {}
        self._ordered: dict[Ordered, InOrder] = {}

    def prepare(self, statement: Executable, given: Mapping[str, Any]) -> Prepared:
        """Compile *statement* for parameters of these names; those of columns are set by it.

        Raises:
            TypeError: a parameter is missing or unknown.
        """
        known = self._known.get(id(statement)) or self._meet(statement)
        names = tuple(given)
        prepared = known[1].get(names)
        if prepared is None:
            prepared = known[1][names] = self._compile(statement, names)
        return prepared

    def in_order(self, ordered: Ordered) -> InOrder:
        """Compile what takes its parameters by their place. Raises: as `ordered.compiled`."""
        found = self._ordered.get(ordered)
        if found is None:
            found = self._ordered[ordered] = compiled(ordered, self._dialect)
        return found

    def _meet(
        self, statement: Executable
    ) -> tuple[ref[Executable], dict[tuple[str, ...], Prepared]]:
        """Make room for a statement, until it ends: another may have its number then."""
        number, known = id(statement), self._known
        known[number] = ref(statement, lambda _: known.pop(number, None)), {}
        return known[number]

    def _compile(self, statement: Executable, names: tuple[str, ...]) -> Prepared:
        compiled: SQLCompiler = statement.compile(  # type: ignore[attr-defined]  # of ClauseElement
            dialect=self._dialect, column_keys=list(names) if statement.is_dml else None
        )
        asked = {name for name in names if name in compiled.bind_names.values()}
        if len(asked) < len(names):
            odd = sorted(set(names) - asked)
            raise TypeError(f"the statement takes {sorted(asked)}; unknown: {odd}")
        expanded = compiled._process_parameters_for_postcompile(_fixed(compiled, names))  # noqa: SLF001  # no public name
        convert: dict[str, Any] = {**compiled._bind_processors, **expanded.processors}  # noqa: SLF001  # no public name
        convert.update(_direct(compiled, _WRITTEN))
        columns = compiled._result_columns or ()  # noqa: SLF001  # no public name
        readers = [(place, self._reader(column.type)) for place, column in enumerate(columns)]
        order = tuple(expanded.positiontup or ())
        heavy = {
            name for bind, name in compiled.bind_names.items() if isinstance(bind.type, _HEAVY)
        }
        return Prepared(
            sql=expanded.statement,
            fixed={
                name: convert[name](value) if name in convert else value
                for name, value in expanded.parameters.items()
                if name not in asked
            },
            pick=_picker(order),
            write=tuple((name, convert[name]) for name in names if name in convert),
            heavy=_picker(tuple(place for place, name in enumerate(order) if name in heavy)),
            make=row_type(tuple(column.keyname for column in columns)),
            read=tuple((place, reader) for place, reader in readers if reader is not None),
            writes=statement.table.name if statement.is_dml else None,  # type: ignore[attr-defined]  # what writes has one
        )

    def _reader(self, kind: Any) -> Convert | None:
        own: Convert | None = _READ.get(type(kind))
        if own is not None:
            return own
        found: Convert | None = kind.dialect_impl(self._dialect).result_processor(
            self._dialect, None
        )
        return found


# Our own types, without what SQLAlchemy wraps around them: it costs more than they do.
_WRITTEN: Mapping[type, Convert] = {
    Moment: to_moment,
    Document: to_document,
    OrderedDocument: to_ordered,
}
_HEAVY = (Document, LargeBinary, String)
_READ: Mapping[type, Convert] = {
    Moment: from_moment,
    Document: from_document,
    OrderedDocument: from_document,
}


def _picker(order: tuple[Any, ...]) -> Callable[[Any], Sequence[Any]]:
    """Return what picks the values of these names or places, as a sequence of any length."""
    if len(order) > 1:
        return itemgetter(*order)
    return lambda given: [given[name] for name in order]


def _direct(compiled: SQLCompiler, own: Mapping[type, Convert]) -> dict[str, Convert]:
    return {
        name: own[type(bind.type)]
        for bind, name in compiled.bind_names.items()
        if type(bind.type) in own
    }


def _fixed(compiled: SQLCompiler, given: Collection[str]) -> dict[str, Any]:
    """Collect the values that stand in the statement, defaults of columns among them.

    A list may stand there; as a parameter of the call it would make another statement each time.
    """
    values: dict[str, Any] = {}
    for bind, name in compiled.bind_names.items():
        if bind.required and bind.expanding:
            raise TypeError(f"the parameter {name!r} is a list; write the list into the statement")
        if bind.required and name not in given:
            raise TypeError(f"the parameter {name!r} is missing")
        values[name] = bind.effective_value
    for column in (*compiled.insert_prefetch, *compiled.update_prefetch):
        default = column.default
        if default is None or not default.is_scalar:
            raise TypeError(f"{column}: only a plain value can be a default")
        values[column.key] = default.arg  # type: ignore[attr-defined]  # of ColumnDefault
    return values


def insert_if_absent(table: Table) -> Insert:
    """Insert a row unless one of its unique values is there already; count the rows to know."""
    return sqlite.insert(table).on_conflict_do_nothing()


def upsert(
    table: Table,
    *,
    key: Sequence[str],
    update: Sequence[str],
    where: ColumnElement[bool] | None = None,
) -> Insert:
    """Insert a row, or set the columns *update* of the one that has its *key*, if that is *where*."""
    statement = sqlite.insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: statement.excluded[name] for name in update},
        where=where,
    )
