"""Messages that were missed while Discord was out of reach: from which one on, and which of them ask something.

Discord replays what a short break lost; after a longer one, or a restart, the channels are read from the last message
that was seen. Direct messages are not: Discord does not say in which of them something new stands.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import discord

from bot.attachments import UNREACHED

logger = logging.getLogger(__name__)

FILE = "discord_last_seen.json"
SAVE_EVERY_S = 30.0
NOT_OLDER_THAN = timedelta(hours=1)
"""Nobody waits longer for an answer than this."""
MARGIN_MS = 60_000
"""The last messages that were seen may not have been answered when the process ended; those that were are known."""
SNOWFLAKE_TIME_BIT = 22
MOST_CHANNELS = 200
MOST_MESSAGES = 100
"""What is read at most after a break, in all and in one channel: each channel is a request."""

Readable = discord.TextChannel | discord.VoiceChannel | discord.Thread


class LastSeen:
    """The newest message that came in, remembered beyond a restart; at most `SAVE_EVERY_S` older than the truth."""

    def __init__(self, data_dir: Path, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._path = data_dir / FILE
        self._clock_s = clock_s
        self._saved_s: float | None = None
        self._message_id: int | None = None

    async def load(self) -> None:
        """Read what was remembered; a file that cannot be read remembers nothing."""
        self._message_id = await asyncio.to_thread(_read, self._path)

    async def saw(self, message_id: int) -> None:
        """Note a message that came in."""
        self._message_id = max(message_id, self._message_id or 0)
        now_s = self._clock_s()
        if self._saved_s is None or now_s - self._saved_s >= SAVE_EVERY_S:
            self._saved_s = now_s
            await asyncio.to_thread(_write, self._path, self._message_id)

    def since(self) -> discord.Object | None:
        """Return the message from which on some may be missing; None when none was ever seen."""
        if self._message_id is None:
            return None
        oldest = discord.utils.time_snowflake(discord.utils.utcnow() - NOT_OLDER_THAN)
        return discord.Object(max(self._message_id - (MARGIN_MS << SNOWFLAKE_TIME_BIT), oldest))


async def missed_messages(client: discord.Client, since: discord.Object) -> AsyncIterator[discord.Message]:
    """Yield what was posted in servers after `since` and has no answer of ours yet, channel by channel."""
    known = [channel for guild in client.guilds for channel in _readable(guild)]
    newer = [channel for channel in known if (channel.last_message_id or 0) > since.id]
    if len(newer) > MOST_CHANNELS:
        logger.warning("messages were missed in %d channels; %d of them are read", len(newer), MOST_CHANNELS)
    for channel in newer[:MOST_CHANNELS]:
        try:
            found = [m async for m in channel.history(after=since, limit=MOST_MESSAGES, oldest_first=True)]
        except UNREACHED as error:
            logger.warning("cannot read what was missed in channel %d: %s", channel.id, error)
            continue
        for message in unanswered(found, client.user):
            yield message


def unanswered(messages: list[discord.Message], me: discord.abc.User | None) -> list[discord.Message]:
    """Return the messages of others to which none of `messages` is a reply of ours."""
    own = [message for message in messages if me is not None and message.author.id == me.id]
    answered = {message.reference.message_id for message in own if message.reference is not None}
    return [message for message in messages if message not in own and message.id not in answered]


def _readable(guild: discord.Guild) -> list[Readable]:
    places: list[Readable] = [*guild.text_channels, *guild.voice_channels, *guild.threads]
    return [place for place in places if _may_read(place, guild.me)]


def _may_read(place: Readable, me: discord.Member) -> bool:
    allowed = place.permissions_for(me)
    return allowed.view_channel and allowed.read_message_history


def _read(path: Path) -> int | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, int) else None


def _write(path: Path, message_id: int) -> None:
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(message_id), "utf-8")
        partial.replace(path)
    except OSError as error:  # a restart then looks further back than it must, or not at all
        logger.warning("cannot remember which message was seen last: %s", error)
