"""Which finished checks of a server are flagged by themselves, and who is told of a flagged one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.desk import CheckView
from bot.services import Services
from core.services.reviews import CaseState, FlagKind
from core.types import GuildSettings, Report, VerdictLabel

if TYPE_CHECKING:
    from discord.ext import commands

logger = logging.getLogger(__name__)

Announce = Callable[["commands.Bot", Services, CheckView, GuildSettings], Awaitable[None]]
"""Tells the moderators of a server about a check that was flagged, flagged again or disputed."""


def is_flagged(report: Report, settings: GuildSettings) -> bool:
    """Return whether moderators should look at a clip, by its verdict alone and what the server has set.

    Signs of manipulation are flagged, if a probability was set only from there on; declared ones where that is on.
    """
    if report.verdict.label is VerdictLabel.DECLARED_SYNTHETIC:
        return settings.flag_declared
    if report.verdict.label is not VerdictLabel.LIKELY_FAKE:
        return False
    least, probability = settings.flag_probability, report.verdict.probability_fake
    return least is None or (probability is not None and probability >= least)


async def _is_copy_of_upheld(services: Services, check: CheckView) -> bool:
    """Whether a clip looks like one that moderators of the same server agreed about; re-encoding hides signs."""
    if check.copy_of is None or check.guild_id is None:
        return False
    case = await services.reviews.get(check.copy_of, check.guild_id)
    return case is not None and case.state is CaseState.UPHELD


async def flag_finished(bot: commands.Bot, services: Services, check: CheckView, announce: Announce) -> None:
    """Flag a finished check of a server if its rule says so, and tell the moderators; else do nothing.

    Raises:
        StoreError: the log cannot be read or written.
    """
    if check.guild_id is None or check.report is None:
        return
    settings = await services.guilds.get(check.guild_id)
    if not is_flagged(check.report, settings) and not await _is_copy_of_upheld(services, check):
        return
    await services.reviews.flag(check.id, kind=FlagKind.AUTOMATIC)
    logger.info("case %d of guild %d is flagged", check.id, check.guild_id)
    await announce(bot, services, check, settings)
