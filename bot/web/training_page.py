"""The local page of a training: its preview and its losses, read from the folder that the training writes to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from bot import words
from bot.web import guard
from bot.web.app import serving
from bot.web.house import HERE, load_templates
from core.errors import FacepulseError, SettingsError
from core.services.training_watch import training_preview, training_status

HOST = "127.0.0.1"
ADDRESS = "/swap/training"


def training_app(model: Path) -> web.Application:
    """Return the page of the training that writes to the folder `model`."""
    templates, name = load_templates(), model.absolute().name

    async def forward(_: web.Request) -> web.Response:
        raise web.HTTPFound(ADDRESS)

    async def show(_: web.Request) -> web.Response:
        status = await asyncio.to_thread(training_status, model)
        text = templates.get_template("training.html").render(
            screening_aid=words.SCREENING_AID, name=name, status=status
        )
        return web.Response(text=text, content_type="text/html")

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(asdict(await asyncio.to_thread(training_status, model)))

    async def preview(_: web.Request) -> web.Response:
        content = await asyncio.to_thread(training_preview, model)
        if content is None:
            raise web.HTTPNotFound(text="There is no preview yet.")
        return web.Response(body=content, content_type="image/png")

    app = web.Application()
    guard.install(app, HOST)
    app.add_routes(
        [
            web.get("/", forward),
            web.get(ADDRESS, show),
            web.get(f"{ADDRESS}/status.json", tell),
            web.get(f"{ADDRESS}/preview.png", preview),
            web.static("/static", HERE / "static"),
        ]
    )
    return app


@contextmanager
def served(model: Path, port: int) -> Iterator[str]:
    """Serve the page from a thread of its own until the block ends; yield its address.

    Raises:
        SettingsError: the port is in use.
    """
    loop = asyncio.new_event_loop()
    address: list[str] = []
    failed: list[FacepulseError] = []
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        try:
            async with serving(training_app(model), HOST, port) as there:
                address.append(there + ADDRESS)
                ready.set()
                await over.wait()
        except FacepulseError as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="training page", daemon=True)
    thread.start()
    ready.wait()
    try:
        if failed:
            raise SettingsError(f"Port {port} of {HOST} is in use; choose another with --port.") from failed[0]
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
