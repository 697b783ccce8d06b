"""`facepulse doctor`: what stands between a hostile clip and this machine."""

from __future__ import annotations

import click


@click.command()
def doctor() -> int:
    """Start a decoding child as for a clip, and say what this machine lets it be walled in with.

    Exit status: 0 everything stands, 1 something is missing.
    """
    from bot.bootstrap import read_settings  # noqa: PLC0415  (loads the database's libraries)
    from core.video import WALL_NAMES, standing_walls  # noqa: PLC0415  (loads numpy)

    walls = standing_walls(read_settings().video)
    click.echo("Clips are decoded in a process of their own, with limits on files, memory and time. It has here:")
    for name, words in WALL_NAMES.items():
        click.echo(f"    {'MISSING' if name in walls.missing else 'ok':<9}{words}")
    if walls.missing:
        click.echo("What is missing, and what to do: docs/decisions/0002-decode-in-a-disposable-child.md")
    return int(bool(walls.missing))
