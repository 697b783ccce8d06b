"""Clips that a server keeps as evidence, from the check until its case is decided or its time is over.

Nothing is kept unless the server turned it on. A clip that nobody flags goes after `UNFLAGGED_FOR`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from core.errors import FacepulseError, MediaStoreError, OutputError
from core.media import MediaStore
from core.media.contract import PARTIAL
from core.services.folders import Folders, waiting_key
from core.store import Check, Store

logger = logging.getLogger(__name__)

UNFLAGGED_FOR = timedelta(days=7)
"""How long a clip waits for somebody to flag its check."""
HALF_FOR = timedelta(days=1)
"""So old, a copy that is not whole is one that nobody finishes."""

ROOT = "evidence"
TROUBLE = "The clip could not be kept as evidence: the data folder is not writable."


@dataclass(frozen=True, slots=True)
class EvidenceFolder:
    """The kept clips in a `MediaStore`: one folder a server, one file a check, named by the numbers alone."""

    media: MediaStore

    def keep(self, guild_id: int, check_id: int, media: bytes | Path) -> None:
        """Keep a copy of a clip.

        Raises:
            ClipNotFoundError: `media` is a path that cannot be read.
            OutputError: the copy cannot be written.
        """
        try:
            self.media.put(_key(guild_id, check_id), media)
        except MediaStoreError as error:
            raise OutputError(TROUBLE) from error

    def keep_waiting(self, guild_id: int, check_id: int, name: str) -> bool:
        """Keep a copy of a clip that waits under `name`; False when it does not wait any more.

        Raises:
            OutputError: the copy cannot be written.
        """
        try:
            return self.media.copy(waiting_key(name), _key(guild_id, check_id))
        except MediaStoreError as error:
            raise OutputError(TROUBLE) from error

    def has(self, guild_id: int, check_id: int) -> bool:
        """Return whether the clip of a check is kept."""
        return self.media.has(_key(guild_id, check_id))

    def read(self, guild_id: int, check_id: int) -> bytes | None:
        """Return the kept clip of a check whole, or None when there is none."""
        return self.media.get(_key(guild_id, check_id))

    def delete(self, guild_id: int, check_ids: Collection[int]) -> None:
        """Delete the kept clips of checks of a server; that there are none is no error.

        Raises:
            MediaStoreError: they cannot be deleted.
        """
        self.media.delete([_key(guild_id, number) for number in check_ids])

    def delete_anywhere(self, check_ids: Collection[int]) -> None:
        """Delete the kept clips of checks in whichever servers they are.

        Raises:
            MediaStoreError: they cannot be looked for or deleted.
        """
        if check_ids:
            for guild_id, kept in self.kept().items():
                self.delete(guild_id, set(check_ids).intersection(kept))

    def delete_server(self, guild_id: int) -> None:
        """Delete all kept clips of a server.

        Raises:
            MediaStoreError: they cannot be deleted.
        """
        self.media.delete_below(f"{ROOT}/{guild_id}")

    def kept(self) -> dict[int, list[int]]:
        """Return the checks with a kept clip by server."""
        found: dict[int, list[int]] = {}
        for stored in self.media.list(ROOT):
            guild, _, check = stored.key.removeprefix(f"{ROOT}/").partition("/")
            if guild.isdigit() and check.isdigit():
                found.setdefault(int(guild), []).append(int(check))
        return found

    def clear_halves(self, now: datetime) -> None:
        """Delete copies that were never finished: their process is long gone."""
        old = [stored.key for stored in self.media.list(ROOT) if now - stored.written_at > HALF_FOR]
        self.media.delete([key for key in old if key.endswith(PARTIAL)])


async def keep_if_wanted(store: Store, folders: Folders, check: Check, media: bytes | Path | None = None) -> bool:
    """Keep the clip of a check where its server wants that and it is not kept yet; say whether it is kept now.

    A clip that cannot be kept is logged: the answer does not depend on it.

    Args:
        store: where the server's settings are.
        folders: where clips are kept.
        check: whose clip it is.
        media: the clip; None for the one that waits for this check.
    """
    guild_id = check.asker.guild_id
    if guild_id is None or (media is None and check.incoming_name is None):
        return False
    try:
        if not (await store.guilds.get(guild_id)).keep_evidence:
            return False
        return await asyncio.to_thread(_keep, EvidenceFolder(folders.media), guild_id, check, media)
    except FacepulseError:
        logger.exception("check %d: its clip could not be kept as evidence", check.id)
        return False


def _keep(folder: EvidenceFolder, guild_id: int, check: Check, media: bytes | Path | None) -> bool:
    if folder.has(guild_id, check.id):
        return True
    if media is None:
        return folder.keep_waiting(guild_id, check.id, check.incoming_name or "")
    folder.keep(guild_id, check.id, media)
    return True


def _key(guild_id: int, check_id: int) -> str:
    return f"{ROOT}/{guild_id}/{check_id}"
