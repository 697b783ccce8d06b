"""Looking back: which checks there were and what they found."""

from __future__ import annotations

from core.store import Check, HistoryFilter, HistoryRow, Store

__all__ = ["HistoryFilter", "HistoryRow", "count", "find", "get"]


async def find(store: Store, wanted: HistoryFilter) -> tuple[HistoryRow, ...]:
    """Return the checks that match every condition of `wanted`, newest first.

    Raises:
        StoreError: the log cannot be read.
    """
    return await store.log.list(wanted)


async def count(store: Store, wanted: HistoryFilter) -> int:
    """Return how many checks match, on all pages together.

    Raises:
        StoreError: the log cannot be read.
    """
    return await store.log.count(wanted)


async def get(store: Store, check_id: int) -> Check | None:
    """Return one check with its report, or None when there is none with this number.

    Raises:
        StoreError: the log cannot be read.
    """
    return await store.checks.get(check_id)
