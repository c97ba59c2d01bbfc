"""What tools report, the threads it belongs to, and what Slack is told."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from coordination.database.schema.columns import Key, key, metadata, ref, where
from coordination.database.types import Document, Moment

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
    Column("archived_at", Moment),
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
Index("ix_events_undispatched", events.c.seq, **where(events.c.dispatched_at.is_(None)))

raw_bodies = Table(
    "raw_bodies",
    metadata,
    Column("seq", Key, ForeignKey("events.seq"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False),  # no index: the oldest come first anyhow
    Column("headers", Document),  # those of a list: content type and user agent
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
    Column("stalled_since", Moment),  # a flag beside the status: its lease ran out
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("namespace", "process_id"),
)
Index(  # also whether something in a thread still goes on
    "ix_processes_thread_key", processes.c.thread_key, processes.c.ended_at
)
Index("ix_processes_status", processes.c.status, processes.c.key)
Index("ix_processes_run_key", processes.c.run_key, **where(processes.c.run_key.is_not(None)))
# Whether a process may be deleted
Index(
    "ix_processes_parent_key", processes.c.parent_key, **where(processes.c.parent_key.is_not(None))
)
Index("ix_processes_orphans", processes.c.parent_ref, **where(processes.c.parent_ref.is_not(None)))

outbox = Table(
    "outbox",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),  # travels in Slack's message metadata
    ref("thread_key", "threads.key"),
    Column("lane", Integer, nullable=False),  # 1 decision, 2 final result, 3 failure, 4 progress
    Column("slot", Text, nullable=False),  # root, approval:ap_…, unknown:…, reply:…
    Column("recipient", Text),  # a person or a channel, where it goes beside its thread
    Column("kind", Text, nullable=False),
    Column("body", Document, nullable=False),
    # queued, leased, sent, superseded, rolled (up into the card), parked, failed
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("error", Text),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
)
Index(  # what of a thread is still to be said, and whether anything was
    "ix_outbox_thread_key_state", outbox.c.thread_key, outbox.c.state
)
# What has no place to be said
Index("ix_outbox_parked", outbox.c.thread_key, **where(outbox.c.state == "parked"))
# Whose turn it is
Index("ix_outbox_turn", outbox.c.lane, outbox.c.due_at, **where(outbox.c.state == "queued"))
# What is in flight
Index("ix_outbox_leased", outbox.c.lease_until, **where(outbox.c.state == "leased"))
# What only the card tells of
Index("ix_outbox_rolled", outbox.c.thread_key, **where(outbox.c.state == "rolled"))

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
    Column("notified", Boolean),  # posting it notified somebody
    Column("turns", Integer),  # of a card: edits of mere progress in a row; of a DM: times sent
    Column("updated_at", Moment, nullable=False),
)
Index("ix_slots_channel_id_ts", slots.c.channel_id, slots.c.ts)

keys = Table(
    "keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("thread_key", Key, ForeignKey("threads.key"), primary_key=True),
    Column("strong", Boolean, nullable=False),
    Column("expires_at", Moment),
)
# A strong key leads to one thread; a weak one may lead to several, and then to none
Index("ix_keys_owner", keys.c.key, unique=True, **where(keys.c.strong.is_(True)))
Index("ix_keys_thread_key", keys.c.thread_key)
Index("ix_keys_expires_at", keys.c.expires_at)

related_threads = Table(
    "related_threads",
    metadata,
    Column("thread_key", Key, ForeignKey("threads.key"), primary_key=True),  # the older one
    Column("other_key", Key, ForeignKey("threads.key"), primary_key=True),
    Column("because", Text, nullable=False),  # the key, or the parent, that ties them
    Column("created_at", Moment, nullable=False),
)
Index("ix_related_threads_other_key", related_threads.c.other_key)

identities = Table(
    "identities",
    metadata,
    Column("identity", Text, primary_key=True),  # first: many begin with the time, in any scope
    Column("scope", Text, primary_key=True),  # source:NAME, slack
    Column("body_hash", Text, nullable=False),
    Column("event_id", Text),  # of the event that was stored under it, which tells the answer
    Column("result", Document),  # the answer, where no event tells it
    Column("expires_at", Moment, nullable=False, index=True),
    sqlite_with_rowid=False,
)
