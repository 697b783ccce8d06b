"""Alembic's revisions, one reason each."""
