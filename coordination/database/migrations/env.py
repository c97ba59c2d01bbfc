"""What Alembic runs around the revisions: on the connection that `run.migrate` hands over."""

from alembic import context

from coordination.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column by making the table anew
    compare_type=True,
)
context.run_migrations()
