"""The garbage collector and what stays for good."""

from __future__ import annotations

import gc

from bot.memory import settle_memory


def test_later_collections_leave_what_was_there_alone() -> None:
    before = len(gc.get_objects())
    try:
        settle_memory()
        assert len(gc.get_objects()) < before / 10
        assert gc.get_freeze_count() > before / 2
        assert gc.isenabled()
    finally:
        gc.unfreeze()
