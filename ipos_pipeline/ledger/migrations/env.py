"""Alembic's entry point: runs the revisions on the connection that `LedgerStore` hands over."""

from alembic import context

from ipos_pipeline.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
