"""What was accepted before: answered as the first time, told by the event itself, and forgotten in time."""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.events import ApprovalRequest, Event, Parent
from coordination import accept, identities, outbox
from coordination.accept import Incoming
from coordination.changes import Changes
from coordination.database import InlineDoor, migrate_sqlite
from coordination.database import identities as identities_table
from coordination.database.migrations.run import migrate
from coordination.database.statements import Statements
from coordination.database.types import to_moment
from coordination.database.writer import connect
from coordination.outbox import ROOT, Slot
from coordination.store import identities as identity_store
from coordination.store import keys as key_store
from coordination.store import processes as process_store
from coordination.store import runs as run_store
from tests.coordination.inbox import T0, Inbox, event, make_database, open_inbox


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(tmp_path / "x.db")
    yield inbox
    await inbox.door.close()


ODD: dict[str, dict[str, Any]] = {
    "a first event": {"process_id": "new", "status": "started"},
    "an end": {"process_id": "build", "status": "failed"},
    "a late one, with a note": {"process_id": "build", "status": "started", "attempt": 1},
    "one with warnings": {"process_id": "w", "status": "started", "warnings": ("a", "b")},
    "one for a run of the tool's": {"process_id": "r", "status": "started", "run_id": "mine"},
    "a child": {"process_id": "c", "status": "started", "parent": Parent("build")},
    "a question": {
        "process_id": "q",
        "status": "pending_approval",
        "approval": ApprovalRequest("Deploy?"),
    },
    "no process": {"process_id": None, "status": None, "type": "github.push"},
    "a heartbeat": {"process_id": "build", "status": "in_progress", "heartbeat": True},
    "one that came too late": {"process_id": "x", "status": "started", "expired": True},
}


@pytest.mark.parametrize("name", ODD)
async def test_a_repeat_is_answered_as_the_first_time_from_the_event(
    inbox: Inbox, name: str
) -> None:
    await inbox.report("build", "started", attempt=2)
    await inbox.write(show)
    wanted = {"at": 5, "id": "once", **ODD[name]}

    first = await inbox.report(**wanted)
    for status in ("completed", "started"):  # what comes later does not change the answer
        await inbox.report("build", status, 9)
        await inbox.report("q", "completed", 9)
    again = await inbox.report(**wanted)

    assert again == first._replace(effect="duplicate", duplicate=True)
    (row,) = [row for row in await inbox.rows(identities_table) if row.identity == "once"]
    assert (row.event_id, row.result) == (first.event_id, None)


def show(tx: Any) -> None:
    (key,) = [row for (row,) in tx._connection.execute("SELECT key FROM threads").fetchall()]
    root = Slot(key, ROOT, "C1", "1.2", "hash", permalink="https://slack.test/p1")
    outbox.put_slot(tx, root, now=T0)


async def test_the_link_of_the_card_is_the_one_of_the_first_time(inbox: Inbox) -> None:
    first = await inbox.report("build", "started", id="b-1")
    await inbox.write(show)
    second = await inbox.report("build", "in_progress", 1, id="b-2")
    assert (first.thread_url, second.thread_url) == (None, "https://slack.test/p1")
    assert (await inbox.report("build", "started", id="b-1")).thread_url is None
    again = await inbox.report("build", "in_progress", 1, id="b-2")
    assert again == second._replace(effect="duplicate", duplicate=True)


async def test_what_failed_at_first_is_answered_as_then_after_it_was_taken(inbox: Inbox) -> None:
    await inbox.report("build", "started")
    (before,) = [row.state for row in [await inbox.process("build")]]
    await inbox.write(lambda tx: process_store.change(tx, 1, {"state": {"no": "fold"}}))
    first = await inbox.report("build", "completed", 1, id="b-2")
    assert first.effect == "stored"

    await inbox.write(lambda tx: process_store.change(tx, 1, {"state": before}))
    stored = await inbox.event(first.event_id)
    told = Incoming(event=Event.from_json(stored.body), identity=None, trusted=True)
    await inbox.write(lambda tx: accept.again(tx, stored.seq, told, now=T0, ids=inbox.ids))
    assert (await inbox.event(first.event_id)).effect == "updated"

    again = await inbox.report("build", "completed", 1, id="b-2")
    assert again == first._replace(effect="duplicate", duplicate=True)


async def test_an_identity_of_an_older_database_is_answered_as_it_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate(lambda: connect(path), to="0003")
    told = event("build", "started", ids=open_inbox(tmp_path / "other.db").ids, id="b-1")
    known, hashed = identities.identity_of(told), identities.body_hash(told)
    kept = {
        "event_id": "ev_old",
        "id": "b-1",
        "namespace": "ci",
        "process_id": "build",
        "attempt": 3,
        "thread_id": "th_old",
        "run_id": None,
        "status": "started",
        "effect": "created",
        "approval_id": None,
        "thread_url": "https://x.test",
        "warnings": [],
    }
    raw = sqlite3.connect(path)
    raw.execute(
        "INSERT INTO identities (scope, identity, body_hash, result, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (known.scope, known.name, hashed, json.dumps(kept), to_moment(T0 + week(1))),
    )
    raw.commit()
    raw.close()

    migrate_sqlite(path)
    inbox = Inbox(InlineDoor(path, changes=Changes("a"), durable=False))
    again = await inbox.accept(told)
    assert (again.duplicate, again.event_id, again.attempt) == (True, "ev_old", 3)
    assert (again.thread_id, again.thread_url) == ("th_old", "https://x.test")
    assert again.warnings == ()
    other = await inbox.accept(replace(told, message="something else"))
    assert other.warnings == ("body differs from the first time",)
    later = replace(told, received_at=T0 + week(1))
    assert not (await inbox.accept(later)).duplicate
    (row,) = await inbox.rows(identities_table)
    assert (row.event_id, row.result) == (later.event_id, None)
    await inbox.door.close()


# How what each event asks for is found

NAME = {"of": "a", "called": "b"}
PLANS: dict[str, tuple[Any, dict[str, Any], set[str]]] = {
    "an identity": (identity_store._ANSWER, NAME, {"identities USING PRIMARY KEY"}),
    "a process": (
        process_store._BY_ID,
        {"ns": "a", "called": "b"},
        {"processes USING INDEX sqlite_autoindex_processes_1 (namespace=? AND process_id=?)"},
    ),
    "children that came before": (
        process_store._ORPHANS,
        {"ref": "a"},
        {"processes USING INDEX ix_processes_orphans (parent_ref=?)"},
    ),
    "the process of a run": (
        run_store._HEAD.statement,
        {"run": 1},
        {"processes USING INDEX ix_processes_run_key (run_key=?)"},
    ),
    "what goes on in a thread": (
        key_store._SIGHTS,
        {"name": "a"},
        {"processes USING INDEX ix_processes_thread_key (thread_key=? AND ended_at=?)"},
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_what_each_event_asks_for_is_found_by_an_index(tmp_path: Path, name: str) -> None:
    statement, given, wanted = PLANS[name]
    prepared = Statements().prepare(statement, given)
    raw = sqlite3.connect(make_database(tmp_path))
    rows = raw.execute(f"EXPLAIN QUERY PLAN {prepared.sql}", prepared.bind(given)).fetchall()
    raw.close()
    found = {line.removeprefix("SEARCH ") for line in plan(rows)}
    assert all(any(line.startswith(each) for line in found) for each in wanted), found


def plan(rows: list[Any]) -> Iterator[str]:
    for *_, line in rows:
        yield line


def week(count: int) -> timedelta:
    return timedelta(days=7 * count)
