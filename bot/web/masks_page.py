"""The local page on which a few faces of a set are labelled: outlines of what hides them, or of what is swapped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from bot import words
from bot.web import guard
from bot.web.app import serving
from bot.web.house import HERE, load_templates
from core.errors import FacepulseError, FaceSetError, SettingsError
from core.services.swap_masks import Labelling

HOST = "127.0.0.1"
ADDRESS = "/swap/masks"
MOST_BYTES = 1 << 20
"""Of one label."""


def masks_app(labelling: Labelling, name: str) -> web.Application:
    """Return the page that labels the faces of a set called `name`."""
    templates = load_templates()
    writing = asyncio.Lock()

    async def forward(_: web.Request) -> web.Response:
        raise web.HTTPFound(ADDRESS)

    async def show(_: web.Request) -> web.Response:
        text = templates.get_template("masks.html").render(screening_aid=words.SCREENING_AID, name=name)
        return web.Response(text=text, content_type="text/html")

    async def faces(_: web.Request) -> web.Response:
        listed = await asyncio.to_thread(labelling.faces)
        return web.json_response({"size_px": labelling.size_px, "faces": [asdict(one) for one in listed]})

    def named(request: web.Request) -> str:
        face = request.match_info["name"]
        if not labelling.has(face):
            raise web.HTTPNotFound(text="The set has no such face.")
        return face

    async def picture(request: web.Request) -> web.Response:
        try:
            content = await asyncio.to_thread(labelling.picture, named(request))
        except FaceSetError as error:
            raise web.HTTPNotFound(text=str(error)) from error
        return web.Response(body=content, content_type="image/png")

    async def label(request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(labelling.label, named(request)))

    async def save(request: web.Request) -> web.Response:
        face = named(request)
        try:
            outlines = json.loads(await request.read())["outlines"]
            async with writing:  # each reads all labels, changes one and writes them
                await asyncio.to_thread(labelling.save, face, outlines)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise web.HTTPBadRequest(text="These are no outlines.") from error
        except FacepulseError as error:
            raise web.HTTPInternalServerError(text=str(error)) from error
        return web.json_response({"saved": True})

    app = web.Application(client_max_size=MOST_BYTES)
    guard.install(app, HOST)
    one = ADDRESS + r"/faces/{name:\d{6}\.png}"
    app.add_routes(
        [
            web.get("/", forward),
            web.get(ADDRESS, show),
            web.get(f"{ADDRESS}/faces.json", faces),
            web.get(f"{one}/picture", picture),
            web.get(f"{one}/label", label),
            web.put(f"{one}/label", save),
            web.static("/static", HERE / "static"),
        ]
    )
    return app


@asynccontextmanager
async def served(face_set: Path, port: int) -> AsyncIterator[str]:
    """Serve the page until the block ends; yield its address.

    Raises:
        FaceSetError: there is no such set.
        SettingsError: the port is in use.
    """
    labelling = await asyncio.to_thread(Labelling, face_set)
    try:
        async with serving(masks_app(labelling, labelling.name), HOST, port) as there:
            yield there + ADDRESS
    except SettingsError as error:
        raise SettingsError(f"Port {port} of {HOST} is in use; choose another with --port.") from error
