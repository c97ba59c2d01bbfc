"""Statements: compiled once, with converted parameters and results."""

import gc
import weakref
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from coordination.database import (
    Transaction,
    bindparam,
    blobs,
    canonical,
    compact,
    insert,
    insert_if_absent,
    meta,
    select,
    threads,
    update,
    upsert,
)
from coordination.database.statements import Statements
from coordination.database.types import to_moment
from coordination.database.writer import Session
from tests.coordination.inbox import make_database


def test_times_json_and_bytes_come_back_as_they_went(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 2, 10, 15, 4, 123456, tzinfo=timezone(timedelta(hours=2)))

    def unit(tx: Transaction) -> Any:
        tx.execute(insert(blobs), hash="h", bytes=b"\x00\xff")
        key = tx.insert(insert(threads), id="th", title="ü", created_at=moment, updated_at=moment)
        thread = tx.fetch_one(select(threads).where(threads.c.key == bindparam("k")), k=key)
        return thread, tx.fetch_one(select(blobs))

    session = Session(make_database(tmp_path))
    (outcome,) = session.run([unit], commit=session.commit)
    session.close()
    thread, blob = outcome.value
    assert (thread.created_at, thread.created_at.tzinfo) == (moment, UTC)
    assert (thread.title, thread.channel, blob.bytes) == ("ü", None, b"\x00\xff")
    with pytest.raises(AttributeError, match="no column 'colour'"):
        _ = thread.colour


def test_a_time_without_a_zone_is_refused() -> None:
    prepared = Statements().prepare(insert(threads), {"created_at": None})
    with pytest.raises(ValueError, match="has no zone"):
        prepared.bind({"created_at": datetime(2026, 3, 2)})  # noqa: DTZ001


def test_an_hour_that_comes_twice_is_kept_as_two() -> None:
    once = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    kept = [to_moment(once), to_moment(once.replace(fold=1)), to_moment(once.astimezone(UTC))]
    assert kept == [1792888200_000000, 1792891800_000000, 1792888200_000000]


def test_json_keeps_its_order_or_is_brought_into_one() -> None:
    once = datetime(2026, 3, 2, tzinfo=UTC)
    said = {"b": 1, "a": {"ü": ["x", None, True]}}
    assert compact(said) == '{"b":1,"a":{"ü":["x",null,true]}}'
    assert canonical(said) == '{"a":{"ü":["x",null,true]},"b":1}'
    for write in (compact, canonical):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write({"n": float("nan")})
        with pytest.raises(TypeError, match="datetime is not JSON"):
            write({"at": once})


def test_a_call_weighs_what_is_long_in_it() -> None:
    given = {"hash": "12345", "bytes": b"\x00\xff"}
    prepared = Statements().prepare(insert(blobs), given)
    assert prepared.weigh(prepared.bind(given)) == 7
    nothing = {"title": None, "created_at": None}
    prepared = Statements().prepare(insert(threads), nothing)
    assert prepared.weigh(prepared.bind(nothing)) == 0


def test_a_parameter_that_is_missing_or_unknown_is_named() -> None:
    statement = select(meta).where(meta.c.name == bindparam("called"))
    with pytest.raises(TypeError, match=r"\['nam'\]"):
        Statements().prepare(statement, {"called": 1, "nam": 2}).bind({"called": 1, "nam": 2})
    with pytest.raises(TypeError, match="called"):
        Statements().prepare(statement, {}).bind({})


def test_values_and_lists_that_stand_in_a_statement_are_converted() -> None:
    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    statement = select(threads.c.key).where(threads.c.created_at.in_([at, at]))
    prepared = Statements().prepare(statement, {})
    assert set(prepared.bind({})) >= {1_000_000}


def test_a_compiled_statement_is_kept_as_long_as_the_statement() -> None:
    statements = Statements()
    statement = select(meta).where(meta.c.name == bindparam("called"))
    first = statements.prepare(statement, {"called": "a"})
    assert statements.prepare(statement, {"called": "b"}) is first
    gone = weakref.ref(statement)
    del statement
    gc.collect()
    assert gone() is None


def test_an_insert_may_pass_over_or_change_what_is_there(tmp_path: Path) -> None:
    either = insert_if_absent(meta)
    change = upsert(meta, key=("name",), update=("value",))

    def unit(tx: Transaction) -> Any:
        counts = [tx.execute(either, name="a", value=value) for value in ("1", "2")]
        before = tx.fetch_all(select(meta.c.value).where(meta.c.name == "a"))
        tx.execute(change, name="a", value="3")
        raised = tx.fetch_all(
            update(meta).where(meta.c.name == "a").values(value="4").returning(meta.c.value)
        )
        return counts, before[0].value, raised[0].value

    session = Session(make_database(tmp_path))
    (outcome,) = session.run([unit], commit=session.commit)
    session.close()
    assert outcome.value == ([1, 0], "1", "4")


def test_what_was_touched_in_vain_is_not_told(tmp_path: Path) -> None:
    def unit(tx: Transaction) -> None:
        tx.touch("thread", "th_1")
        with suppress(LookupError), tx.savepoint():
            tx.touch("run", "run_1")
            tx.touch("thread", "th_1")
            raise LookupError
        tx.touch("run", "run_2")

    session = Session(make_database(tmp_path))
    (outcome,) = session.run([unit], commit=session.commit)
    session.close()
    assert [change.id for change in outcome.touched] == ["th_1", "run_2"]
