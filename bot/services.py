"""The services of one process, as every cog and page is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.desk import Desk
from core.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What the front doors may do, each verb in one place."""

    desk: Desk


def build_services(store: Store, data_dir: Path, max_bytes: int) -> Services:
    """Return the services over one open store.

    Args:
        store: where everything is written.
        data_dir: `Settings.data_dir`.
        max_bytes: the largest clip that is accepted.
    """
    return Services(Desk(store, data_dir, max_bytes))
