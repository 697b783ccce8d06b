"""The page that shows a live swap: a stream of JPEG pictures and how fast they come.

It runs in a thread of its own, beside the loop that makes the pictures. Whoever watches gets the newest picture, never
an old one, however slow their line.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from aiohttp import web

from bot import words
from bot.web import guard
from bot.web.app import serving
from bot.web.house import HERE, load_templates
from core.errors import CameraError

BOUNDARY = "picture"
START_S = 10.0


class Feed:
    """The newest picture and what is said of it; safe to fill from another thread."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._picture: bytes | None = None
        self.state: dict[str, Any] = {}
        self.watchers = 0

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the page runs."""
        self._loop = loop

    def put(self, state: dict[str, Any], jpeg: Callable[[], bytes]) -> None:
        """Show a picture; it is encoded only when somebody watches, or nobody could yet."""
        if self._loop is None or self._loop.is_closed():
            return
        picture = jpeg() if self.watchers or self._picture is None else None
        self._loop.call_soon_threadsafe(self._set, dict(state), picture)

    async def next_picture(self) -> bytes | None:
        """Return the next picture that comes."""
        await self._changed.wait()
        return self._picture

    def _set(self, state: dict[str, Any], picture: bytes | None) -> None:
        self.state = state
        if picture is not None:
            self._picture = picture
            self._changed.set()  # wakes all who wait now …
            self._changed = asyncio.Event()  # … and those who come later wait for the next

    @property
    def newest(self) -> bytes | None:
        """The picture that is shown, None before the first."""
        return self._picture


FEED = web.AppKey("feed", Feed)


def build_live_app(feed: Feed, configured_host: str, model_name: str, demo_id: str) -> web.Application:
    """Return the page over a feed."""
    app = web.Application()
    app[FEED] = feed
    guard.install(app, configured_host)
    template = load_templates().get_template("live.html")

    async def page(_request: web.Request) -> web.Response:
        text = template.render(screening_aid=words.SCREENING_AID, model_name=model_name, demo_id=demo_id)
        return web.Response(text=text, content_type="text/html")

    app.add_routes([web.get("/", page), web.get("/stream", _stream), web.get("/api/live", _state)])
    app.router.add_static("/static", HERE / "static")
    return app


async def _state(request: web.Request) -> web.Response:
    """GET /api/live: pictures a second, passed over, seconds of work by stage."""
    return web.json_response(request.app[FEED].state)


async def _stream(request: web.Request) -> web.StreamResponse:
    """GET /stream: pictures for as long as somebody watches."""
    feed = request.app[FEED]
    response = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}"})
    await response.prepare(request)
    feed.watchers += 1
    try:
        if feed.newest is not None:
            await response.write(_part(feed.newest))
        while (picture := await feed.next_picture()) is not None:
            await response.write(_part(picture))
    except ConnectionError:  # the watcher left
        pass
    finally:
        feed.watchers -= 1
    return response


def _part(jpeg: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


class LivePage:
    """Serves the page from a thread while the block lasts; `address` is where."""

    def __init__(self, host: str, port: int, model_name: str, demo_id: str) -> None:
        self.feed = Feed()
        self.address = ""
        self._where = (host, port)
        self._what = (model_name, demo_id)
        self._ready = threading.Event()
        self._stop: Callable[[], None] = lambda: None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="live page", daemon=True)

    def __enter__(self) -> LivePage:
        """Start serving.

        Raises:
            SettingsError: the address cannot be listened on.
        """
        self._thread.start()
        if not self._ready.wait(START_S):
            raise CameraError("The page did not start in time.")
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join(START_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # told by whoever started the thread
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._stop = lambda: None if loop.is_closed() else _quietly(loop, stop)
        self.feed.bind(loop)
        host, port = self._where
        async with serving(build_live_app(self.feed, host, *self._what), host, port) as address:
            self.address = address
            self._ready.set()
            await stop.wait()


def _quietly(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    loop.call_soon_threadsafe(stop.set)
