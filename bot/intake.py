"""Taking clips in: whether this person gets a check here and now, the download, and the row in the log."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import discord

from bot import admission, attachments, embeds
from bot.admission import Person
from bot.answers import AWAY_S, Answer, Content, Edit
from bot.attachments import Afresh
from bot.desk import CheckView
from bot.i18n import Say
from bot.services import Services
from core import logs
from core.errors import StoreError
from core.services.requests import Asker, ShownAt
from core.types import GuildSettings

logger = logging.getLogger(__name__)

DOWNLOADS_AT_ONCE = 2

Place = tuple[int | None, int]
"""A server, None outside of one, and a person in it."""


class Admission:
    """How many of the clips that somebody asks about are checked now, and in one sentence why not all of them.

    A context manager: until it ends, or `taken` says that a clip is in the log, its clips count as asked for.
    """

    def __init__(self, allowed: int, refused: str | None, on_the_way: Counter[Place], place: Place) -> None:
        self.allowed = allowed
        self.refused = refused
        self._left = allowed
        self._on_the_way = on_the_way
        self._place = place
        on_the_way[place] += allowed

    def taken(self) -> None:
        """Say that one of the clips is in the log, which counts it from now on, or does not get there."""
        self._give_back(min(1, self._left))

    def __enter__(self) -> Admission:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back(self._left)

    def _give_back(self, clips: int) -> None:
        self._left -= clips
        self._on_the_way[self._place] -= clips
        if not self._on_the_way[self._place]:
            del self._on_the_way[self._place]


class Intake:
    """The way from an attachment to a check; one for each client, so that downloads are limited over all of it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._downloads = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        self._on_the_way: Counter[Place] = Counter()
        self._admitting = asyncio.Lock()

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
        place = (None if settings is None else settings.guild_id, person.user_id)
        refused = None if settings is None else admission.refusal(say, settings, person)
        if refused is not None:
            return Admission(0, refused, self._on_the_way, place)
        async with self._admitting:  # one after the other: each counts what those before it were allowed
            of_user = self._on_the_way[place]
            of_guild = sum(count for (guild_id, _), count in self._on_the_way.items() if guild_id == place[0])
            budget = await self._services.budgets.left(settings, None if person.is_moderator else person.user_id)
            if budget.is_used_up:
                return Admission(0, admission.used_up_text(say, budget), self._on_the_way, place)
            left = [] if person.is_moderator else [budget.user_left - of_user]
            left += [] if settings is None else [budget.guild_left - of_guild]
            allowed = max(min(clips, *left), 0) if left else clips
            refused = None if allowed == clips else admission.not_all_text(say, allowed, clips)
            return Admission(allowed, refused, self._on_the_way, place)

    async def take_patiently(
        self,
        attachment: discord.Attachment,
        asker: Asker,
        answer: Answer,
        say: Say,
        *,
        afresh: Afresh | None = None,
        answer_at: ShownAt | None = None,
    ) -> CheckView:
        """Do as `take` does, outlasting a log that is away, which `answer` says.

        Raises:
            FacepulseError: the clip cannot be fetched, is not accepted, or cannot be stored.
        """
        told = False
        while True:
            try:
                return await self.take(attachment, asker, afresh, answer_at)
            except StoreError:
                logger.exception("a question cannot be logged; trying again")
                if not told:
                    told = await answer.show(Content(embeds.away_text(say, attachment.filename))) is Edit.DONE
                await asyncio.sleep(AWAY_S)

    async def take(
        self,
        attachment: discord.Attachment,
        asker: Asker,
        afresh: Afresh | None = None,
        answer_at: ShownAt | None = None,
    ) -> CheckView:
        """Download a clip and ask for its check, whose answer is shown in the message `answer_at`.

        Raises:
            FacepulseError: it cannot be fetched, is not accepted, or cannot be stored.
        """
        # An event of a message has its request already; a command does not.
        with logs.about(request=logs.subject().request or logs.new_request()):
            async with self._downloads:  # a clip is in memory between its download and its copy on disk
                media = await attachments.fetched(attachment, afresh)
                check = await self._services.desk.hand_in(media, attachment.filename, asker, answer_at)
            with logs.about(check=check.id):
                where = asker.origin.value, asker.guild_id, asker.channel_id
                logger.info("case %d: %s, guild %s, channel %s", check.id, *where)
        return check
