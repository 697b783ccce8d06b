"""Joining Discord: what is asked for, and what happens when it refuses or cannot be reached."""

import asyncio
import logging

import discord
import pytest
import simcord
from discord.http import HTTPClient

from bot import client
from bot.client import FacepulseBot, intents, stay_joined
from bot.services import Services
from core.errors import SettingsError, UnreadableClipError


def test_no_privileged_intent_is_asked_for() -> None:
    asked = intents()

    assert not (asked.message_content or asked.members or asked.presences)
    assert asked.guild_messages
    assert asked.dm_messages


async def test_a_server_that_grants_no_privileged_intents_can_be_joined(services: Services) -> None:
    env = simcord.Env(FacepulseBot(services), approved_intents=discord.Intents.default())
    await env.start()
    await env.shutdown()
    env.raise_errors()


async def test_a_refused_token_is_one_sentence(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(self: HTTPClient, token: str) -> None:
        raise discord.LoginFailure("Improper token has been passed.")

    monkeypatch.setattr(HTTPClient, "static_login", refuse)
    with pytest.raises(SettingsError, match=r"^Discord does not accept DISCORD_TOKEN; [^.]+\.$"):
        await stay_joined(lambda: FacepulseBot(services), "wrong")


async def test_discord_out_of_reach_is_tried_again(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = asyncio.Semaphore(0)

    async def unreachable(self: HTTPClient, token: str) -> None:
        tries.release()
        raise OSError("no route to host")

    monkeypatch.setattr(HTTPClient, "static_login", unreachable)
    monkeypatch.setattr(client, "RETRY_S", 0.0)
    with caplog.at_level(logging.ERROR, logger="bot.client"):
        staying = asyncio.create_task(stay_joined(lambda: FacepulseBot(services), "token"))
        for _ in range(3):
            await tries.acquire()
        staying.cancel()
        await asyncio.wait([staying])

    assert "Discord cannot be reached (no route to host)" in caplog.text


async def test_what_the_client_takes_from_a_cdn_goes_by_the_rules_for_downloads(services: Services) -> None:
    async with FacepulseBot(services) as bot:
        with pytest.raises(UnreadableClipError, match="Discord's own servers"):
            await bot.http.get_from_cdn("https://example.org/clip.mp4")
