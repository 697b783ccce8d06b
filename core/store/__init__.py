"""The log: SQLAlchemy tables and the repositories in front of them."""

from core.store.migrate import migrate
from core.store.rows import Asker, Check, CheckStatus, HistoryFilter, HistoryRow, NewCheck, Origin
from core.store.store import Store, open_store

__all__ = [
    "Asker",
    "Check",
    "CheckStatus",
    "HistoryFilter",
    "HistoryRow",
    "NewCheck",
    "Origin",
    "Store",
    "migrate",
    "open_store",
]
