"""Everything built once and handed in: the only place that reads settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.services import Services, build_services
from bot.web.house import House, load_templates
from core.errors import OutputError
from core.media import Counting, open_media
from core.settings import Settings, read_settings
from core.store import Store, migrate, open_store

__all__ = ["App", "read_settings", "start_app"]


@dataclass(frozen=True, slots=True)
class App:
    """The services of one process, built over one open store."""

    settings: Settings
    store: Store
    services: Services
    media: Counting

    def house(self) -> House:
        """Return what the web pages are handed."""
        return House(self.services.desk, self.settings.video.max_duration_s, load_templates())


@asynccontextmanager
async def start_app(settings: Settings) -> AsyncIterator[App]:
    """Bring the database up to date, open it and build the services; close everything at the end.

    Raises:
        OutputError: the data directory cannot be made.
        SettingsError: the place of the media cannot be used.
        StoreError: the database cannot be opened or migrated.
    """
    await asyncio.to_thread(_make_data_dir, settings)
    media = Counting(open_media(settings.media_place, settings.data_dir))
    await asyncio.to_thread(migrate, settings.resolved_database_url)
    async with open_store(settings.resolved_database_url) as store:
        services = build_services(store, settings.data_dir, settings.video.max_bytes, queue=settings.queue, media=media)
        yield App(settings, store, services, media)


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The data directory {settings.data_dir} cannot be made; set FACEPULSE_DATA_DIR to one that can be written."
        ) from error
