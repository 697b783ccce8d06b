"""A server in which demos can be made, with a worker that draws nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.cogs.demos import DemosCog
from bot.services import Services
from core.jobs.demos import DemoWorker
from core.jobs.loop import Timing
from core.services.clock import utc_now
from core.services.folders import Folders
from core.settings import Settings
from core.store import Demo, NewModel, Store
from core.types.swap import ConsentScope
from tests.integration.bot.scene import Scene as Server
from tests.synth.studios import FakeStudio
from tests.synth.wishes import make_swap

CLIP = ("me.mp4", b"a driver clip")
refusing = pytest.mark.simcord(check_errors=False)
"""What a command refuses is raised, and answered."""
DECLARE, LEAVE = "I declare this", "Leave it"


class Scene(Server):
    """A server with a mod-log, an admin, a moderator, a member, and one model that was allowed."""

    def __init__(self, env: simcord.Env, services: Services, store: Store, data_dir: Path) -> None:
        super().__init__(env)
        self.services, self.store, self.data_dir = services, store, data_dir
        self.log = self.guild.create_text_channel("mod-log")
        admins = self.guild.create_role(
            "admins", permissions=discord.Permissions(manage_guild=True, manage_messages=True)
        )
        mods = self.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
        self.anna = self.guild.add_member(env.create_user("anna"), roles=[admins])
        self.mo = self.guild.add_member(env.create_user("mo"), roles=[mods])
        self.studio = FakeStudio()
        self.later_cogs: list[DemosCog] = []
        self.worker = DemoWorker(
            store, studio=self.studio.studio, folders=Folders(data_dir), settings=Settings(), name="w",
            timing=Timing(tick_s=0.01), clock=utc_now,
        )  # fmt: skip

    async def set_up(self, *scope: ConsentScope) -> None:
        await self.services.guilds.change(
            self.guild.id, by=1, demos_allowed=True, mod_log_channel_id=self.log.id, language="en"
        )
        await self.register("ron", *scope)
        (model,) = await self.services.demos.models(self.guild.id)
        await self.store.swap_models.allow(model, 1, {}, datetime.now(UTC))

    async def register(self, name: str, *scope: ConsentScope) -> None:
        path = self.data_dir / name
        path.mkdir(exist_ok=True)
        new = NewModel(self.guild.id, name, str(path), make_swap(*scope))
        await self.store.swap_models.add(new, datetime.now(UTC))

    async def swap(self, who: simcord.MemberActor | None = None, **options: Any) -> simcord.InteractionResult:
        options = {"model": "ron", "person": "self", "clip": CLIP} | options
        given = {name: value for name, value in options.items() if value is not None}
        return await (who or self.mo).slash(self.channel, "demo swap", **given)

    async def declare(self, who: simcord.MemberActor | None = None, **options: Any) -> simcord.InteractionResult:
        asked = await self.swap(who, **options)
        assert asked.response is not None
        await (who or self.mo).click(asked.response, label=DECLARE)
        return asked

    async def make(self) -> None:
        """Have the demo made that waits, and shown."""
        assert await self.worker.work_once(asyncio.Event())
        await self.wait()

    async def demo(self, number: int = 1) -> Demo:
        demo = await self.store.demos.get(number)
        assert demo is not None
        return demo

    def told_moderators(self) -> list[discord.Message]:
        assert self.env.bot.user is not None
        return [message for message in self.log.history() if message.author.id == self.env.bot.user.id]

    @property
    def files(self) -> list[bytes]:
        """What is kept of clips and demos."""
        return [path.read_bytes() for path in (self.data_dir / "incoming").glob("*")]
