"""Taking clips in: whether this person gets a check here and now, the download, and the row in the log."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass

import discord

from bot import admission, attachments
from bot.admission import Person
from bot.attachments import Afresh
from bot.desk import CheckView
from bot.i18n import Say
from bot.services import Services
from core.services.requests import Asker
from core.types import GuildSettings

logger = logging.getLogger(__name__)

DOWNLOADS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Admission:
    """How many of the clips that somebody asks about are checked now, and in one sentence why not all of them."""

    allowed: int
    refused: str | None = None


class Intake:
    """The way from an attachment to a check; one for each client, so that downloads are limited over all of it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._downloads = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        self._on_the_way: Counter[tuple[int | None, int | None]] = Counter()

    @property
    def max_bytes(self) -> int:
        """The largest clip that is checked."""
        return self._services.desk.max_bytes

    async def settings_of(self, guild_id: int | None) -> GuildSettings | None:
        """Return what a server has set; None outside of one.

        Raises:
            StoreError: the log cannot be read.
        """
        return None if guild_id is None else await self._services.guilds.get(guild_id)

    async def admit(self, say: Say, settings: GuildSettings | None, person: Person, clips: int) -> Admission:
        """Return whether this person gets checks of `clips` clips here now; what is still on its way counts too.

        Raises:
            StoreError: the log cannot be read.
        """
        refused = None if settings is None else admission.refusal(say, settings, person)
        if refused is not None:
            return Admission(0, refused)
        guild_id = None if settings is None else settings.guild_id
        budget = await self._services.budgets.left(settings, None if person.is_moderator else person.user_id)
        if budget.is_used_up:
            return Admission(0, admission.used_up_text(say, budget))
        user_left = budget.user_left - self._on_the_way[guild_id, person.user_id]
        if settings is None:
            left = user_left
        else:
            guild_left = budget.guild_left - sum(n for (place, _), n in self._on_the_way.items() if place == guild_id)
            left = guild_left if person.is_moderator else min(user_left, guild_left)
        if clips <= left:
            return Admission(clips)
        return Admission(max(left, 0), admission.not_all_text(say, max(left, 0), clips))

    async def take(self, attachment: discord.Attachment, asker: Asker, afresh: Afresh | None = None) -> CheckView:
        """Download a clip and ask for its check.

        Raises:
            FacepulseError: it cannot be fetched, is not accepted, or cannot be stored.
        """
        counted = (asker.guild_id, asker.requester_id)
        self._on_the_way[counted] += 1
        try:
            async with self._downloads:  # a clip is in memory between its download and its copy on disk
                media = await attachments.fetched(attachment, afresh)
                check = await self._services.desk.hand_in(media, attachment.filename, asker)
        finally:
            self._on_the_way[counted] -= 1
            self._on_the_way += Counter()  # forgets who has nothing on the way
        logger.info("case %d: %s, guild %s, channel %s", check.id, asker.origin.value, asker.guild_id, asker.channel_id)
        return check
