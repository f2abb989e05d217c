"""Run by Alembic: applies migrations on the connection that `migrate` opened, within its transaction."""

from alembic import context

from newswatch_core.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    user_module_prefix="",
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
