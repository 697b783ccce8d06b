"""Taking bytes from Discord's servers, and from nowhere else.

An attachment's address comes out of a message that anybody may have written a client for. So it is followed only to
named hosts, over TLS, at addresses on the public internet, without redirects; and what comes is counted while it
comes, whatever was announced.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import discord
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from core.errors import ClipTooLargeError, UnreadableClipError
from core.settings import DISCORD_CDN_HOSTS

logger = logging.getLogger(__name__)

ELSEWHERE = "The clip's address does not lead to Discord's own servers, so it was not fetched."
TOO_LARGE = "The clip has more than {most} MiB, the most that are accepted."
WAIT = aiohttp.ClientTimeout(total=180, connect=20, sock_read=30)
CHUNK_BYTES = 1 << 16

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, and not of a machine or network around this one."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is not None:
            return is_public(carried)
    return address.is_global and not address.is_multicast


class GuardedResolver(AbstractResolver):
    """Looks names up as `inner` does, and knows nothing of a name any of whose addresses may not be reached.

    The connection is made to the very addresses that were judged, so a name cannot change its mind in between.
    """

    def __init__(self, inner: AbstractResolver, may_reach: Callable[[Address], bool]) -> None:
        self._inner = inner
        self._may_reach = may_reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            UnreadableClipError: one of them may not be reached.
            OSError: there is no such host.
        """
        found = await self._inner.resolve(host, port, family)
        for one in found:
            if not self._may_reach(ipaddress.ip_address(one["host"].partition("%")[0])):
                logger.warning("%s was not connected to: it is at %s", host, one["host"])
                raise UnreadableClipError(ELSEWHERE)
        return found

    async def close(self) -> None:
        """Close `inner`."""
        await self._inner.close()


@dataclass(frozen=True, slots=True)
class Downloads:
    """What may be fetched from where.

    `hosts`: the only ones, by exact name. `max_bytes`: of one file. `resolver`, `may_reach`, `tls`: how names are
    looked up, which addresses count as reachable, and whose certificates are believed (those that Python believes).
    """

    max_bytes: int
    hosts: frozenset[str] = frozenset(DISCORD_CDN_HOSTS)
    resolver: Callable[[], AbstractResolver] = ThreadedResolver
    may_reach: Callable[[Address], bool] = is_public
    tls: ssl.SSLContext | bool = True

    async def fetch(self, url: str) -> bytes:
        """Return the bytes at `url`; takes the place of `discord.http.HTTPClient.get_from_cdn`.

        Raises:
            UnreadableClipError: the address, a redirect or the name's addresses lead anywhere else.
            ClipTooLargeError: it has more than `max_bytes`.
            discord.NotFound, discord.Forbidden: it is not there (any more), or not with this signature.
            discord.HTTPException, aiohttp.ClientError, OSError: it cannot be fetched now.
        """
        checked = self._checked(url)
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self.resolver(), self.may_reach), use_dns_cache=False, force_close=True
        )
        # encodings are refused and never undone: a few kilobytes can unfold to gigabytes
        async with (
            aiohttp.ClientSession(
                connector=connector, timeout=WAIT, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
            session.get(
                checked, allow_redirects=False, ssl=self.tls, headers={"Accept-Encoding": "identity"}
            ) as response,
        ):
            self._check_answer(response)
            return await self._counted(response)

    def _checked(self, address: str) -> URL:
        try:
            url = URL(address)
            ours = url.raw_host in self.hosts and not _is_address(url.raw_host)
            allowed = ours and url.scheme == "https" and url.port == 443 and url.user is None and url.password is None
        except ValueError as error:
            raise UnreadableClipError(ELSEWHERE) from error
        if not allowed:
            logger.warning("an attachment's address was not followed: host %r", url.raw_host)
            raise UnreadableClipError(ELSEWHERE)
        return url

    def _check_answer(self, response: aiohttp.ClientResponse) -> None:
        if 300 <= response.status < 400:
            logger.warning("%s wanted to send a download on to another place", response.url.raw_host)
            raise UnreadableClipError(ELSEWHERE)
        if response.status == 404:
            raise discord.NotFound(response, "the attachment is not there")
        if response.status == 403:
            raise discord.Forbidden(response, "the attachment's address is not valid any more")
        if response.status != 200:
            raise discord.HTTPException(response, "the attachment cannot be fetched")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise discord.HTTPException(response, "the attachment came packed, which was not asked for")

    async def _counted(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self.max_bytes:
            raise self._too_large()
        data = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            if len(data) + len(chunk) > self.max_bytes:
                raise self._too_large()
            data += chunk
        return bytes(data)

    def _too_large(self) -> ClipTooLargeError:
        return ClipTooLargeError(TOO_LARGE.format(most=f"{self.max_bytes / (1 << 20):g}"))


def _is_address(host: str) -> bool:
    """Whether a host is no name but a number, which is not looked up and so would not be judged."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
