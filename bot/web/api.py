"""The JSON interface of the local page (docs/web-api.md)."""

from __future__ import annotations

from aiohttp import web

from bot.web import views
from bot.web.house import HOUSE, status_of
from bot.web.pages import check_of, figure_names, handed_in
from bot.web.uploads import received
from core.errors import FacepulseError


def problem(status: int, sentence: str, code: str) -> web.Response:
    """Return a failure as JSON: a sentence for people, a stable code for programs."""
    return web.json_response({"error": sentence, "error_code": code}, status=status)


async def ask(request: web.Request) -> web.Response:
    """POST /api/checks: take a clip; 202 with the check, or 200 when the log already had the answer."""
    house = request.app[HOUSE]
    try:
        async with received(request, house.desk.folders.scratch, house.desk.max_bytes) as clip:
            check = await handed_in(house, clip)
    except FacepulseError as error:
        return problem(status_of(error), str(error), error.code)
    values = views.check_json(check, await figure_names(request, check))
    headers = {"Location": f"/api/checks/{check.id}"}
    return web.json_response(values, status=200 if check.is_over else 202, headers=headers)


async def show(request: web.Request) -> web.Response:
    """GET /api/checks/{id}: the check as it is now."""
    check = await check_of(request)
    return web.json_response(views.check_json(check, await figure_names(request, check)))


async def cancel(request: web.Request) -> web.Response:
    """POST /api/checks/{id}/cancel: take the question back; the check as it is then."""
    check = await check_of(request)
    await request.app[HOUSE].desk.take_back(check.id)
    return await show(request)


async def health(_request: web.Request) -> web.Response:
    """GET /healthz: the service answers."""
    return web.json_response({"status": "ok"})


def routes() -> list[web.AbstractRouteDef]:
    """Return the routes of the JSON interface."""
    return [
        web.post("/api/checks", ask),
        web.get(r"/api/checks/{id:\d{1,15}}", show),
        web.post(r"/api/checks/{id:\d{1,15}}/cancel", cancel),
        web.get("/healthz", health),
    ]
