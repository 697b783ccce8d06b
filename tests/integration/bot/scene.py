"""One server under simcord, as its members see it."""

from __future__ import annotations

import discord
import simcord

LOOK_EVERY_S = 60.0
"""Far beyond the time that simcord waits for the bot: it looks again only when a test moves the clock."""
STEP_S = 60.0

CLIP = ("clip.mp4", b"not really a video")


class Scene:
    """One server with a channel, a member and the bot."""

    def __init__(self, env: simcord.Env) -> None:
        self.env = env
        self.guild = env.create_guild()
        self.channel = self.guild.create_text_channel("general")
        self.alice = self.guild.add_member(env.create_user("alice"))
        assert env.bot.user is not None
        self.me = env.bot.user.mention

    async def ask(self, *clips: tuple[str, bytes], text: str = "is this real?") -> discord.Message:
        return await self.alice.send(self.channel, f"{self.me} {text}", attachments=clips)

    async def wait(self) -> None:
        await self.env.advance_time(LOOK_EVERY_S)

    async def let_pass(self, seconds: float) -> None:
        """Let a long time pass minute by minute: simcord gives what the bot does in each call a few seconds."""
        while seconds > 0:
            await self.env.advance_time(min(seconds, STEP_S))
            seconds -= STEP_S

    @property
    def answers(self) -> list[discord.Message]:
        assert self.env.bot.user is not None
        return [message for message in self.channel.history() if message.author.id == self.env.bot.user.id]

    @property
    def answer(self) -> discord.Message:
        (only,) = self.answers
        return only

    @property
    def direct_messages(self) -> list[discord.Message]:
        """What the bot wrote to alice alone."""
        messages = self.alice.user.dm_channel.history()
        return [message for message in messages if message.author.id != self.alice.id]

    @property
    def pings(self) -> list[int]:
        """Whom the bot's messages in the channel notified."""
        stored = self.env.backend.messages[self.channel.id].values()
        assert self.env.bot.user is not None
        return [number for one in stored if one.author_id == self.env.bot.user.id for number in one.ping_user_ids]

    def labels(self, message: discord.Message) -> list[str]:
        """The buttons under a message, in order."""
        rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
        return [child.label or "" for row in rows for child in row.children if isinstance(child, discord.Button)]

    def sent_texts(self) -> list[str]:
        """The texts of all messages and edits that the bot sent, in order."""
        calls = [call for call in self.env.http_requests if call.method in {"POST", "PATCH"} and call.json]
        return [call.json["content"] for call in calls if isinstance(call.json, dict) and call.json.get("content")]
