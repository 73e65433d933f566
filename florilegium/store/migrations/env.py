"""How Alembic reaches the store's connection; run by `florilegium.store.database`, never by hand."""

from alembic import context

from florilegium.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
