"""The log: SQLAlchemy tables and the repositories in front of them."""
