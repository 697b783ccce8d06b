"""The open database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.store.audit import AuditRepository
from core.store.cases import CaseRepository
from core.store.checks import CheckRepository
from core.store.counts import CountRepository
from core.store.database import Database, connect
from core.store.demo_people import DemoExpiryRepository
from core.store.demo_queue import DemoQueueRepository
from core.store.demos import DemoRepository
from core.store.expiry import ExpiryRepository
from core.store.exports import ExportRepository
from core.store.gauges import GaugeRepository
from core.store.guilds import GuildRepository
from core.store.log import LogRepository
from core.store.looks import LookRepository
from core.store.people import PeopleRepository
from core.store.questions import QuestionRepository
from core.store.queue import QueueRepository
from core.store.swap_models import SwapModelRepository
from core.store.workers import WorkerRepository


class Store:
    """The repositories over one database."""

    def __init__(self, database: Database) -> None:
        self.checks = CheckRepository(database)
        self.queue = QueueRepository(database)
        self.questions = QuestionRepository(database)
        self.log = LogRepository(database)
        self.looks = LookRepository(database)
        self.guilds = GuildRepository(database)
        self.cases = CaseRepository(database)
        self.audit = AuditRepository(database)
        self.counts = CountRepository(database)
        self.exports = ExportRepository(database)
        self.people = PeopleRepository(database)
        self.expiry = ExpiryRepository(database)
        self.gauges = GaugeRepository(database)
        self.workers = WorkerRepository(database)
        self.swap_models = SwapModelRepository(database)
        self.demos = DemoRepository(database)
        self.demo_expiry = DemoExpiryRepository(database)
        self.demo_queue = DemoQueueRepository(database)


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """Open the database at `url`, which `migrate` has made ready, and close its connections at the end.

    Raises:
        StoreError: the URL cannot be used; a database that fails later raises it from the repositories.
    """
    engine = connect(url)
    try:
        yield Store(Database(engine))
    finally:
        await engine.dispose()
