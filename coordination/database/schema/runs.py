"""Definitions, runs and what they wait for."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from coordination.database.schema.columns import Key, key, metadata, ref, where
from coordination.database.types import Document, Moment, OrderedDocument

definitions = Table(
    "definitions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("body", OrderedDocument, nullable=False),  # its hash is over canonical JSON
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
    Column("draft", Text),  # the hash of a revision that is written and not in use
    Column("origin", Text),  # file, library or api: who may change it
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

trigger_states = Table(  # what outlives the revision: the last slot of a schedule, files seen
    "trigger_states",
    metadata,
    Column("workflow", Text, primary_key=True),
    Column("trigger_id", Text, primary_key=True),
    Column("state", Document, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

trigger_windows = Table(  # events that a trigger collects, or the one that it waits for
    "trigger_windows",
    metadata,
    key(),
    Column("workflow", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("name", Text, nullable=False),  # what its events have in common
    Column("events", Document, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    UniqueConstraint("workflow", "trigger_id", "name"),
)

trigger_secrets = Table(
    "trigger_secrets",
    metadata,
    Column("workflow", Text, primary_key=True),
    Column("trigger_id", Text, primary_key=True),
    Column("secret", Text, nullable=False),  # sealed
    Column("created_at", Moment, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("workflow", Text, nullable=False),
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
    Column("children", Document),  # workflow -> the revision that its children are of
    Column("concurrency_key", Text),  # of `settings.concurrency`, rendered
    Column("held_since", Moment),  # it waits for a place among those of its key
    Column("priority", Text),  # low or high
    Column("restored", Integer),  # the generation that found it open in a backup
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
run_secrets = Table(  # what secret inputs hold; `runs.inputs` has handles in its place
    "run_secrets",
    metadata,
    Column("run_key", Key, ForeignKey("runs.key"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sealed", Text),  # under the instance key; null once the run can need it no more
    Column("mark", Text, nullable=False),  # a keyed hash: a repeated start gives the same
)

Index("ix_runs_thread_key", runs.c.thread_key)
Index("ix_runs_runnable", runs.c.status, **where(runs.c.status.in_(("queued", "running"))))
Index("ix_runs_requested_by", runs.c.requested_by, runs.c.status)
Index("ix_runs_workflow_created_at", runs.c.workflow, runs.c.created_at)
Index("ix_runs_parent_key", runs.c.parent_key, **where(runs.c.parent_key.is_not(None)))
Index(
    "ix_runs_concurrency_key",
    runs.c.workflow,
    runs.c.concurrency_key,
    **where(runs.c.concurrency_key.is_not(None)),
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
    # Canonical JSON, kept as it was written: the fact, what was derived, the digest of the commands.
    Column("data", Text, nullable=False),
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
    Column("detail", Document),  # of a container how far it is; of a child, which run
    Column("log", Text, ForeignKey("blobs.hash")),
    Column("due_at", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
)

# Whether a blob may be deleted
Index("ix_steps_log", steps.c.log, **where(steps.c.log.is_not(None)))

waits = Table(
    "waits",
    metadata,
    key(),
    Column("id", Text, nullable=False, unique=True),
    ref("run_key", "runs.key", nullable=True),
    ref("process_key", "processes.key", nullable=True),  # of an approval that a tool asked for
    Column("path", Text),
    Column("kind", Text, nullable=False),  # approval, event (signals and children come later)
    Column("shape", Text),  # of an event, while it waits: the name pattern, and where to look
    Column("wait_on", Text),  # a digest of that and of what has to be found there
    Column("filter", Document),
    Column("since", Moment, nullable=False),
    Column("since_seq", Key),  # of an event: the first one that may answer it
    Column("until_seq", Key),  # the last one that was stored before it opened
    Column("event_id", Text),  # the one that did
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("digest", Text),
    Column("expires_at", Moment),
)
Index("ix_waits_run_key_state", waits.c.run_key, waits.c.state)
Index("ix_waits_state", waits.c.state, waits.c.key)
Index("ix_waits_process_key", waits.c.process_key, **where(waits.c.process_key.is_not(None)))
# Most waits are over, and wait for nothing any more
Index("ix_waits_wait_on", waits.c.wait_on, **where(waits.c.wait_on.is_not(None)))
Index("ix_waits_shape", waits.c.shape, **where(waits.c.shape.is_not(None)))

approvals = Table(
    "approvals",
    metadata,
    Column("wait_key", Key, ForeignKey("waits.key"), primary_key=True),
    Column("id", Text, nullable=False, unique=True),  # ap_…
    Column("number", Integer, nullable=False, unique=True),
    ref("thread_key", "threads.key", nullable=True),
    Column("question", Document, nullable=False),  # commands.Question as JSON
    Column("requested_by", Text),
    Column("askers", Document),  # who else stands behind the question, and may not answer it
    Column("decision", Text),
    Column("decided_by", Text),
    Column("comment", Text),
    Column("answer", Text),
    Column("via", Text),
    Column("note", Text),
    Column("decided_at", Moment),
    Column("escalated", Document),  # who may answer as well by now: [{"at": …, "to": […]}]
    Column("again_of", Text),  # the approval that nobody answered, which it asks again
)
Index("ix_approvals_again_of", approvals.c.again_of)

Index("ix_approvals_thread_key", approvals.c.thread_key)

delegations = Table(  # somebody hands their vote on one approval to somebody else
    "delegations",
    metadata,
    Column("wait_key", Key, ForeignKey("waits.key"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("to_person", Text, nullable=False),
    Column("comment", Text),
    Column("at", Moment, nullable=False),
)
Index("ix_delegations_to_person", delegations.c.to_person)

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
    Column("for_person", Text),  # whose vote it is, where that was delegated
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
    Column("kind", Text, nullable=False),  # approval, timer, event, cancel, retry, resolve
    Column("payload", Document, nullable=False),
    Column("delivery_id", Text, nullable=False),  # the journal takes each once
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    UniqueConstraint("run_key", "delivery_id"),
)
Index("ix_wakeups_due", wakeups.c.run_key, **where(wakeups.c.done_at.is_(None)))
