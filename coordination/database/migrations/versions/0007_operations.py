"""Make room for restores and for what is forgotten, and find what a row that goes would leave alone."""

import sqlalchemy as sa
from alembic import op

from coordination.database.types import Moment

revision = "0007"
down_revision = "0006"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Each row that is deleted is looked for where others refer to it, so that takes an index.
INDEXES = (
    ("ix_outbox_thread_key_state", "outbox", ["thread_key", "state"], None),
    ("ix_outbox_parked", "outbox", ["thread_key"], "state = 'parked'"),
    ("ix_processes_parent_key", "processes", ["parent_key"], "parent_key IS NOT NULL"),
    ("ix_steps_log", "steps", ["log"], "log IS NOT NULL"),
)


def purges() -> None:
    """Count of each kind of row how many were forgotten, and say up to when."""
    op.create_table(
        "purges",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rows", KEY, nullable=False),
        sa.Column("after", KEY, nullable=True),
        sa.Column("oldest_at", Moment(), nullable=True),
        sa.Column("purged_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_purges")),
    )


def upgrade() -> None:
    """Make room for restores and for what is forgotten."""
    op.add_column("runs", sa.Column("restored", sa.Integer(), nullable=True))
    op.add_column("audit", sa.Column("purged_at", Moment(), nullable=True))
    purges()
    op.drop_index("ix_outbox_held", "outbox")
    for name, table, columns, part in INDEXES:
        where = None if part is None else sa.text(part)
        op.create_index(
            name, table, columns, unique=False, sqlite_where=where, postgresql_where=where
        )
