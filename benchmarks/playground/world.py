"""A made-up server with the bot in it: two channels, three people, and what they can do there."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import discord
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, UserHandle

from bot.services import Services
from tests.synth.clips import Scene, even_times, write_scene

BOT_NAME = "Facepulse"
SAMPLE_NAME = "portrait.mp4"
File = tuple[str, bytes]
Person = MemberActor | UserHandle


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, or somebody's direct messages, with those who read it; the first of them is shown first."""

    name: str
    label: str
    channel: ChannelHandle
    people: tuple[Person, ...]


class World:
    """The server "Playground" and its people."""

    def __init__(self, env: simcord.Env) -> None:
        self._env = env
        olga = env.create_user("olga", global_name="Olga (owner)")
        guild = env.create_guild("Playground", owner=olga)
        moderates = guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
        alice = guild.add_member(env.create_user("alice", global_name="Alice (member)"))
        mia = guild.add_member(env.create_user("mia", global_name="Mia (moderator)"), roles=(moderates,))
        hidden = {guild.default_role: discord.PermissionOverwrite(view_channel=False)}
        of_the_bot = guild.roles[BOT_NAME]
        seen = {role: discord.PermissionOverwrite(view_channel=True) for role in (moderates, of_the_bot)}
        owner = MemberActor(env, guild, olga)
        self.guild = guild
        self.general = guild.create_text_channel("general", topic="Post a clip and mention @Facepulse")
        self.mod_log = guild.create_text_channel("mod-log", topic="Flagged cases", overwrites=hidden | seen)
        self.owner = owner
        self.places = (
            Place("general", "# general", self.general, (alice, mia, owner)),
            Place("mod-log", "# mod-log", self.mod_log, (mia, owner)),
            Place("direct", "✉ Alice’s direct messages", alice.user.dm_channel, (alice.user,)),
            Place("owner", "✉ Olga’s direct messages", olga.dm_channel, (olga,)),
        )

    async def furnish(self, services: Services) -> None:
        """Have flagged cases told in #mod-log."""
        await services.guilds.change(self.guild.id, by=self.owner.id, mod_log_channel_id=self.mod_log.id)

    def place(self, name: str) -> Place:
        """Return the place of that name.

        Raises:
            LookupError: there is none.
        """
        return next((place for place in self.places if place.name == name), None) or _none(f"no place {name!r}")

    def person(self, place: Place, number: int) -> Person:
        """Return the one of that id among those who read `place`.

        Raises:
            LookupError: nobody there has it.
        """
        return next((one for one in place.people if one.id == number), None) or _none(f"nobody is {number}")

    async def post(self, place: Place, who: Person, text: str, files: Sequence[File]) -> discord.Message:
        """Post a message with files as a person would."""
        if isinstance(who, MemberActor):
            return await who.send(place.channel, text, attachments=files)
        stored = self._env.backend.store_attachments(place.channel.id, files)
        return await who.send_dm(text, attachments=stored)

    @property
    def apps(self) -> tuple[str, ...]:
        """The commands that a right-click on a message offers under Apps."""
        commands = self._env.bot.tree.get_commands(type=discord.AppCommandType.message)  # type: ignore[attr-defined]
        return tuple(command.name for command in commands)

    async def use_app(self, place: Place, who: Person, app: str, message_id: int) -> None:
        """Right-click a message → Apps → `app`.

        Raises:
            LookupError: there is no such message, or it is in direct messages, where simcord has no such menu.
        """
        messages = {message.id: message for message in place.channel.history(viewer=who)}
        if message_id not in messages or not isinstance(who, MemberActor):
            _none("no such message here")
        await who.context_menu(place.channel, app, messages[message_id])


async def sample_clip() -> File:
    """Film NASA's public-domain portrait with a pulse: a clip to ask about for whoever has none at hand."""
    return SAMPLE_NAME, await asyncio.to_thread(_film)


def _film() -> bytes:
    scene = Scene(width_px=854, height_px=480, face_px=220, pulse_strength=0.01)
    with tempfile.TemporaryDirectory() as folder:
        path = write_scene(Path(folder) / SAMPLE_NAME, scene, even_times(30, 12), rate=Fraction(30), crf=18)
        return path.read_bytes()


def _none(what: str) -> LookupError:
    raise LookupError(what)
