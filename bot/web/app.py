"""The local page and its JSON interface, put together, started and stopped."""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.web import api, guard, pages
from bot.web.house import HOUSE, House, status_of
from bot.web.watching import Watching
from core import logs
from core.errors import FacepulseError, SettingsError

logger = logging.getLogger(__name__)

STOP_S = 2.0


def build_web_app(house: House, configured_host: str, watching: Watching | None = None) -> web.Application:
    """Return the whole web application; without `watching` it has no `/readyz` and no `/metrics`."""
    app = web.Application(middlewares=[_with_its_request, _told_in_words])
    app[HOUSE] = house
    guard.install(app, configured_host, watching.is_distant_reader if watching else None)
    app.add_routes([*pages.routes(), *api.routes(), *(watching.routes() if watching else [])])
    return app


@web.middleware
async def _with_its_request(request: web.Request, handler: guard.Handler) -> web.StreamResponse:
    """Let the log lines about one HTTP request, and about the check that it asks for, carry one id."""
    with logs.about(request=logs.new_request()):
        return await handler(request)


@web.middleware
async def _told_in_words(request: web.Request, handler: guard.Handler) -> web.StreamResponse:
    """Every refusal and failure is a sentence: JSON below /api, a page elsewhere; the log has the cause."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _refusal(request, error.status, error.text or error.reason)
    except FacepulseError as error:
        logger.error("%s %s: %s", request.method, request.path, error, exc_info=error.__cause__)
        return _refusal(request, status_of(error), str(error))
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return _refusal(request, 500, "Something went wrong here; the log of the service has the cause.")


def _refusal(request: web.Request, status: int, text: str) -> web.Response:
    sentence = {404: "There is nothing at this address.", 405: "This address does not take that."}.get(status, text)
    if status == 404 and not text.startswith("404:"):
        sentence = text
    if request.path.startswith("/api/"):
        return api.problem(status, sentence, f"http_{status}")
    return request.app[HOUSE].page("message.html", status, eyebrow=None, heading="That did not work", sentence=sentence)


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve `app` until the block ends; yield the address of the page.

    Raises:
        SettingsError: the address cannot be listened on, most often because another program does.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingsError(_why_not(error, host, port)) from error
        yield _address(host, runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use; stop the other program or set FACEPULSE_WEB_PORT to another port."
    return f"The page cannot be served at {host} port {port}: {error.strerror or error}."


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
