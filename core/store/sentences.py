"""Every failure of a database as one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.errors import StoreError

UNREACHED = "The database server cannot be reached; check that it runs and FACEPULSE_DATABASE_URL."

# What the drivers say, in lower case; the first that fits counts.
_SENTENCES = (
    ("no such table", "The database is not set up yet; run `make run` once to create its tables."),
    ("undefinedtable", "The database is not set up yet; run `make run` once to create its tables."),
    ("readonly", "The database cannot be written: its file or folder is read-only."),
    ("read-only transaction", "The database cannot be written: its server is read-only."),
    ("unable to open", "The database cannot be opened: check FACEPULSE_DATA_DIR and its permissions."),
    ("not a database", "The database cannot be opened: the file is not an SQLite database."),
    ("malformed", "The database is damaged; restore a copy of it, or move its file away to begin a new one."),
    ("disk is full", "The database cannot be written: the disk is full."),
    ("no space left", "The database cannot be written: the disk of its server is full."),
    ("locked", "The database is busy; try again in a moment."),
    ("deadlock", "The database is busy; try again in a moment."),
    ("lock timeout", "The database is busy; try again in a moment."),
    ("could not serialize", "The database is busy; try again in a moment."),
    ("queuepool limit", "The database is busy; try again in a moment."),
    ("too many clients", "The database server has no free connection; try again in a moment."),
    ("connection slots", "The database server has no free connection; try again in a moment."),
    (
        "invalidcatalogname",
        "The database is not on its server; create it, or check the name in FACEPULSE_DATABASE_URL.",
    ),
    ("invalidpassword", "The database server refuses this user or password; check FACEPULSE_DATABASE_URL."),
    ("invalidauthorization", "The database server refuses this user or password; check FACEPULSE_DATABASE_URL."),
    ("insufficientprivilege", "The user of the database lacks rights on its tables; grant them and start again."),
    ("cannotconnectnow", UNREACHED),
    ("shutdown", UNREACHED),
    ("connectiondoesnotexist", UNREACHED),
    ("connection is closed", UNREACHED),
    ("connection was closed", UNREACHED),
    ("oserror", UNREACHED),  # also TimeoutError and all of ConnectionError
)


def store_error(error: BaseException) -> StoreError:
    """Return the sentence for a failure of the database."""
    cause = error.orig or error if isinstance(error, DBAPIError) else error
    # PostgreSQL words its errors in the language of the server; the names of the driver's classes do not change.
    words = f"{_names(cause)} {cause}".lower()
    for mark, sentence in _SENTENCES:
        if mark in words:
            return StoreError(sentence)
    return StoreError("The database cannot be read or written; the log has the cause.")


@contextmanager
def sentences() -> Iterator[None]:
    """Turn errors of the database into StoreError; every other error passes."""
    try:
        yield
    # The drivers of PostgreSQL raise plain OSError, TimeoutError included, and their own errors while they connect.
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise store_error(error) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in {"asyncpg", "psycopg"}:
            raise
        raise store_error(error) from error


def _names(error: BaseException) -> str:
    causes = [error, error.__cause__]
    return " ".join(kind.__name__ for cause in causes if cause is not None for kind in type(cause).__mro__)
