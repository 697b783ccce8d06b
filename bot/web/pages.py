"""The pages that a person sees: start, progress, answer, figures."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from bot import words
from bot.desk import CheckView
from bot.web import views
from bot.web.house import HERE, HOUSE, House, status_of
from bot.web.uploads import Upload, received
from core import logs
from core.errors import FacepulseError
from core.services.requests import Asker, CheckStatus, Origin

logger = logging.getLogger(__name__)

ASKED_HERE = Asker(Origin.WEB)


async def start(request: web.Request) -> web.Response:
    """GET /: where a clip is dropped or picked."""
    return _start_page(request, None)


async def upload(request: web.Request) -> web.Response:
    """POST /checks: take a clip from the form and go to the page of its check."""
    house = request.app[HOUSE]
    try:
        async with received(request, house.desk.folders.scratch, house.desk.max_bytes) as clip:
            check = await handed_in(house, clip)
    except FacepulseError as error:
        return _start_page(request, str(error), status_of(error))
    raise web.HTTPSeeOther(f"/checks/{check.id}")


async def handed_in(house: House, clip: Upload) -> CheckView:
    """Ask for the check of a clip that arrived; the log says which request became which case.

    Raises:
        FacepulseError: the clip is not accepted, or cannot be stored.
    """
    check = await house.desk.hand_in(clip.path, clip.filename, ASKED_HERE)
    with logs.about(check=check.id):
        logger.info("case %d: asked on the page", check.id)
    return check


def _start_page(request: web.Request, sentence: str | None, status: int = 200) -> web.Response:
    house = request.app[HOUSE]
    return house.page(
        "start.html",
        status,
        sentence=sentence,
        max_bytes=house.desk.max_bytes,
        max_size=words.size(house.desk.max_bytes),
        max_duration=words.duration(house.max_duration_s),
    )


async def check_of(request: web.Request) -> CheckView:
    """Return the check that the address names.

    Raises:
        web.HTTPNotFound: there is none of that number.
    """
    check = await request.app[HOUSE].desk.look(int(request.match_info["id"]))
    if check is None:
        raise web.HTTPNotFound(text=f"There is no case {request.match_info['id']}.")
    return check


async def figure_names(request: web.Request, check: CheckView) -> list[str]:
    """Return the names of the figures that are there for a finished check."""
    if not check.is_over:
        return []
    return views.figures_shown(await _files(request, check))


async def _files(request: web.Request, check: CheckView) -> tuple[str, ...]:
    return await asyncio.to_thread(request.app[HOUSE].desk.folders.figure_names, check.figures_id)


async def _file(request: web.Request, check: CheckView, name: str) -> bytes | None:
    return await asyncio.to_thread(request.app[HOUSE].desk.folders.figure, check.figures_id, name)


async def show(request: web.Request) -> web.Response:
    """GET /checks/{id}: how far the check is, its answer, or why there is none."""
    house = request.app[HOUSE]
    check = await check_of(request)
    if check.report is not None:
        files = await _files(request, check)
        values = views.verdict_page(check, views.figures_shown(files), has_report=views.REPORT in files)
        return house.page("verdict.html", **values)
    if not check.is_over:
        values = views.progress_values(check)
        return house.page(
            "progress.html", check=check, stage=values["words"], share=values["share"], left=values["left"]
        )
    if check.status is CheckStatus.CANCELLED:
        return house.page("message.html", eyebrow=f"Case {check.id}", heading=check.filename, sentence="Cancelled.")
    sentence = check.error or "This check ended without an answer."
    return house.page("message.html", eyebrow=f"Case {check.id}", heading=check.filename, sentence=sentence)


async def cancel(request: web.Request) -> web.Response:
    """POST /checks/{id}/cancel: take the question back."""
    check = await check_of(request)
    await request.app[HOUSE].desk.take_back(check.id)
    raise web.HTTPSeeOther(f"/checks/{check.id}")


async def figure(request: web.Request) -> web.Response:
    """GET /checks/{id}/figures/{name}: one of the figures that `views.figures_shown` lists, and no other file."""
    check = await check_of(request)
    name = request.match_info["name"]
    picture = await _file(request, check, name) if views.figures_shown([name]) else None
    if picture is None:
        raise web.HTTPNotFound(text="This figure is not there, or no longer.")
    return web.Response(body=picture, content_type="image/png")


async def report(request: web.Request) -> web.Response:
    """GET /checks/{id}/report.html: the report that stands alone, to be saved and not shown from here."""
    check = await check_of(request)
    page = await _file(request, check, views.REPORT)
    if page is None:
        raise web.HTTPNotFound(text="This report is not there, or no longer.")
    name = f'attachment; filename="facepulse-case-{check.id}.html"'
    return web.Response(body=page, content_type="text/html", headers={"Content-Disposition": name})


def routes() -> list[web.AbstractRouteDef]:
    """Return the routes of the pages."""
    return [
        web.get("/", start),
        web.post("/checks", upload),
        web.get(r"/checks/{id:\d{1,15}}", show),
        web.post(r"/checks/{id:\d{1,15}}/cancel", cancel),
        web.get(r"/checks/{id:\d{1,15}}/figures/{name:[a-z0-9_-]+\.png}", figure),
        web.get(r"/checks/{id:\d{1,15}}/report.html", report),
        web.static("/static", HERE / "static"),
    ]
