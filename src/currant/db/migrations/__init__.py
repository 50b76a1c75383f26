"""The history of the schema, for Alembic; see `db/migrating.py`."""
