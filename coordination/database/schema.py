"""All tables, for SQLite and PostgreSQL. Stores of other packages build their statements from these.

Rows refer to each other by integer keys (``*_key``); the texts people and machines see (``id``) are a
prefix and a ULID. `Moment` columns hold microseconds since 1970 in UTC, `Document` columns canonical JSON.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from coordination.database.types import Document, Moment

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


definitions = Table(
    "definitions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("body", Document, nullable=False),
    Column("source", Text, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("published_by", Text, nullable=False),
    UniqueConstraint("name", "revision"),
)

workflows = Table(
    "workflows",
    metadata,
    Column("name", Text, primary_key=True),
    Column("status", Text, nullable=False),  # draft, active, paused, archived
    Column("hash", Text, ForeignKey("definitions.hash"), nullable=False),  # the last good revision
    Column("problems", Document),  # of a file that broke since
    Column("updated_at", Moment, nullable=False),
)

triggers = Table(
    "triggers",
    metadata,
    key(),
    Column("workflow", Text, ForeignKey("workflows.name"), nullable=False),
    Column("hash", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("event", Text, nullable=False),  # the name pattern
    Column("source", Text),
    Column("spec", Document, nullable=False),  # where, inputs
    UniqueConstraint("workflow", "trigger_id"),
)

threads = Table(
    "threads",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),
    Column("external_id", Text, unique=True),  # a run_id that a tool chose
    Column("title", Text, nullable=False),
    Column("channel", Text),  # as asked for: #name or an id; null: nowhere to post
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False, index=True),
)

runs = Table(
    "runs",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("workflow", Text, nullable=False, index=True),
    Column("hash", Text, ForeignKey("definitions.hash"), nullable=False),
    Column("core_version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("trigger", Document, nullable=False),
    Column("inputs", Document, nullable=False),
    Column("outputs", Document),
    Column("error", Document),
    Column("note", Text),
    Column("started_by", Text, nullable=False),  # a person's id, source:NAME or trigger:NAME
    Column("requested_by", Text),  # the person behind it, who may not approve it
    ref("thread_key", "threads.key", nullable=True),
    ref("parent_key", "runs.key", nullable=True),
    Column("parent_path", Text),
    Column("depth", Integer, nullable=False, default=0),  # starts in its chain of causes
    Column("seq", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    Column("owner", Text),
    Column("lease_until", Moment),
    Column("request_id", Text, unique=True),  # of a start by hand: a repeat finds the same run
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("updated_at", Moment, nullable=False),
)
Index(
    "ix_runs_runnable",
    runs.c.status,
    sqlite_where=runs.c.status.in_(("queued", "running")),
    postgresql_where=runs.c.status.in_(("queued", "running")),
)

journal = Table(
    "journal",
    metadata,
    Column("run_key", Key, ForeignKey("runs.key"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("path", Text),
    Column("kind", Text, nullable=False),
    Column("attempt", Integer),
    Column("delivery_id", Text),
    Column("at", Moment, nullable=False),
    Column("fence", Integer, nullable=False),
    Column(
        "data", Document, nullable=False
    ),  # the fact, what was derived, the digest of the commands
    Column("sum", Text, nullable=False),
    UniqueConstraint("run_key", "path", "kind", "attempt"),
    UniqueConstraint("run_key", "delivery_id"),
)

steps = Table(
    "steps",
    metadata,
    Column("run_key", Key, ForeignKey("runs.key"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("action", Text),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("redo", Integer, nullable=False),
    Column("input", Document),
    Column("output", Document),
    Column("error", Document),
    Column("log", Text, ForeignKey("blobs.hash")),
    Column("due_at", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
)

waits = Table(
    "waits",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),
    ref("run_key", "runs.key", nullable=True),
    ref("process_key", "processes.key", nullable=True),  # of an approval that a tool asked for
    Column("path", Text),
    Column("kind", Text, nullable=False),  # approval (events, signals and children come later)
    Column("wait_on", Text),
    Column("filter", Document),
    Column("since", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("digest", Text),
    Column("expires_at", Moment),
)
Index("ix_waits_run_key_state", waits.c.run_key, waits.c.state)
Index("ix_waits_wait_on", waits.c.wait_on)

approvals = Table(
    "approvals",
    metadata,
    Column("wait_key", Key, ForeignKey("waits.key"), primary_key=True),
    Column("id", Text, nullable=False, unique=True),  # ap_…
    Column("number", Integer, nullable=False, unique=True),
    ref("thread_key", "threads.key", nullable=True),
    Column("question", Document, nullable=False),  # commands.Question as JSON
    Column("requested_by", Text),
    Column("decision", Text),
    Column("decided_by", Text),
    Column("comment", Text),
    Column("answer", Text),
    Column("via", Text),
    Column("note", Text),
    Column("decided_at", Moment),
)

votes = Table(
    "votes",
    metadata,
    key(),
    Column("wait_key", Key, ForeignKey("waits.key"), nullable=False),
    Column("person", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("choice", Text, nullable=False),
    Column("answer", Text),
    Column("comment", Text),
    Column("via", Text, nullable=False),
    Column("state", Text, nullable=False),  # counted, checking, refused
    Column("at", Moment, nullable=False),
    UniqueConstraint("wait_key", "version", "person"),
)

timers = Table(
    "timers",
    metadata,
    Column("owner_kind", Text, primary_key=True),  # run, approval, process
    Column("owner_key", Key, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("due_at", Moment, nullable=False, index=True),
)

wakeups = Table(
    "wakeups",
    metadata,
    key(),
    ref("run_key", "runs.key"),
    Column("kind", Text, nullable=False),  # approval, timer, cancel, retry, resolve
    Column("payload", Document, nullable=False),
    Column("delivery_id", Text, nullable=False),  # the journal takes each once
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    UniqueConstraint("run_key", "delivery_id"),
)
Index(
    "ix_wakeups_due",
    wakeups.c.run_key,
    sqlite_where=wakeups.c.done_at.is_(None),
    postgresql_where=wakeups.c.done_at.is_(None),
)

events = Table(
    "events",
    metadata,
    key("seq"),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("process_id", Text),
    Column("attempt", Integer),
    Column("status", Text),
    ref("process_key", "processes.key", nullable=True),
    ref("thread_key", "threads.key", nullable=True),
    Column("effect", Text, nullable=False),
    Column("applied", Boolean, nullable=False),  # the fold took its status: triggers may fire
    Column("caused_by_run", Key),  # a run's own report, for the chain of causes
    Column("body", Document, nullable=False),  # the canonical event
    Column("explain", Document),
    Column("occurred_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("dispatched_at", Moment),
)
Index("ix_events_process_key", events.c.process_key)
Index("ix_events_thread_key", events.c.thread_key)
Index(
    "ix_events_undispatched",
    events.c.seq,
    sqlite_where=events.c.dispatched_at.is_(None),
    postgresql_where=events.c.dispatched_at.is_(None),
)

raw_bodies = Table(
    "raw_bodies",
    metadata,
    Column("seq", Key, ForeignKey("events.seq"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

processes = Table(
    "processes",
    metadata,
    key(),
    Column("namespace", Text, nullable=False),
    Column("process_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),  # the one that is shown
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("category", Text),
    Column("status", Text, nullable=False),
    Column("state", Document, nullable=False),  # the fold: progress, message, links, result, …
    Column("owner", Text),  # the person whom the reporting token names
    ref("thread_key", "threads.key"),
    ref("parent_key", "processes.key", nullable=True),
    Column("parent_ref", Text),  # a parent that has not been seen yet, as namespace:process_id
    ref("run_key", "runs.key", nullable=True),  # of a run that shows as a process
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("namespace", "process_id"),
)
Index("ix_processes_thread_key", processes.c.thread_key)
Index(
    "ix_processes_orphans",
    processes.c.parent_ref,
    sqlite_where=processes.c.parent_ref.is_not(None),
    postgresql_where=processes.c.parent_ref.is_not(None),
)

outbox = Table(
    "outbox",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),  # travels in Slack's message metadata
    ref("thread_key", "threads.key"),
    Column("lane", Integer, nullable=False),  # 1 decision, 2 final result, 3 failure, 4 progress
    Column("slot", Text, nullable=False),  # root, approval:ap_…, unknown:…, reply:…
    Column("kind", Text, nullable=False),
    Column("body", Document, nullable=False),
    Column("state", Text, nullable=False),  # queued, leased, sent, superseded, parked, failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("error", Text),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
)
Index("ix_outbox_thread_key_slot", outbox.c.thread_key, outbox.c.slot)
Index(
    "ix_outbox_due",
    outbox.c.due_at,
    sqlite_where=outbox.c.state.in_(("queued", "leased")),
    postgresql_where=outbox.c.state.in_(("queued", "leased")),
)

slots = Table(
    "slots",
    metadata,
    Column("thread_key", Key, ForeignKey("threads.key"), primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("channel_id", Text, nullable=False),
    Column("ts", Text, nullable=False),
    Column("permalink", Text),
    Column("hash", Text, nullable=False),  # of what was shown last
    Column("version", Integer),
    Column("updated_at", Moment, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("key", Text, primary_key=True),
    ref("thread_key", "threads.key"),
    Column("expires_at", Moment),
)

identities = Table(
    "identities",
    metadata,
    Column("scope", Text, primary_key=True),  # source:NAME, slack
    Column("identity", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("result", Document),
    Column("expires_at", Moment, nullable=False, index=True),
)

directory = Table(
    "directory",
    metadata,
    Column("person", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_bot", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("read_at", Moment, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("channel", Text),
    Column("may_choose_channel", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),  # 12 characters base32, shown and logged
    Column("hash", Text, nullable=False),  # sha256 of the secret
    Column("source", Text, ForeignKey("sources.name"), nullable=False),
    Column("scopes", Document, nullable=False),
    Column("owner", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

audit = Table(
    "audit",
    metadata,
    key("seq"),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Document, nullable=False),
    Column("previous", Text, nullable=False),
    Column("sum", Text, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),  # run, approval
    Column("value", Integer, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
