"""Make the tables of threads, workflows and runs."""

import sqlalchemy as sa
from alembic import op

from coordination.database.types import Document, Moment

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", KEY, autoincrement=True, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", Document(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("sum", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )


def blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_blobs")),
    )


def counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )


def definitions() -> None:
    op.create_table(
        "definitions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body", Document(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_definitions")),
        sa.UniqueConstraint("name", "revision", name=op.f("uq_definitions_name_revision")),
    )


def meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )


def threads() -> None:
    op.create_table(
        "threads",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_threads")),
        sa.UniqueConstraint("external_id", name=op.f("uq_threads_external_id")),
        sa.UniqueConstraint("id", name=op.f("uq_threads_id")),
    )
    op.create_index(op.f("ix_threads_updated_at"), "threads", ["updated_at"], unique=False)


def timers() -> None:
    op.create_table(
        "timers",
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_key", KEY, nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner_key", "slot", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_due_at"), "timers", ["due_at"], unique=False)


def runs() -> None:
    op.create_table(
        "runs",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("core_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("trigger", Document(), nullable=False),
        sa.Column("inputs", Document(), nullable=False),
        sa.Column("outputs", Document(), nullable=True),
        sa.Column("error", Document(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column("thread_key", KEY, nullable=True),
        sa.Column("parent_key", KEY, nullable=True),
        sa.Column("parent_path", sa.Text(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["hash"], ["definitions.hash"], name=op.f("fk_runs_hash")),
        sa.ForeignKeyConstraint(["parent_key"], ["runs.key"], name=op.f("fk_runs_parent_key")),
        sa.ForeignKeyConstraint(["thread_key"], ["threads.key"], name=op.f("fk_runs_thread_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_runs_id")),
        sa.UniqueConstraint("number", name=op.f("uq_runs_number")),
        sa.UniqueConstraint("request_id", name=op.f("uq_runs_request_id")),
    )


def indexes_of_runs() -> None:
    op.create_index(
        "ix_runs_runnable",
        "runs",
        ["status"],
        unique=False,
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index(op.f("ix_runs_workflow"), "runs", ["workflow"], unique=False)


def workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("problems", Document(), nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["hash"], ["definitions.hash"], name=op.f("fk_workflows_hash")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workflows")),
    )


def journal() -> None:
    op.create_table(
        "journal",
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("data", Document(), nullable=False),
        sa.Column("sum", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_journal_run_key")),
        sa.PrimaryKeyConstraint("run_key", "seq", name=op.f("pk_journal")),
        sa.UniqueConstraint("run_key", "delivery_id", name=op.f("uq_journal_run_key_delivery_id")),
        sa.UniqueConstraint(
            "run_key", "path", "kind", "attempt", name=op.f("uq_journal_run_key_path_kind_attempt")
        ),
    )


def steps() -> None:
    op.create_table(
        "steps",
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("redo", sa.Integer(), nullable=False),
        sa.Column("input", Document(), nullable=True),
        sa.Column("output", Document(), nullable=True),
        sa.Column("error", Document(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["log"], ["blobs.hash"], name=op.f("fk_steps_log")),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_steps_run_key")),
        sa.PrimaryKeyConstraint("run_key", "path", name=op.f("pk_steps")),
    )


def triggers() -> None:
    op.create_table(
        "triggers",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("spec", Document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow"], ["workflows.name"], name=op.f("fk_triggers_workflow")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_triggers")),
        sa.UniqueConstraint("workflow", "trigger_id", name=op.f("uq_triggers_workflow_trigger_id")),
    )


def wakeups() -> None:
    op.create_table(
        "wakeups",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("run_key", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", Document(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_wakeups_run_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_wakeups")),
        sa.UniqueConstraint("run_key", "delivery_id", name=op.f("uq_wakeups_run_key_delivery_id")),
    )
    op.create_index(
        "ix_wakeups_due",
        "wakeups",
        ["run_key"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def upgrade() -> None:
    """Make the tables of threads, workflows and runs."""
    audit()
    blobs()
    counters()
    definitions()
    meta()
    threads()
    timers()
    runs()
    indexes_of_runs()
    workflows()
    journal()
    steps()
    triggers()
    wakeups()
