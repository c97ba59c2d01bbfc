"""Make it cheaper to take an event in: fewer indexes, and identities without a second copy of answers."""

import sqlalchemy as sa
from alembic import op

from coordination.database.types import Document, Moment

revision = "0004"
down_revision = "0003"


def identities() -> None:
    """Make the table anew, without rows beside its key; what was answered stays as it was kept."""
    op.drop_index("ix_identities_expires_at", "identities")
    op.rename_table("identities", "old_identities")
    op.create_table(
        "identities",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("result", Document(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("identity", "scope", name=op.f("pk_identities")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO identities (scope, identity, body_hash, result, expires_at)"
        " SELECT scope, identity, body_hash, result, expires_at FROM old_identities"
    )
    op.drop_table("old_identities")
    op.create_index("ix_identities_expires_at", "identities", ["expires_at"], unique=False)


def processes() -> None:
    """Find what goes on in a thread by one index instead of two; few processes show a run."""
    op.drop_index("ix_processes_going", "processes")
    op.drop_index("ix_processes_thread_key", "processes")
    op.create_index(
        "ix_processes_thread_key", "processes", ["thread_key", "ended_at"], unique=False
    )
    op.drop_index("ix_processes_run_key", "processes")
    op.create_index(
        "ix_processes_run_key",
        "processes",
        ["run_key"],
        unique=False,
        sqlite_where=sa.text("run_key IS NOT NULL"),
        postgresql_where=sa.text("run_key IS NOT NULL"),
    )


def upgrade() -> None:
    """Make it cheaper to take an event in."""
    identities()
    processes()
    op.drop_index("ix_outbox_thread_key_slot", "outbox")  # what is held is found by another
    op.drop_index("ix_raw_bodies_expires_at", "raw_bodies")  # the oldest come first anyhow
