"""SQL on a database as it lies there, past everything of ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def conninfo_of(url: str) -> str:
    """What psycopg connects with."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def run_sql(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows, in text form where the database has a type of its own for them."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database))) as database, database:
            return database.execute(statement).fetchall()
    with psycopg.connect(conninfo_of(url)) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def tables_of(url: str) -> list[str]:
    """The names of all tables."""
    return [name for (name,) in run_sql(url, TABLES[make_url(url).get_backend_name()])]


def columns_of(url: str, table: str) -> list[dict[str, Any]]:
    """All rows of a table as {column: value}."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database))) as database:
            cursor = database.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
    with psycopg.connect(conninfo_of(url)) as connection:
        answer = connection.execute(f"SELECT * FROM {table}".encode())
        names = [column.name for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer]
