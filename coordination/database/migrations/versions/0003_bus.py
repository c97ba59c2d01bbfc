"""Let keys lead to several threads, and make room for groups, policies and what people follow."""

import sqlalchemy as sa
from alembic import op

from coordination.database.types import Document, Moment

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def keys() -> None:
    """Make the table of keys anew; every key of before is a strong one."""
    op.rename_table("keys", "old_keys")
    op.create_table(
        "keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thread_key", KEY, nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.key"], name=op.f("fk_keys_thread_key")),
        sa.PrimaryKeyConstraint("key", "thread_key", name=op.f("pk_keys")),
    )
    op.execute(
        "INSERT INTO keys (key, thread_key, strong, expires_at)"
        " SELECT key, thread_key, true, expires_at FROM old_keys"
    )
    op.drop_table("old_keys")
    op.create_index(
        "ix_keys_owner",
        "keys",
        ["key"],
        unique=True,
        sqlite_where=sa.text("strong IS 1"),
        postgresql_where=sa.text("strong IS true"),
    )
    op.create_index("ix_keys_thread_key", "keys", ["thread_key"], unique=False)
    op.create_index("ix_keys_expires_at", "keys", ["expires_at"], unique=False)


def related_threads() -> None:
    op.create_table(
        "related_threads",
        sa.Column("thread_key", KEY, nullable=False),
        sa.Column("other_key", KEY, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["other_key"], ["threads.key"], name=op.f("fk_related_threads_other_key")
        ),
        sa.ForeignKeyConstraint(
            ["thread_key"], ["threads.key"], name=op.f("fk_related_threads_thread_key")
        ),
        sa.PrimaryKeyConstraint("thread_key", "other_key", name=op.f("pk_related_threads")),
    )
    op.create_index("ix_related_threads_other_key", "related_threads", ["other_key"], unique=False)


def groups() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shares", sa.Boolean(), nullable=True),
        sa.Column("read_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id")
        ),
        sa.PrimaryKeyConstraint("group_id", "person", name=op.f("pk_group_members")),
    )
    op.create_index("ix_group_members_person", "group_members", ["person"], unique=False)


def source_secrets() -> None:
    op.create_table(
        "source_secrets",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source"], ["sources.name"], name=op.f("fk_source_secrets_source")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_source_secrets")),
    )
    op.create_index("ix_source_secrets_source", "source_secrets", ["source"], unique=False)


def what_people_choose() -> None:
    op.create_table(
        "channel_settings",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("settings", Document(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_settings")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("filters", Document(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "person", "subject", "filters", name=op.f("uq_subscriptions_person_subject_filters")
        ),
    )
    op.create_index("ix_subscriptions_subject", "subscriptions", ["subject"], unique=False)
    op.create_table(
        "nudges",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_nudges")),
    )
    op.create_table(
        "sweeps",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("swept_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_sweeps")),
    )


def delegations() -> None:
    op.create_table(
        "delegations",
        sa.Column("wait_key", KEY, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("to_person", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["wait_key"], ["waits.key"], name=op.f("fk_delegations_wait_key")),
        sa.PrimaryKeyConstraint("wait_key", "person", name=op.f("pk_delegations")),
    )
    op.create_index("ix_delegations_to_person", "delegations", ["to_person"], unique=False)


COLUMNS = (
    ("threads", "archived_at", Moment()),
    ("processes", "stalled_since", Moment()),
    ("outbox", "recipient", sa.Text()),
    ("directory", "email", sa.Text()),
    ("directory", "shares", sa.Boolean()),
    ("sources", "scheme", sa.Text()),
    ("raw_bodies", "headers", Document()),
    ("sources", "retired_at", Moment()),
    ("waits", "since_seq", KEY),
    ("waits", "event_id", sa.Text()),
    ("waits", "until_seq", KEY),
    ("waits", "shape", sa.Text()),
    ("approvals", "askers", Document()),
    ("approvals", "escalated", Document()),
    ("approvals", "again_of", sa.Text()),
    ("votes", "for_person", sa.Text()),
    ("slots", "notified", sa.Boolean()),
    ("slots", "turns", sa.Integer()),
)


def outbox() -> None:
    """Find turns, leases and what is held by indexes of their own."""
    op.drop_index("ix_outbox_due", "outbox")
    parts = (
        ("ix_outbox_held", ["thread_key"], "state IN ('queued', 'leased', 'parked')"),
        ("ix_outbox_turn", ["lane", "due_at"], "state = 'queued'"),
        ("ix_outbox_leased", ["lease_until"], "state = 'leased'"),
        ("ix_outbox_rolled", ["thread_key"], "state = 'rolled'"),
    )
    for name, columns, part in parts:
        op.create_index(
            name,
            "outbox",
            columns,
            unique=False,
            sqlite_where=sa.text(part),
            postgresql_where=sa.text(part),
        )


def waits() -> None:
    """Find what waits for an event by its shape, and what still looks back."""
    op.create_index("ix_waits_shape", "waits", ["shape"], unique=False)


def upgrade() -> None:
    """Let keys lead to several threads, and make room for groups, policies and what people follow."""
    keys()
    related_threads()
    groups()
    source_secrets()
    what_people_choose()
    delegations()
    outbox()
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    waits()
    op.create_index("ix_processes_status", "processes", ["status", "key"], unique=False)
    op.create_index("ix_processes_run_key", "processes", ["run_key"], unique=False)
    op.create_index("ix_runs_thread_key", "runs", ["thread_key"], unique=False)
    op.create_index("ix_waits_state", "waits", ["state", "key"], unique=False)
    op.create_index("ix_waits_process_key", "waits", ["process_key"], unique=False)
    op.create_index("ix_approvals_thread_key", "approvals", ["thread_key"], unique=False)
    op.create_index(
        "ix_processes_going",
        "processes",
        ["thread_key"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_directory_email", "directory", ["email"], unique=False)
    op.create_index("ix_approvals_again_of", "approvals", ["again_of"], unique=False)
    op.create_index("ix_runs_requested_by", "runs", ["requested_by", "status"], unique=False)
    op.create_index("ix_slots_channel_id_ts", "slots", ["channel_id", "ts"], unique=False)
