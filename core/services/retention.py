"""Retention: what a server keeps, it keeps for the days that it set, and no longer.

After that a check is a count: its row says when it was asked for and how it ended. Checks from direct messages are
kept for the default days; those of the local page and the command line belong to whoever runs Facepulse, and stay.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from core.errors import MediaStoreError, StoreError
from core.services.clock import Clock, utc_now
from core.services.evidence import UNFLAGGED_FOR, EvidenceFolder
from core.services.folders import Folders
from core.store import Store
from core.types import GuildSettings

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Swept:
    """How many checks expired, how many kept clips were deleted, and how many demos expired."""

    checks: int
    clips: int
    demos: int = 0


async def sweep(store: Store, folders: Folders, clock: Clock = utc_now) -> Swept:
    """Let expire what is due, with its figures and files, and delete kept clips that are no longer needed.

    Raises:
        StoreError: the log cannot be read or written; what was swept until then stays swept.
        MediaStoreError: kept clips cannot be reached; the same.
    """
    checks = 0
    for guild_id in await store.expiry.guilds():
        settings = GuildSettings(0) if guild_id is None else await store.guilds.get(guild_id)
        before = clock() - timedelta(days=settings.retention_days)
        while expired := await store.expiry.expire(guild_id, before, clock()):
            await asyncio.to_thread(folders.discard_figures, *expired)
            checks += len(expired)
    await asyncio.to_thread(folders.tidy, clock().timestamp())
    demos = await _sweep_demos(store, folders, clock)
    return Swept(checks, await _sweep_clips(store, EvidenceFolder(folders.media), clock), demos)


async def retain(store: Store, folders: Folders, clock: Clock = utc_now, every_s: float = SWEEP_EVERY_S) -> None:
    """Sweep now and every `every_s` until cancelled; trouble with log or clips is logged and the next tries again."""
    while True:
        try:
            swept = await sweep(store, folders, clock)
            if swept != Swept(0, 0):
                told = swept.checks, swept.demos, swept.clips
                logger.info("retention: %d checks and %d demos expired, %d kept clips deleted", *told)
        except (StoreError, MediaStoreError):
            logger.exception("retention: the sweep failed; the next one tries again")
        await asyncio.sleep(every_s)


async def _sweep_demos(store: Store, folders: Folders, clock: Clock) -> int:
    demos = 0
    for guild_id in await store.demo_expiry.guilds():
        before = clock() - timedelta(days=(await store.guilds.get(guild_id)).retention_days)
        expired = 1
        while expired:
            expired, names = await store.demo_expiry.expire(guild_id, before, clock())
            await asyncio.to_thread(folders.discard, *names)
            demos += expired
    return demos


async def _sweep_clips(store: Store, folder: EvidenceFolder, clock: Clock) -> int:
    deleted = 0
    for guild_id, check_ids in (await asyncio.to_thread(folder.kept)).items():
        keeps = (await store.guilds.get(guild_id)).keep_evidence
        unflagged_before = clock() - UNFLAGGED_FOR if keeps else clock()
        no_longer = await store.expiry.decided_or_gone(check_ids, unflagged_before)
        await asyncio.to_thread(folder.delete, guild_id, no_longer)
        deleted += len(no_longer)
    await asyncio.to_thread(folder.clear_halves, clock())
    return deleted
