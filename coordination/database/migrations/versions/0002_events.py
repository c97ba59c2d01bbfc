"""Make the tables of events, approvals and what is told to Slack."""

import sqlalchemy as sa
from alembic import op

from coordination.database.types import Document, Moment

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def directory() -> None:
    op.create_table(
        "directory",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("read_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_directory")),
    )


def identities() -> None:
    op.create_table(
        "identities",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("result", Document(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "identity", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_expires_at"), "identities", ["expires_at"], unique=False)


def sources() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("may_choose_channel", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )


def keys() -> None:
    op.create_table(
        "keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thread_key", KEY, nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.key"], name=op.f("fk_keys_thread_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_keys")),
    )


def outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread_key", KEY, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", Document(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.key"], name=op.f("fk_outbox_thread_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'leased')"),
        postgresql_where=sa.text("state IN ('queued', 'leased')"),
    )
    op.create_index("ix_outbox_thread_key_slot", "outbox", ["thread_key", "slot"], unique=False)


def slots() -> None:
    op.create_table(
        "slots",
        sa.Column("thread_key", KEY, nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.key"], name=op.f("fk_slots_thread_key")),
        sa.PrimaryKeyConstraint("thread_key", "slot", name=op.f("pk_slots")),
    )


def tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("scopes", Document(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("last_used_at", Moment(), nullable=True),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_tokens_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )


def processes() -> None:
    op.create_table(
        "processes",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", Document(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("thread_key", KEY, nullable=False),
        sa.Column("parent_key", KEY, nullable=True),
        sa.Column("parent_ref", sa.Text(), nullable=True),
        sa.Column("run_key", KEY, nullable=True),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_key"], ["processes.key"], name=op.f("fk_processes_parent_key")
        ),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_processes_run_key")),
        sa.ForeignKeyConstraint(
            ["thread_key"], ["threads.key"], name=op.f("fk_processes_thread_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_processes")),
        sa.UniqueConstraint(
            "namespace", "process_id", name=op.f("uq_processes_namespace_process_id")
        ),
    )


def indexes_of_processes() -> None:
    op.create_index(
        "ix_processes_orphans",
        "processes",
        ["parent_ref"],
        unique=False,
        sqlite_where=sa.text("parent_ref IS NOT NULL"),
        postgresql_where=sa.text("parent_ref IS NOT NULL"),
    )
    op.create_index("ix_processes_thread_key", "processes", ["thread_key"], unique=False)


def events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("process_key", KEY, nullable=True),
        sa.Column("thread_key", KEY, nullable=True),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("caused_by_run", KEY, nullable=True),
        sa.Column("body", Document(), nullable=False),
        sa.Column("explain", Document(), nullable=True),
        sa.Column("occurred_at", Moment(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("dispatched_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["process_key"], ["processes.key"], name=op.f("fk_events_process_key")
        ),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.key"], name=op.f("fk_events_thread_key")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    op.create_index("ix_events_process_key", "events", ["process_key"], unique=False)
    op.create_index("ix_events_thread_key", "events", ["thread_key"], unique=False)
    op.create_index(
        "ix_events_undispatched",
        "events",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("dispatched_at IS NULL"),
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )


def waits() -> None:
    op.create_table(
        "waits",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_key", KEY, nullable=True),
        sa.Column("process_key", KEY, nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wait_on", sa.Text(), nullable=True),
        sa.Column("filter", Document(), nullable=True),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["process_key"], ["processes.key"], name=op.f("fk_waits_process_key")
        ),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_waits_run_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_waits")),
        sa.UniqueConstraint("id", name=op.f("uq_waits_id")),
    )
    op.create_index("ix_waits_run_key_state", "waits", ["run_key", "state"], unique=False)
    op.create_index("ix_waits_wait_on", "waits", ["wait_on"], unique=False)


def approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("wait_key", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("thread_key", KEY, nullable=True),
        sa.Column("question", Document(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["thread_key"], ["threads.key"], name=op.f("fk_approvals_thread_key")
        ),
        sa.ForeignKeyConstraint(["wait_key"], ["waits.key"], name=op.f("fk_approvals_wait_key")),
        sa.PrimaryKeyConstraint("wait_key", name=op.f("pk_approvals")),
        sa.UniqueConstraint("id", name=op.f("uq_approvals_id")),
        sa.UniqueConstraint("number", name=op.f("uq_approvals_number")),
    )


def raw_bodies() -> None:
    op.create_table(
        "raw_bodies",
        sa.Column("seq", KEY, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["events.seq"], name=op.f("fk_raw_bodies_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_raw_bodies")),
    )
    op.create_index(op.f("ix_raw_bodies_expires_at"), "raw_bodies", ["expires_at"], unique=False)


def votes() -> None:
    op.create_table(
        "votes",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("wait_key", KEY, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["wait_key"], ["waits.key"], name=op.f("fk_votes_wait_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_votes")),
        sa.UniqueConstraint(
            "wait_key", "version", "person", name=op.f("uq_votes_wait_key_version_person")
        ),
    )


def upgrade() -> None:
    """Make the tables of events, approvals and what is told to Slack."""
    directory()
    identities()
    sources()
    keys()
    outbox()
    slots()
    tokens()
    processes()
    indexes_of_processes()
    events()
    waits()
    approvals()
    raw_bodies()
    votes()
