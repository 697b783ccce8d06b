"""Clips that a server keeps as evidence, from the check until its case is decided or its time is over.

Nothing is kept unless the server turned it on. A clip that nobody flags goes after `UNFLAGGED_FOR`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.errors import FacepulseError, OutputError
from core.services.folders import chunks
from core.store import Check, Store

logger = logging.getLogger(__name__)

UNFLAGGED_FOR = timedelta(days=7)
"""How long a clip waits for somebody to flag its check."""

PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class EvidenceFolder:
    """The kept clips: one folder a server, one file a check, named by the numbers alone."""

    data_dir: Path

    @property
    def root(self) -> Path:
        """The folder of all servers' folders."""
        return self.data_dir / "evidence"

    def keep(self, guild_id: int, check_id: int, media: bytes | Path) -> Path:
        """Copy a clip and return where it is kept.

        Raises:
            ClipNotFoundError: `media` is a path that cannot be read.
            OutputError: the copy cannot be written.
        """
        kept = self._path(guild_id, check_id)
        partial = kept.with_suffix(PARTIAL)
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept.parent.mkdir(exist_ok=True)
            with partial.open("wb") as file:
                for chunk in chunks(media):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(kept)
        except OSError as error:
            raise OutputError("The clip could not be kept as evidence: the data folder is not writable.") from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return kept

    def find(self, guild_id: int, check_id: int) -> Path | None:
        """Return the kept clip of a check, or None when there is none."""
        path = self._path(guild_id, check_id)
        return path if path.is_file() else None

    def delete(self, check_id: int) -> bool:
        """Delete the kept clip of a check, in whichever server it is; say whether there was one."""
        found = list(self.root.glob(f"*/{check_id}"))
        for path in found:
            path.unlink(missing_ok=True)
        return bool(found)

    def kept(self) -> dict[int, list[int]]:
        """Return the checks with a kept clip by server."""
        found: dict[int, list[int]] = {}
        for path in self.root.glob("*/*"):
            if path.parent.name.isdigit() and path.name.isdigit():
                found.setdefault(int(path.parent.name), []).append(int(path.name))
        return found

    def _path(self, guild_id: int, check_id: int) -> Path:
        return self.root / str(guild_id) / str(check_id)


async def keep_if_wanted(store: Store, data_dir: Path, check: Check, media: bytes | Path) -> bool:
    """Keep the clip of a check where its server wants that and it is not kept yet; say whether it is kept now.

    A clip that cannot be kept is logged: the answer does not depend on it.
    """
    guild_id, folder = check.asker.guild_id, EvidenceFolder(data_dir)
    if guild_id is None:
        return False
    try:
        if not (await store.guilds.get(guild_id)).keep_evidence:
            return False
        if folder.find(guild_id, check.id) is None:
            await asyncio.to_thread(folder.keep, guild_id, check.id, media)
    except FacepulseError:
        logger.exception("check %d: its clip could not be kept as evidence", check.id)
        return False
    return True
