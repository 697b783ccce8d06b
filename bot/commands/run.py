"""`facepulse run`: the service. Database, workers, the local page and, with a token, Discord."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import click

from bot.bootstrap import App, read_settings, start_app
from bot.client import FacepulseBot, stay_joined
from bot.downloads import Downloads
from bot.membership import Membership
from bot.memory import settle_memory
from bot.web.app import build_web_app, serving
from bot.web.watching import Watching
from core import logs
from core.errors import FacepulseError, MediaStoreError
from core.jobs.local import LocalWorkers
from core.media import MediaStore
from core.services.operations import Operations
from core.services.retention import retain
from core.settings import Settings

logger = logging.getLogger(__name__)

LEAVE_S = 2.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@click.command("run")
def run() -> None:
    """Start the service: the local page and, with DISCORD_TOKEN set, the Discord bot.

    Ctrl-C (or SIGTERM) stops it; that is a success, exit status 0.
    """
    logs.set_up("text", "service")
    try:
        settings = read_settings()
        logs.set_up(settings.log_format, "service")
        asyncio.run(serve(settings))
    except FacepulseError as error:
        logger.debug("the service ended", exc_info=error)
        click.echo(f"{error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:  # before the signal handlers were in place
        sys.exit(130)


async def serve(settings: Settings) -> None:
    """Run the service until a signal asks it to stop or a part of it fails.

    Raises:
        FacepulseError: a part cannot start or go on; the sentence says which and what to do.
    """
    stop, membership = asyncio.Event(), Membership()
    with _stopped_by_signals(stop):
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(start_app(settings))
            address = await stack.enter_async_context(_page(app, membership))
            await stack.enter_async_context(LocalWorkers(settings))
            await stack.enter_async_context(_retention(app))
            settle_memory()
            _announce(settings, address)
            await asyncio.to_thread(_look_at_media, app.media)
            await _until_stopped(stop, app, membership)
            click.echo("Stopping…")


@asynccontextmanager
async def _page(app: App, membership: Membership) -> AsyncIterator[str]:
    settings = app.settings
    joined = None if settings.discord_token is None else membership.is_joined
    watching = Watching(Operations(app.store, joined, media=app.media), settings.metrics_readers)
    web_app = build_web_app(app.house(), settings.web_host, watching)
    async with serving(web_app, settings.web_host, settings.web_port) as address:
        yield address


@asynccontextmanager
async def _retention(app: App) -> AsyncIterator[None]:
    """Let checks expire and delete kept clips, now and then, for as long as the block lasts."""
    keeping = asyncio.create_task(retain(app.store, app.services.desk.folders), name="retention")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping], timeout=LEAVE_S)


def _announce(settings: Settings, address: str) -> None:
    if settings.discord_token is None:
        click.echo(f"DISCORD_TOKEN is not set: not joining Discord; the local page is at {address}")
    else:
        click.echo(f"Joining Discord; the local page is at {address}")
    if settings.web_host not in LOOPBACK:
        logger.warning("the page has no log-in and is open to everyone who reaches %s", address)


def _look_at_media(media: MediaStore) -> None:
    """Say at once when clips cannot be kept: a bucket may be named wrongly, or come up a moment later."""
    try:
        media.probe()
    except MediaStoreError as error:
        logger.warning("clips cannot be kept: %s", error.__cause__ or error)


def _bot(app: App, membership: Membership) -> FacepulseBot:
    settings = app.settings
    downloads = Downloads(settings.video.max_bytes, frozenset(settings.download_hosts))
    bot = FacepulseBot(app.services, message_content=settings.discord_message_content, downloads=downloads)
    membership.follow(bot)
    return bot


async def _until_stopped(stop: asyncio.Event, app: App, membership: Membership) -> None:
    """Wait for the signal; with a token, be on Discord meanwhile. What ends Discord for good ends the wait."""
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait(), name="signal")]
    if app.settings.discord_token is not None:
        token = app.settings.discord_token.get_secret_value()
        waiting.append(asyncio.create_task(stay_joined(lambda: _bot(app, membership), token), name="discord"))
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=LEAVE_S)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
