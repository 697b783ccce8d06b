"""`/readyz` and `/metrics`: for those who run the service, and their programs."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.web.metrics import Metrics
from core.services.operations import Operations
from core.settings import Networks

logger = logging.getLogger(__name__)

METRICS = "/metrics"


class Watching:
    """What the two pages are handed.

    Args:
        operations: reads the state of the service.
        readers: the networks that may read the metrics.
    """

    def __init__(self, operations: Operations, readers: Networks) -> None:
        self._operations = operations
        self._readers = readers
        self._metrics = Metrics()

    def may_read(self, request: web.Request) -> bool:
        """Return whether the address that asks is in one of the networks of `readers`."""
        address = _address_of(request)
        return address is not None and any(address in network for network in self._readers)

    def is_distant_reader(self, request: web.Request) -> bool:
        """Return whether a reader on another machine asks for the metrics: under whatever name it knows this one.

        On this machine the name is looked at: a browser here may be made to ask by any web site (DNS rebinding).
        """
        address = _address_of(request)
        return request.path == METRICS and address is not None and not address.is_loopback and self.may_read(request)

    async def ready(self, _request: web.Request) -> web.Response:
        """GET /readyz: 200 when a question asked now would be answered, else 503, and which part does not work."""
        state = await self._operations.readiness()
        parts = {"database": state.database, "worker": state.worker, "discord": state.discord, "media": state.media}
        return web.json_response({"ready": state.is_ready, **parts}, status=200 if state.is_ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """GET /metrics: in Prometheus' text format, for the configured readers."""
        if not self.may_read(request):
            logger.warning("refused the metrics to %s", request.remote)
            raise web.HTTPForbidden(text="The metrics are for the addresses of FACEPULSE_METRICS_READERS.")
        page = self._metrics.page(await self._operations.snapshot())
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the routes of the two pages."""
        pages: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {
            "/readyz": self.ready,
            METRICS: self.metrics,
        }
        return [web.get(path, handler) for path, handler in pages.items()]


def _address_of(request: web.Request) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
