"""Make the tables of the first version."""

from alembic import op

from coordination.database.upgrade import schema_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables and indexes."""
    for sql in schema_sql():
        op.execute(sql)
