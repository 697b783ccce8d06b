"""`facepulse swap log`: the demos that were asked for in Discord, and where each came from."""

from __future__ import annotations

import json
from typing import Any

import click

from bot.commands.history import LARGEST
from bot.commands.swap_register import with_store
from bot.terminal import answers, printable
from core.services.demos import Demos
from core.settings import read_settings
from core.store import Demo, Store


@click.command("log")
@click.option("--guild", "guild_id", type=click.IntRange(1, LARGEST), metavar="ID", help="Only of this Discord server.")
@click.option("--demo", "demo_id", metavar="HEX", help="Only the demo whose label says this id.")
@click.option("--limit", type=click.IntRange(1, LARGEST), default=20, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a demo, one a line.")
def log(guild_id: int | None, demo_id: str | None, limit: int, as_json: bool) -> None:
    """List the demos that were asked for in Discord, newest first, with where they came from."""
    settings = read_settings()

    async def find(store: Store) -> tuple[Demo, ...]:
        demos = Demos(store, settings.data_dir)
        if demo_id is not None:
            return (await demos.marked(demo_id, guild_id),)
        return await demos.list(guild_id, limit)

    found = with_store(settings, find)
    with answers() as out:
        for demo in found:
            print(json.dumps(demo_json(demo)) if as_json else printable(_line(demo)), file=out)
        if not found and not as_json:
            print("No demo was asked for yet.", file=out)


def demo_json(demo: Demo) -> dict[str, Any]:
    """Return one demo as plain JSON values; times in UTC. What was forgotten or has expired is null or empty."""
    swap, asker = demo.model.swap, demo.asker
    consent = swap.target_consent
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
        "sha256": demo.file_sha256,
        "kept": demo.file_name is not None,
        "deleted_at": None if demo.deleted_at is None else demo.deleted_at.isoformat(),
        "error": demo.error_sentence,
    }


def _line(demo: Demo) -> str:
    when = demo.requested_at.astimezone().strftime("%Y-%m-%d %H:%M")
    who = "somebody who was forgotten" if demo.asker.requester_id is None else f"user {demo.asker.requester_id}"
    ended = f": {demo.error_sentence}" if demo.error_sentence else ""
    deleted = ", deleted" if demo.deleted_at is not None else ""
    return (
        f"{demo.demo_id or '-':8}  {when}  {demo.status.value}{deleted}  model {demo.model.name}  server"
        f" {demo.model.guild_id}, {who}, declared: {demo.declaration.value}{ended}"
    )
