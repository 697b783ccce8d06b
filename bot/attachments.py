"""What a Discord message carries: the clips in it, what else people point at, and how a clip is fetched."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp
import discord

from core.errors import UnreadableClipError

UNREACHED = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it is refused or does not get there."""
MOST_CLIPS = 4
"""Clips that one message may ask about."""
VIDEO_ENDINGS = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".3gp", ".ogv"})
PICTURE_ENDINGS = frozenset({".gif", ".png", ".apng", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
SHOWS_SOMETHING = frozenset({"video", "gifv", "image"})
NOT_FETCHED = "The clip could not be fetched from Discord; please post it again."

Afresh = Callable[[], Awaitable[discord.Attachment | None]]
"""Returns the attachment with an address that is valid now; the signed addresses of attachments expire."""


def is_clip(attachment: discord.Attachment) -> bool:
    """Return whether an attachment says, by its type or its ending, that it is a video or a picture."""
    kind = attachment.content_type or ""
    return kind.startswith(("video/", "image/")) or _ending(attachment) in VIDEO_ENDINGS | PICTURE_ENDINGS


def is_moving(attachment: discord.Attachment) -> bool:
    """Return whether an attachment says that it is a video or an animation."""
    kind = attachment.content_type or ""
    return kind.startswith("video/") or kind == "image/gif" or _ending(attachment) in VIDEO_ENDINGS | {".gif"}


def attachments_of(message: discord.Message) -> list[discord.Attachment]:
    """Return the attachments of a message: its own, then those of the messages that it forwards."""
    forwarded = [attachment for snapshot in message.message_snapshots for attachment in snapshot.attachments]
    return [*message.attachments, *forwarded]


def points_at_a_link(message: discord.Message) -> bool:
    """Return whether a message shows a video, GIF or picture by a link only, which is never followed."""
    embeds = [*message.embeds, *(embed for snapshot in message.message_snapshots for embed in snapshot.embeds)]
    linked = any(embed.type in SHOWS_SOMETHING or embed.video.url or embed.image.url for embed in embeds)
    return linked or re.search(r"https?://", message.content) is not None


def same_attachment(found: Sequence[discord.Attachment], wanted_id: int) -> discord.Attachment | None:
    """Return the attachment of that number among those of a message that was fetched again."""
    return next((attachment for attachment in found if attachment.id == wanted_id), None)


async def fetched(attachment: discord.Attachment, afresh: Afresh | None = None) -> bytes:
    """Return the bytes of an attachment, whose size was checked before; an address that expired is asked for anew.

    Raises:
        UnreadableClipError: Discord does not have it any more, or cannot be reached.
    """
    try:
        return await attachment.read()
    except (discord.NotFound, discord.Forbidden) as error:
        renewed = None if afresh is None else await _renewed(afresh)
        if renewed is None:
            raise UnreadableClipError(NOT_FETCHED) from error
    except UNREACHED as error:
        raise UnreadableClipError(NOT_FETCHED) from error
    return await fetched(renewed)


async def _renewed(afresh: Afresh) -> discord.Attachment | None:
    try:
        return await afresh()
    except UNREACHED:
        return None


def _ending(attachment: discord.Attachment) -> str:
    return Path(attachment.filename).suffix.lower()
