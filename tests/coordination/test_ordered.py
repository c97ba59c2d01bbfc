"""Statements whose parameters are given by their place, in the form in which the database keeps them."""

from pathlib import Path
from typing import Any

import pytest

from coordination.database import (
    Ordered,
    Transaction,
    bindparam,
    blobs,
    insert,
    meta,
    raw_bodies,
    select,
    update,
)
from coordination.database.statements import Statements
from coordination.database.transaction import MOST_ROWS
from coordination.database.writer import Session
from tests.coordination.inbox import make_database

_ADD = Ordered(insert(meta), ("name", "value"))
_CHANGE = Ordered(update(meta).where(meta.c.name == bindparam("of")), ("value", "of"))
_FIND = Ordered(select(meta.c.value).where(meta.c.name == bindparam("of")), ("of",))


def done(folder: Path, unit: Any) -> Any:
    """Run *unit* and return what it returned; raise what it raised."""
    session = Session(make_database(folder))
    (outcome,) = session.run([unit], commit=session.commit)
    session.close()
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def test_values_go_where_their_places_say(tmp_path: Path) -> None:
    def unit(tx: Transaction) -> Any:
        tx.run(_ADD, ("colour", "red"))
        tx.run(_ADD, ("size", "7"))
        changed = tx.run(_CHANGE, ("blue", "colour")).rowcount
        found = [tx.run(_FIND, (each,)).fetchall() for each in ("colour", "size", "shape")]
        return changed, found

    assert done(tmp_path, unit) == (1, [[("blue",)], [("7",)], []])


def test_an_order_that_is_not_the_statements_is_refused() -> None:
    with pytest.raises(TypeError, match=r"takes .*name.*value.*, in this order; given are"):
        Statements().in_order(Ordered(insert(meta), ("value", "name")))
    with pytest.raises(TypeError, match=r"takes .*value.*of"):
        Statements().in_order(Ordered(_CHANGE.statement, ("of", "value")))


def test_what_was_kept_of_a_table_is_dropped_once_a_row_is_written(tmp_path: Path) -> None:
    kept = select(meta.c.value).where(meta.c.name == "colour")

    def unit(tx: Transaction) -> Any:
        before = tx.fetch_kept(kept)
        tx.run(_ADD, ("colour", "red"))
        return before, [row.value for row in tx.fetch_kept(kept)]

    assert done(tmp_path, unit) == ([], ["red"])


def test_bytes_and_documents_count_for_the_size_of_a_group(tmp_path: Path) -> None:
    add = Ordered(insert(blobs), ("hash", "bytes"))

    def unit(tx: Transaction) -> Any:
        tx.run(_ADD, ("colour", "red"))
        light = tx.size
        tx.run(add, ("h", b"x" * 1_000))
        return light, tx.size

    assert done(tmp_path, unit) == (0, 1_000)
    raw = Statements().in_order(
        Ordered(insert(raw_bodies), ("seq", "body", "expires_at", "headers"))
    )
    assert (raw.writes, raw.heavy, raw.weigh((1, b"abc", 0, None))) == ("raw_bodies", (1, 3), 3)


def test_many_rows_are_inserted_by_few_statements_and_all_of_them_are_there(tmp_path: Path) -> None:
    every = select(meta.c.name, meta.c.value).where(meta.c.name >= "row").order_by(meta.c.name)
    rows = [(f"row-{number:03}", str(number)) for number in range(2 * MOST_ROWS + 1)]

    def unit(tx: Transaction) -> Any:
        before = tx.fetch_kept(every)
        tx.append_all(_ADD, [])
        tx.append_all(_ADD, rows)
        return before, [(row.name, row.value) for row in tx.fetch_kept(every)]

    assert done(tmp_path, unit) == ([], rows)
