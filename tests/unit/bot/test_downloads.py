"""Bytes come from Discord's servers or not at all; each refusal against a server that really answers so."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.downloads import CHUNK_BYTES, Downloads, is_public
from core.errors import ClipTooLargeError, UnreadableClipError

HOST = "cdn.discordapp.com"
CLIP = b"a clip" * 100
MAX_BYTES = 3 * CHUNK_BYTES
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Book(AbstractResolver):
    """A name service that knows one address and port for every name."""

    def __init__(self, address: str, port: int) -> None:
        self._address, self._port = address, port
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        at = self._address
        kind = socket.AF_INET6 if ":" in at else socket.AF_INET
        return [ResolveResult(hostname=host, host=at, port=self._port, family=kind, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key and certificate of a `HOST` of our own, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    path.write_bytes(private + signed.public_bytes(pem))
    return path


Serve = Callable[[Answer], Awaitable[Downloads]]


@pytest.fixture
async def serve(certificate: Path) -> AsyncIterator[Serve]:
    """Start a server that answers so, and return the downloads that believe it to be `HOST`."""
    servers: list[TestServer] = []

    async def start(answer: Answer) -> Downloads:
        app = web.Application()
        app.router.add_get("/{name}", answer)
        server = TestServer(app, scheme="https")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        await server.start_server(ssl=context)
        servers.append(server)
        return Downloads(
            MAX_BYTES,
            resolver=lambda: Book("127.0.0.1", server.port or 0),
            may_reach=lambda _: True,
            tls=ssl.create_default_context(cafile=str(certificate)),
        )

    yield start
    for server in servers:
        await server.close()


async def clip(_: web.Request) -> web.Response:
    return web.Response(body=CLIP)


async def test_an_attachment_is_fetched_whole(serve: Serve) -> None:
    downloads = await serve(clip)
    assert await downloads.fetch(f"https://{HOST}/a.mp4?ex=1&is=2") == CLIP


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.discordapp.com/a.mp4",
        "https://cdn.discordapp.com.example.org/a.mp4",
        "https://evil.example.org/cdn.discordapp.com",
        "https://sub.cdn.discordapp.com/a.mp4",
        "https://cdn.discordapp.com@example.org/a.mp4",
        "https://me:you@cdn.discordapp.com/a.mp4",
        "https://cdn.discordapp.com:8443/a.mp4",
        "https://127.0.0.1/a.mp4",
        "https://[::1]/a.mp4",
        "https://2130706433/a.mp4",
        "file:///etc/passwd",
        "ftp://cdn.discordapp.com/a.mp4",
        "https://",
        "https://[/",
        "",
    ],
)
async def test_an_address_elsewhere_is_not_followed(address: str) -> None:
    book = Book("93.184.216.34", 9)
    with pytest.raises(UnreadableClipError, match="Discord's own servers"):
        await Downloads(MAX_BYTES, resolver=lambda: book).fetch(address)
    assert book.asked == []


async def test_a_configured_host_takes_the_place_of_discords(serve: Serve) -> None:
    downloads = replace(await serve(clip), hosts=frozenset({"media.example.org"}))
    with pytest.raises(UnreadableClipError, match="Discord's own servers"):
        await downloads.fetch(f"https://{HOST}/a.mp4")
    with pytest.raises(aiohttp.ClientConnectorCertificateError):  # asked, and not who it says it is
        await downloads.fetch("https://media.example.org/a.mp4")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.8",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "ff02::1", "::"),
    ],
)
async def test_a_host_at_an_address_around_this_machine_is_not_reached(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(UnreadableClipError, match="Discord's own servers"):
        await Downloads(MAX_BYTES, resolver=lambda: Book(address, 1)).fetch(f"https://{HOST}/a.mp4")


@pytest.mark.parametrize("address", ["162.159.130.233", "2606:4700::6810:1", "::ffff:162.159.130.233"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_even_to_the_same_host(serve: Serve, status: int) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": f"https://{HOST}/other"})

    downloads = await serve(elsewhere)
    with pytest.raises(UnreadableClipError, match="Discord's own servers"):
        await downloads.fetch(f"https://{HOST}/a.mp4")
    assert asked == ["/a.mp4"]


async def test_a_file_as_large_as_allowed_is_taken_and_one_byte_more_is_not(serve: Serve) -> None:
    async def sized(request: web.Request) -> web.Response:
        return web.Response(body=bytes(int(request.match_info["name"])))

    downloads = await serve(sized)
    assert len(await downloads.fetch(f"https://{HOST}/{MAX_BYTES}")) == MAX_BYTES
    with pytest.raises(ClipTooLargeError, match="more than"):
        await downloads.fetch(f"https://{HOST}/{MAX_BYTES + 1}")


async def test_a_file_without_end_is_dropped_where_it_passes_the_limit(serve: Serve) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 1 << 30:
            await response.write(bytes(CHUNK_BYTES))
            sent += CHUNK_BYTES
        return response

    downloads = await serve(endless)
    with pytest.raises(ClipTooLargeError):
        await downloads.fetch(f"https://{HOST}/a.mp4")
    assert sent < 64 << 20  # what fits between the two, not the gigabyte


async def test_a_packed_answer_is_refused_and_not_unfolded(serve: Serve) -> None:
    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    downloads = await serve(packed)
    with pytest.raises(discord.HTTPException, match="packed"):
        await downloads.fetch(f"https://{HOST}/a.mp4")


async def test_an_answer_cut_short_is_no_clip(serve: Serve) -> None:
    async def short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    downloads = await serve(short)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await downloads.fetch(f"https://{HOST}/a.mp4")


@pytest.mark.parametrize(
    ("status", "kind"), [(404, discord.NotFound), (403, discord.Forbidden), (500, discord.HTTPException)]
)
async def test_what_discord_refuses_is_its_own_error(serve: Serve, status: int, kind: type[Exception]) -> None:
    async def refused(_: web.Request) -> web.Response:
        return web.Response(status=status)

    downloads = await serve(refused)
    with pytest.raises(kind):
        await downloads.fetch(f"https://{HOST}/a.mp4")


async def test_a_server_that_is_not_who_it_says_is_not_believed(serve: Serve) -> None:
    downloads = replace(await serve(clip), tls=True)
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await downloads.fetch(f"https://{HOST}/a.mp4")
