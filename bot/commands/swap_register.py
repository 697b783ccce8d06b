"""`facepulse swap register`, `unregister` and `registered`: which trained swaps which Discord server is offered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from bot.commands.history import LARGEST
from bot.terminal import answers, printable
from core.media import open_media
from core.services import swap_registry
from core.services.demos import Demos
from core.settings import Settings, read_settings
from core.store import Store, SwapModel, migrate, open_store

T = TypeVar("T")
GUILD = click.option(
    "--guild", "guild_id", type=click.IntRange(1, LARGEST), metavar="ID", required=True, help="The Discord server."
)


@click.command()
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@GUILD
@click.option("--name", help="What it is called in Discord; by default as its folder or file.")
@click.option(
    "--source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="SET",
    help="A face set of the person who films: only clips of somebody who is like them become demos. Once its pictures "
    "change, the model must be registered again.",
)
def register(model: Path, guild_id: int, name: str | None, source: Path | None) -> None:
    """Offer a trained swap to a Discord server.

    The consent of the person shown must allow demos and Discord. An admin of the server sees that consent and allows
    the model there with /demo allow; nobody can use it before.
    """

    async def do(store: Store) -> SwapModel:
        return await swap_registry.register(store, model, guild_id, name=name, source=source)

    registered = with_store(read_settings(), do)
    click.echo(f"Registered {registered.name} for server {guild_id}. An admin allows it there: /demo allow")


@click.command()
@click.argument("name")
@GUILD
def unregister(name: str, guild_id: int) -> None:
    """End the use of a model in a server at once: its waiting demos are cancelled and its kept ones deleted.

    Messages in Discord with its demos stay until somebody there uses /demo withdraw.
    """
    settings = read_settings()

    async def do(store: Store) -> tuple[int, int]:
        media = open_media(settings.media_place, settings.data_dir)
        gone = await Demos(store, settings.data_dir, media=media).withdraw(guild_id, name, by=None)
        return gone.cancelled, len(gone.posted)

    cancelled, posted = with_store(settings, do)
    click.echo(f"Withdrew {name} from server {guild_id}; waiting demos cancelled: {cancelled}.")
    if posted:
        click.echo(f"Demos of it that are still posted in Discord: {posted}. /demo withdraw deletes their messages.")


@click.command()
def registered() -> None:
    """List the models that servers may use or were offered."""

    async def do(store: Store) -> tuple[SwapModel, ...]:
        return await store.swap_models.of_guild(None)

    models = with_store(read_settings(), do)
    with answers() as out:
        for model in models:
            state = _state(model)
            person = model.swap.target_consent.person
            line = f"{model.guild_id}  {model.name}  {state}  face of {person}  {model.path}"
            print(printable(line), file=out)
        if not models:
            print("No model is registered; `facepulse swap register` does that.", file=out)


def _state(model: SwapModel) -> str:
    if not model.is_bound:
        return "must be registered again"
    return "allowed" if model.is_usable else "waits for /demo allow"


def with_store(settings: Settings, do: Callable[[Store], Awaitable[T]]) -> T:
    """Return what `do` makes of the open log.

    Raises:
        FacepulseError: what `do` raises, or the log cannot be opened.
    """

    async def opened() -> T:
        async with open_store(settings.resolved_database_url) as store:
            return await do(store)

    migrate(settings.resolved_database_url)
    return asyncio.run(opened())
