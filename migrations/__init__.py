"""The history of the tables, run by Alembic. A revision has one reason."""
