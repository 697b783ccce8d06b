"""What stands before every page: who may ask (Host, Origin) and what browsers may do with the answer (headers).

The page listens on the loopback address and has no log-in, so other web sites are what it must be kept from:

- a site whose name is made to point at 127.0.0.1 (DNS rebinding) is refused by its Host header: a number, "localhost"
  and the configured host are the only names answered to;
- a site that posts a form here is refused by Sec-Fetch-Site, Origin or Referer, which browsers always send with a POST.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_own_host(host: str, configured: str) -> bool:
    """Return whether the Host header `host` ("name:port") is a number, localhost or the configured name."""
    name = _hostname(host)
    if name is None:
        return False
    if name in {"localhost", configured.lower()}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def comes_from_here(headers: dict[str, str], host: str) -> bool:
    """Return whether a POST with these headers (names in lower case) was sent by a page of ours or by no browser.

    A program such as curl sends none of the three headers and is let through: it carries no one's cookies.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin") or headers.get("referer")
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def _set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def install(
    app: web.Application, configured_host: str, under_any_name: Callable[[web.Request], bool] | None = None
) -> None:
    """Put the guard before all handlers of `app` and its headers on all answers.

    Args:
        app: the web application.
        configured_host: a name that is answered to, beside numbers and "localhost".
        under_any_name: says of a request whether its Host header does not matter.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        named_otherwise = under_any_name is not None and under_any_name(request)
        if not is_own_host(request.host, configured_host) and not named_otherwise:
            logger.warning("refused a request for the host %r", request.host)
            raise web.HTTPForbidden(text="This page answers only under its own address.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method not in SAFE_METHODS and not comes_from_here(headers, request.host):
            logger.warning("refused a %s from %r", request.method, headers.get("origin"))
            raise web.HTTPForbidden(text="This form was not sent from this page.")
        return await handler(request)

    middleware: Middleware = guard
    app.middlewares.append(middleware)
    app.on_response_prepare.append(_set_headers)
