"""The content of a finished check: verdict and picture, or the sentence that says why there is none."""

from __future__ import annotations

import asyncio

from bot import embeds
from bot.answers import PICTURE, Content
from bot.desk import CheckView, Desk
from bot.i18n import N_, Say
from core.services.requests import CheckStatus

LOST = N_("I lost this check; please post the clip again.")
CANCELLED = N_("this check was cancelled.")


async def finished_content(desk: Desk, check: CheckView, say: Say) -> Content:
    """Return what a check that is over has to show, without buttons; `picture` is None where there is none any more.

    Raises:
        StoreError: the log cannot be read.
    """
    if check.report is None:
        return Content(closing_text(say, check))
    picture = await asyncio.to_thread(desk.folders.figure, check.figures_id, PICTURE)
    embed = embeds.verdict_embed(
        say,
        check.report,
        filename=check.filename,
        case=check.id,
        checked_before=check.checked_before,
        told_case=await _may_be_named(desk, check, check.checked_before),
        copy_of=check.copy_of if await _may_be_named(desk, check, check.copy_of) else None,
        picture=None if picture is None else PICTURE,
    )
    return Content(embeds.headline(say, check.report, check.filename), embed=embed, picture=picture)


def closing_text(say: Say, check: CheckView) -> str:
    """Return the message of a check that is over without a report."""
    if check.status is CheckStatus.CANCELLED:
        return embeds.failure_text(say, check.filename, CANCELLED)
    return embeds.failure_text(say, check.filename, check.error or LOST)


async def _may_be_named(desk: Desk, check: CheckView, number: int | None) -> bool:
    """Whether an earlier check was asked for in the same server, or alone by the same person."""
    earlier = None if number is None else await desk.look(number)
    if earlier is None:
        return False
    if check.guild_id is not None or earlier.guild_id is not None:
        return check.guild_id == earlier.guild_id
    return check.requester_id is not None and check.requester_id == earlier.requester_id
