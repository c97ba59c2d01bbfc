"""Keep the values of secret inputs, sealed, apart from the runs that they belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Keep the values of secret inputs, sealed, apart from the runs that they belong to."""
    op.create_table(
        "run_secrets",
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_run_secrets_run_key")),
        sa.PrimaryKeyConstraint("run_key", "name", name=op.f("pk_run_secrets")),
    )
