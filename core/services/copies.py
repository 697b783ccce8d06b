"""Re-encoded copies of clips that were checked before: found by their look, told, and never an answer by themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import FacepulseError
from core.settings import VideoLimits
from core.store import Check, ClipLook, Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Eye:
    """What looks at clips: `look(path, limits)` gives the look of a clip; `apart(one, other)` how far two are apart.

    Clips up to `copies_below` apart are copies of each other; only those that are as long, up to `same_length_s`,
    need to be compared.
    """

    look: Callable[[Path, VideoLimits], ClipLook | None]
    apart: Callable[[ClipLook, ClipLook], float]
    copies_below: float
    same_length_s: float


def look_at(eye: Eye, path: Path, limits: VideoLimits) -> ClipLook | None:
    """Return the look of a clip; None, and a line in the log, where that fails: no answer depends on it."""
    try:
        return eye.look(path, limits)
    except FacepulseError as error:
        logger.info("a clip was analysed but cannot be remembered by its look: %s", error)
        return None


async def remember(store: Store, eye: Eye, check: Check, look: ClipLook | None) -> int | None:
    """Keep the look of a check's clip; return the earlier check whose clip it is a copy of, which is noted, or None.

    Raises:
        StoreError: the log cannot be read or written.
    """
    if look is None or check.clip_sha256 is None:
        return None
    await store.looks.keep(check.clip_sha256, look)
    candidates = await store.looks.like(check, look, eye.same_length_s)
    nearest = await asyncio.to_thread(_nearest, eye, look, candidates)
    if nearest is not None:
        await store.looks.set_copy(check.id, nearest)
    return nearest


def _nearest(eye: Eye, look: ClipLook, candidates: tuple[tuple[int, ClipLook], ...]) -> int | None:
    apart = [(eye.apart(look, other), number) for number, other in candidates]
    close = [pair for pair in apart if pair[0] <= eye.copies_below]
    return min(close)[1] if close else None
