"""What Facepulse does by itself with a flagged message, where a server wants that: the copy first, then the act.

Only at the top of confidence, only once, and never where people doubt the answer. Every act, also one that was only
rehearsed or could not be done, is an entry of the audit log.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord

from bot import admission
from bot.attachments import UNREACHED, attachments_of
from bot.case_text import ACTIONS, DRY_RUN, FAILED, HIDE, NOBODY, REMOVE, TIMEOUT, who
from bot.desk import CheckView
from bot.embeds import CONTENT_LIMIT, clip_text
from bot.i18n import N_, Say
from bot.permissions import ACTS, lacking
from bot.services import Services
from core.errors import ReviewError
from core.services.audit import AuditEntry
from core.services.reviews import Case, CaseState, FlagKind
from core.types import ActionKind, ActionMode, GuildSettings, VerdictLabel

logger = logging.getLogger(__name__)

Room = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
SPOILER = "SPOILER_"
AUDIT_REASON = "Facepulse: automatic action on case {case}"
"""What Discord's own audit log says; its readers share no language, so it is English."""
COPY_GONE = N_("The copy of the message is no longer there, so it cannot be shown again.")
CANNOT_POST = N_("I cannot post in {channel}, so the message stays hidden.")
CANNOT_LIFT = N_("Discord does not let me lift the time-out; an administrator can.")


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flagged check with all that decides whether something is done about it."""

    check: CheckView
    case: Case
    acts: tuple[AuditEntry, ...]
    doubted: int | None
    """A case of the same clip in this server that was dismissed, or is disputed."""


def is_due(flagged: Flagged, settings: GuildSettings) -> bool:
    """Return whether a server wants something done about a flagged check, by what the check and its case say.

    That is: its verdict alone flagged it, with a probability that the server trusts; nobody doubts it, nothing
    declares the clip synthetic, nothing was done yet; a message is there, and it is not that of who asked.
    """
    check, case = flagged.check, flagged.case
    if settings.action_mode is ActionMode.OFF or settings.mod_log_channel_id is None or check.report is None:
        return False
    verdict = check.report.verdict
    sure = (
        verdict.label is VerdictLabel.LIKELY_FAKE and (verdict.probability_fake or 0.0) >= settings.action_probability
    )
    declared = any(evidence.declares_synthetic for evidence in verdict.evidence)
    untouched = case.kind is FlagKind.AUTOMATIC and case.state is CaseState.OPEN and not case.disputes
    once = not any(entry.action in ACTIONS for entry in flagged.acts)
    others = check.message_id is not None and check.poster_id is not None and check.poster_id != check.requester_id
    return sure and not declared and untouched and flagged.doubted is None and once and others


async def is_exempt(guild: discord.Guild, check: CheckView, settings: GuildSettings) -> bool:
    """Return whether the poster or the place is exempt: by the server's settings, as a moderator, or as ourselves."""
    channel = guild.get_channel_or_thread(check.channel_id or 0)
    places = admission.place_ids(channel) | {check.channel_id}
    if places & set(settings.exempt_channel_ids) or check.poster_id == guild.me.id or check.poster_id is None:
        return True
    try:
        member = guild.get_member(check.poster_id) or await guild.fetch_member(check.poster_id)
    except discord.NotFound:
        return False  # who left has no roles any more
    except UNREACHED:
        return True  # who cannot be looked at may be exempt
    return member.guild_permissions.manage_messages or any(role.id in settings.exempt_role_ids for role in member.roles)


