"""Make room for drafts, triggers of more kinds, children, and runs that wait for a place."""

import sqlalchemy as sa
from alembic import op

from coordination.database.types import Document, Moment

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

COLUMNS = (
    ("workflows", "draft", sa.Text()),
    ("workflows", "origin", sa.Text()),
    ("runs", "children", Document()),
    ("runs", "concurrency_key", sa.Text()),
    ("runs", "held_since", Moment()),
    ("runs", "priority", sa.Text()),
    ("steps", "detail", Document()),
)


def triggers() -> None:
    """Keep of a trigger what outlives a revision: where it stands, what it collects, its secret."""
    op.create_table(
        "trigger_states",
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False),
        sa.Column("state", Document(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "trigger_id", name=op.f("pk_trigger_states")),
    )
    op.create_table(
        "trigger_windows",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("events", Document(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trigger_windows")),
        sa.UniqueConstraint(
            "workflow",
            "trigger_id",
            "name",
            name=op.f("uq_trigger_windows_workflow_trigger_id_name"),
        ),
    )
    op.create_table(
        "trigger_secrets",
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "trigger_id", name=op.f("pk_trigger_secrets")),
    )


def runs() -> None:
    """Find the children of a run, those that share a place, and what was started lately."""
    for name, columns, part in (
        ("ix_runs_parent_key", ["parent_key"], "parent_key IS NOT NULL"),
        ("ix_runs_concurrency_key", ["workflow", "concurrency_key"], "concurrency_key IS NOT NULL"),
    ):
        op.create_index(
            name,
            "runs",
            columns,
            unique=False,
            sqlite_where=sa.text(part),
            postgresql_where=sa.text(part),
        )
    op.drop_index("ix_runs_workflow", "runs")
    op.create_index("ix_runs_workflow_created_at", "runs", ["workflow", "created_at"], unique=False)


def upgrade() -> None:
    """Make room for drafts, triggers of more kinds, children, and runs that wait for a place."""
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    triggers()
    runs()
