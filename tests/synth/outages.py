"""Logs that are away for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.errors import StoreError
from core.store.database import Database
from core.store.sentences import UNREACHED


class Outage:
    """While `away`, every transaction of every store in this process fails as with a server that is gone."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.away = False
        self.refused = 0
        """How many transactions failed."""
        for name in ("reading", "writing"):
            patch.setattr(Database, name, self._failing(getattr(Database, name)))

    def _failing(self, transaction: Any) -> Any:
        @asynccontextmanager
        async def reached(database: Database) -> AsyncIterator[Any]:
            if self.away:
                self.refused += 1
                raise StoreError(UNREACHED)
            async with transaction(database) as connection:
                yield connection

        return reached
