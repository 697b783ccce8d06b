"""`facepulse swap log`: the demos that were made here or asked for in Discord, and where each came from."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from bot.commands.history import LARGEST
from bot.commands.swap_register import with_store
from bot.terminal import answers, printable
from core.services.demo_notes import NotedDemo, noted
from core.services.demos import Demos
from core.settings import read_settings
from core.store import Demo, Store
from core.types.swap import TrainedSwap


@click.command("log")
@click.option("--guild", "guild_id", type=click.IntRange(1, LARGEST), metavar="ID", help="Only of this Discord server.")
@click.option("--demo", "demo_id", metavar="HEX", help="Only the demo whose label says this id.")
@click.option("--limit", type=click.IntRange(1, LARGEST), default=20, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a demo, one a line.")
def log(guild_id: int | None, demo_id: str | None, limit: int, as_json: bool) -> None:
    """List the demos that `swap make` and `swap live` made here and those that were asked for in Discord.

    The newest is first, each with where it came from.
    """
    settings = read_settings()
    wanted = None if demo_id is None else demo_id.strip().lower()
    here = [one for one in noted(settings.data_dir) if guild_id is None and wanted in (None, one.demo_id)]

    async def find(store: Store) -> tuple[Demo, ...]:
        demos = Demos(store, settings.data_dir)
        if demo_id is not None:
            return (await demos.marked(demo_id, guild_id),)
        return await demos.list(guild_id, limit)

    asked_for = () if here and wanted is not None else with_store(settings, find)
    found: list[Demo | NotedDemo] = [*here, *asked_for]
    found.sort(key=_when, reverse=True)
    with answers() as out:
        for demo in found[:limit]:
            print(_told(demo, as_json), file=out)
        if not found and not as_json:
            print("No demo was made or asked for yet.", file=out)


def noted_json(demo: NotedDemo) -> dict[str, Any]:
    """Return a demo that was made by command as plain JSON values, under the names of `demo_json`; times in UTC."""
    return {
        "demo": None,
        "demo_id": demo.demo_id,
        "status": "live" if demo.file_sha256 is None else "done",
        "finished_at": demo.made_at.isoformat(),
        "made_by": demo.made_by,
        "driver_sha256": demo.driver_sha256,
        **_swap_json(demo.swap),
        "sha256": demo.file_sha256,
    }


def demo_json(demo: Demo) -> dict[str, Any]:
    """Return one demo as plain JSON values; times in UTC. What was forgotten or has expired is null or empty."""
    asker = demo.asker
    return {
        "demo": demo.id,
        "demo_id": demo.demo_id,
        "status": demo.status.value,
        "requested_at": demo.requested_at.isoformat(),
        "finished_at": None if demo.finished_at is None else demo.finished_at.isoformat(),
        "guild_id": demo.model.guild_id,
        "channel_id": asker.channel_id,
        "message_id": demo.answer_message_id,
        "requester_id": asker.requester_id,
        "declaration": demo.declaration.value,
        "declared_how": demo.declared_how,
        "driver": demo.driver_name,
        "driver_sha256": demo.driver_sha256,
        "model": demo.model.name,
        **_swap_json(demo.model.swap),
        "sha256": demo.file_sha256,
        "kept": demo.file_name is not None,
        "deleted_at": None if demo.deleted_at is None else demo.deleted_at.isoformat(),
        "error": demo.error_sentence,
    }


def _swap_json(swap: TrainedSwap) -> dict[str, Any]:
    consent = swap.target_consent
    return {
        "weights_sha256": swap.weights_sha256,
        "source_set": swap.source_id,
        "target_set": swap.target_id,
        "consent": {
            "person": consent.person,
            "how": consent.how,
            "given_at": consent.given_at.isoformat(),
            "basis": consent.basis.value,
            "scope": sorted(consent.scope),
        },
    }


def _told(demo: Demo | NotedDemo, as_json: bool) -> str:
    if isinstance(demo, NotedDemo):
        return json.dumps(noted_json(demo)) if as_json else printable(_noted_line(demo))
    return json.dumps(demo_json(demo)) if as_json else printable(_line(demo))


def _when(demo: Demo | NotedDemo) -> datetime:
    return demo.made_at if isinstance(demo, NotedDemo) else demo.requested_at


def _noted_line(demo: NotedDemo) -> str:
    when = demo.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
    how = "shown live" if demo.file_sha256 is None else "made"
    return f"{demo.demo_id:8}  {when}  {how} here by {demo.made_by}, face of {demo.swap.target_consent.person}"


def _line(demo: Demo) -> str:
    when = demo.requested_at.astimezone().strftime("%Y-%m-%d %H:%M")
    who = "somebody who was forgotten" if demo.asker.requester_id is None else f"user {demo.asker.requester_id}"
    ended = f": {demo.error_sentence}" if demo.error_sentence else ""
    deleted = ", deleted" if demo.deleted_at is not None else ""
    return (
        f"{demo.demo_id or '-':8}  {when}  {demo.status.value}{deleted}  model {demo.model.name}  server"
        f" {demo.model.guild_id}, {who}, declared: {demo.declaration.value}{ended}"
    )
