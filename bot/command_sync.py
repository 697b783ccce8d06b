"""Telling Discord the commands: only when they differ from those it was told last, for it limits how often."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

logger = logging.getLogger(__name__)

TOLD = "discord_commands.json"
"""The file in the data directory that remembers, by application, what Discord was told last."""


async def sync_commands(tree: app_commands.CommandTree[Any], data_dir: Path) -> bool:
    """Tell Discord the global commands of `tree` if they, or their translations, have changed; return whether it was.

    A refusal costs no start: it is logged, the bot works with the commands that Discord knows, and the next start
    tries again. Deleting `TOLD` makes the next start tell them anew.
    """
    application = str(tree.client.application_id)
    path = data_dir / TOLD
    told = await asyncio.to_thread(_read, path)
    try:
        now = await _fingerprint(tree)
        if told.get(application) == now:
            return False
        commands = await tree.sync()
    except (discord.DiscordException, OSError):
        logger.exception("Discord did not take the commands; it is told again at the next start")
        return False
    logger.info("told Discord %d commands", len(commands))
    await asyncio.to_thread(_write, path, {**told, application: now})
    return True


async def _fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """Return a hash of all that Discord would be told, in all languages."""
    translator = tree.translator
    payload = [
        command.to_dict(tree) if translator is None else await command.get_translated_payload(tree, translator)
        for command in tree.get_commands()
    ]
    payload.sort(key=lambda command: (command["name"], command["type"]))
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, str]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(path: Path, told: dict[str, str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    except OSError as error:  # nothing is lost: Discord is told once more than needed
        logger.warning("cannot remember which commands Discord was told: %s", error)
