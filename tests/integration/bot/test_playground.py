"""The playground, without a browser: its page, and what its buttons send."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from benchmarks.playground.__main__ import playing
from benchmarks.playground.stage import Stage
from core.errors import SettingsError

CLIP = b"not really a video"
WAIT_S = 30.0


class Visitor:
    """Somebody who opened the page in a browser."""

    def __init__(self, session: aiohttp.ClientSession, address: str, secret: str, stage: Stage) -> None:
        self._session = session
        self._address = address
        self.secret = secret
        self.stage = stage

    async def get(self, path: str) -> aiohttp.ClientResponse:
        return await self._session.get(self._address + path, headers=self._headers)

    async def send(self, path: str, body: Any) -> int:
        kind = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        async with self._session.post(self._address + path, headers=self._headers, **kind) as answer:
            return answer.status

    async def becomes(self, wanted: str) -> None:
        """Wait until the bot's last message in the channel that is shown has a text in it."""
        async with asyncio.timeout(WAIT_S):
            while not any(wanted in text for text in self.answers):  # noqa: ASYNC110 - a process answers
                await asyncio.sleep(0.05)

    async def open(self) -> str:
        """Open the page; return the id under which simcord knows it."""
        async with self._session.post(self._address + "/api/pages", json={}, headers=self._headers) as opened:
            return str((await opened.json())["context"]["id"])

    async def shown(self, page: str) -> str:
        """What an open page shows now."""
        headers = self._headers | {"X-Simcord-Context": page}
        async with self._session.get(self._address + "/api/state", headers=headers) as state:
            return "\n".join(message["content"] for message in (await state.json())["messages"].values())

    @property
    def answers(self) -> list[str]:
        me = self.stage.env.bot.user
        return [one.content for one in self.stage.place.channel.history() if me is not None and one.author.id == me.id]

    @property
    def person(self) -> str:
        return str(self.stage.place.people[0].id)

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-Simcord-Capability": self.secret}


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    async with playing(tmp_path, port=0, workers=False) as (stage, address), aiohttp.ClientSession() as session:
        async with session.get(address, allow_redirects=False) as entered:
            page, _, secret = entered.headers["Location"].partition("#")
        assert page == "/page"
        yield Visitor(session, address, secret, stage)


def message(visitor: Visitor, text: str) -> aiohttp.FormData:
    form = aiohttp.FormData({"viewer": visitor.person, "text": text})
    form.add_field("files", CLIP, filename="clip.mp4", content_type="video/mp4")
    return form


async def test_its_page_is_simcords_with_what_it_adds(visitor: Visitor) -> None:
    page = await (await visitor.get("/page")).text()
    script = await visitor.get("/playground/playground.js")
    theirs = await visitor.get("/app.js")
    about = await (await visitor.get("/playground/about")).json()

    assert "<title>Facepulse playground</title>" in page
    assert '<script src="/playground/playground.js">' in page
    assert (script.status, script.content_type) == (200, "text/javascript")
    assert theirs.status == 200
    assert [place["name"] for place in about["places"]] == ["general", "mod-log", "direct", "owner"]
    assert about["apps"] == ["Check for deepfake"]


async def test_a_posted_clip_is_answered_by_the_real_bot(visitor: Visitor) -> None:
    me = visitor.stage.env.bot.user
    assert me is not None
    page = await visitor.open()

    assert await visitor.send("/playground/post", message(visitor, f"{me.mention} is this real?")) == 204

    await visitor.becomes("**clip.mp4**")
    async with asyncio.timeout(WAIT_S):
        while "**clip.mp4**" not in await visitor.shown(page):  # noqa: ASYNC110 - the page asks again and again too
            await asyncio.sleep(0.05)


async def test_time_passes_for_the_bot_as_for_everybody(visitor: Visitor) -> None:
    began_s = time.perf_counter()

    with visitor.stage.env._bot_scope():
        told_s = time.monotonic()
        inside_s = time.perf_counter()
        await asyncio.sleep(0.2)
        inside_s = time.perf_counter() - inside_s
        told_s = time.monotonic() - told_s

    # The bot's clock was read before and after the other one inside, and that before and after the one outside.
    assert 0.19 <= inside_s <= told_s + 0.001
    assert told_s <= time.perf_counter() - began_s + 0.001


async def test_in_direct_messages_too(visitor: Visitor) -> None:
    assert await visitor.send("/playground/place", {"place": "direct"}) == 204
    visitor.secret = visitor.stage.preview.capability

    assert await visitor.send("/playground/post", message(visitor, "is this real?")) == 204

    await visitor.becomes("**clip.mp4**")


async def test_who_did_not_open_the_page_can_do_nothing(visitor: Visitor) -> None:
    visitor.secret = "guessed"

    assert await visitor.send("/playground/post", message(visitor, "is this real?")) == 401
    assert await visitor.send("/playground/place", {"place": "mod-log"}) == 401
    assert (await visitor.get("/playground/about")).status == 401
    assert visitor.stage.place.name == "general"
    assert visitor.stage.world.general.history() == []


async def test_what_is_not_there_is_refused(visitor: Visitor) -> None:
    assert await visitor.send("/playground/place", {"place": "elsewhere"}) == 400
    assert await visitor.send("/playground/app", {"viewer": visitor.person, "app": "Check", "message": 1}) == 400
    assert (await visitor.get("/playground/__main__.py")).status == 404


async def test_a_taken_port_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(SettingsError, match=rf"^Port {port} .* choose another one with --port\.$"):
            async with playing(tmp_path, port=port, workers=False):
                pass