class Acting:
    """Acts on one flagged message of a server; `log` is its moderation log, where the copy goes."""

    def __init__(
        self, services: Services, guild: discord.Guild, log: discord.abc.Messageable, settings: GuildSettings, say: Say
    ) -> None:
        self._services, self._guild, self._log, self._settings, self._say = services, guild, log, settings, say

    async def act_if_due(self, check: CheckView, case: Case) -> None:
        """Act on a flagged check where that is due and nobody is exempt; raises nothing that Discord answers.

        Raises:
            StoreError: the log cannot be read or written; nothing was done.
        """
        acts = await self._services.audit.of_check(check.id, self._guild.id)
        doubted = await self._services.reviews.doubted(check.id, self._guild.id)
        due = is_due(Flagged(check, case, acts, doubted), self._settings)
        if due and not await is_exempt(self._guild, check, self._settings):
            await self.act(check)

    async def act(self, check: CheckView) -> None:
        """Do what the server wants, or note why not; raises nothing that Discord answers.

        Raises:
            StoreError: the audit log cannot be written; nothing was done.
        """
        kind = self._settings.action_kind
        if self._settings.action_mode is ActionMode.DRY_RUN:
            await self._note(check, DRY_RUN, {"kind": kind.value})
            return
        message = await self._message(check)
        copy = None if message is None else await self._copy(check, message)
        if message is None or copy is None:
            return
        if await self._delete(check, message, copy) and kind is ActionKind.TIMEOUT:
            await self._time_out(check)

    async def _message(self, check: CheckView) -> discord.Message | None:
        """Return the message, if it is there and everything that is needed is allowed."""
        channel = _room(self._guild, check.channel_id)
        if channel is None or check.message_id is None:
            await self._failed(check, "gone")
            return None
        lacks = lacking(channel, ACTS[self._settings.action_kind])
        if lacks:
            await self._failed(check, "permissions", permissions=[lack.permission for lack in lacks])
            return None
        try:
            message = await channel.fetch_message(check.message_id)
        except discord.NotFound:
            await self._failed(check, "gone")
            return None
        except UNREACHED:
            await self._failed(check, "refused")
            return None
        if not any(attachment.id == check.attachment_id for attachment in attachments_of(message)):
            await self._failed(check, "hidden")
            return None
        return message

    async def _copy(self, check: CheckView, message: discord.Message) -> discord.Message | None:
        """Copy a message into the moderation log, its files behind a click; what they are is decided there."""
        attachments = attachments_of(message)
        if sum(attachment.size for attachment in attachments) > self._guild.filesize_limit:
            await self._failed(check, "large")
            return None
        first = self._say("Copy of the message of {who} for case {case}:", who=who(check.poster_id, self._say),
                          case=check.id)  # fmt: skip
        try:
            files = [await _file(attachment, spoiler=True) for attachment in attachments]
            return await self._log.send(clip_text(f"{first}\n{message.content}".strip(), CONTENT_LIMIT), files=files)
        except UNREACHED as error:
            logger.warning("case %d: no copy could be kept: %s", check.id, error)
            await self._failed(check, "no_copy")
            return None

    async def _delete(self, check: CheckView, message: discord.Message, copy: discord.Message) -> bool:
        """Delete the message; noted before, so that a stop in between leaves the way back."""
        action = HIDE if self._settings.action_kind is ActionKind.HIDE else REMOVE
        undo = {
            "channel_id": message.channel.id,
            "poster_id": check.poster_id,
            "posted_at": message.created_at.isoformat(),
            "copy_channel_id": copy.channel.id,
            "copy_message_id": copy.id,
        }
        details = {"poster_id": check.poster_id, "channel_id": message.channel.id, "message_id": message.id}
        entry = await self._note(check, action, details, undo)
        try:
            await message.delete()
        except UNREACHED as error:
            await self._services.audit.undone(entry.id, by=NOBODY)
            await self._failed(check, "gone" if isinstance(error, discord.NotFound) else "refused")
            return False
        logger.info("case %d of guild %d: %s", check.id, self._guild.id, action)
        return True

    async def _time_out(self, check: CheckView) -> None:
        until = discord.utils.utcnow() + timedelta(minutes=self._settings.timeout_minutes)
        try:
            member = await self._guild.fetch_member(check.poster_id or 0)
            await member.timeout(until, reason=AUDIT_REASON.format(case=check.id))
        except UNREACHED:
            await self._failed(check, "no_timeout")
            return
        details = {"poster_id": member.id, "until": until.isoformat()}
        await self._note(check, TIMEOUT, details, {"poster_id": member.id})

    async def _failed(self, check: CheckView, why: str, **details: Any) -> None:
        logger.info("case %d of guild %d: not acted on: %s", check.id, self._guild.id, why)
        await self._note(check, FAILED, {"why": why, **details})

    async def _note(
        self, check: CheckView, action: str, details: dict[str, Any], undo: dict[str, Any] | None = None
    ) -> AuditEntry:
        return await self._services.audit.record(
            self._guild.id, by=None, action=action, check_id=check.id, details=details, undo=undo
        )


async def take_back(guild: discord.Guild, entry: AuditEntry, say: Say) -> None:
    """Undo one act in Discord: post the message again, with whose it was, or lift the time-out.

    Raises:
        ReviewError: it cannot be undone; the sentence says why.
    """
    undo = entry.undo or {}
    if entry.action == TIMEOUT:
        await _lift(guild, undo, say)
    else:
        await _post_again(guild, undo, say)


async def _lift(guild: discord.Guild, undo: dict[str, Any], say: Say) -> None:
    try:
        member = await guild.fetch_member(undo.get("poster_id") or 0)
        await member.timeout(None)
    except discord.NotFound:
        return  # who left has no time-out to lift
    except UNREACHED as error:
        raise ReviewError(say(CANNOT_LIFT)) from error


async def _post_again(guild: discord.Guild, undo: dict[str, Any], say: Say) -> None:
    kept, channel = _room(guild, undo.get("copy_channel_id")), _room(guild, undo.get("channel_id"))
    if kept is None:
        raise ReviewError(say(COPY_GONE))
    if channel is None:
        raise ReviewError(say(CANNOT_POST, channel=f"<#{undo.get('channel_id')}>"))
    try:
        copy = await kept.fetch_message(undo.get("copy_message_id") or 0)
        files = [await _file(attachment, spoiler=False) for attachment in copy.attachments]
    except UNREACHED as error:
        raise ReviewError(say(COPY_GONE)) from error
    posted_at = discord.utils.parse_time(undo.get("posted_at"))
    when = "" if posted_at is None else discord.utils.format_dt(posted_at)
    first = say("{who} posted this {when}. It was hidden by mistake:", who=who(undo.get("poster_id"), say), when=when)
    text = copy.content.partition("\n")[2]
    try:
        await channel.send(clip_text(f"{first}\n{text}".strip(), CONTENT_LIMIT), files=files)
    except UNREACHED as error:
        raise ReviewError(say(CANNOT_POST, channel=channel.mention)) from error


def _room(guild: discord.Guild, channel_id: int | None) -> Room | None:
    """Return the channel or thread of a server, if it is there and people can write in it."""
    channel = guild.get_channel_or_thread(channel_id or 0)
    return channel if isinstance(channel, Room) else None


async def _file(attachment: discord.Attachment, *, spoiler: bool) -> discord.File:
    name = attachment.filename.removeprefix(SPOILER)
    return discord.File(io.BytesIO(await attachment.read()), name, spoiler=spoiler)
