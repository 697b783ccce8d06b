"""The server of the tests of `/demo`, in place of the one without demos."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import simcord

from bot.services import Services
from core.store import Store
from tests.integration.bot.demos.scene import Scene


@pytest.fixture
async def scene(simcord_env: simcord.Env, services: Services, store: Store, tmp_path: Path) -> AsyncIterator[Scene]:
    scene = Scene(simcord_env, services, store, tmp_path)
    await scene.set_up()
    yield scene
    for cog in scene.later_cogs:
        await cog.cog_unload()
