"""Alembic's entry: runs migrations on the connection that `db/migrating.py` has begun a transaction on."""

from alembic import context

from currant.db.tables import load_stores, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    # Only a new migration is drafted by comparison; running them needs no package's tables.
    target_metadata=load_stores() if context.config.attributes.get("drafting") else metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    # The transaction and its end belong to the caller: schema and version change together.
    transactional_ddl=False,
    compare_type=True,
)
context.run_migrations()
