"""The services of one process, as every cog and page is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.desk import Desk
from core.media import MediaStore
from core.services.audit import Audit
from core.services.budgets import Budgets
from core.services.clock import Clock, utc_now
from core.services.demos import Demos
from core.services.export import Exports
from core.services.folders import Folders
from core.services.guilds import Guilds
from core.services.privacy import Privacy
from core.services.reviews import Reviews
from core.services.statistics import Statistics
from core.store import DEFAULT_QUEUE, Store


@dataclass(frozen=True, slots=True)
class Services:
    """What the front doors may do, each verb in one place."""

    desk: Desk
    guilds: Guilds
    reviews: Reviews
    audit: Audit
    statistics: Statistics
    exports: Exports
    privacy: Privacy
    budgets: Budgets
    demos: Demos


def build_services(
    store: Store,
    data_dir: Path,
    max_bytes: int,
    clock: Clock = utc_now,
    queue: str = DEFAULT_QUEUE,
    *,
    media: MediaStore | None = None,
) -> Services:
    """Return the services over one open store.

    Args:
        store: where everything is written.
        data_dir: `Settings.data_dir`.
        max_bytes: the largest clip that is accepted.
        clock: gives the present moment.
        queue: `Settings.queue`.
        media: where clips, evidence and figures are kept; by default in `data_dir`.
    """
    folders = Folders(data_dir, media)
    return Services(
        desk=Desk(store, folders, max_bytes, queue),
        guilds=Guilds(store, clock),
        reviews=Reviews(store, clock),
        audit=Audit(store, clock),
        statistics=Statistics(store, clock),
        exports=Exports(store),
        privacy=Privacy(store, folders, clock),
        budgets=Budgets(store, clock),
        demos=Demos(store, data_dir, clock, media),
    )
