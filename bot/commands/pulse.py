"""`facepulse pulse`: the pulse alone."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("clip", metavar="CLIP")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="OUT.png", help="Draw the pulse and its spectrum.")
def pulse(clip: str, as_json: bool, plot: Path | None) -> int:
    """Read the pulse of the most prominent face in a clip.

    Exit status: 0 the clip was read (even where no pulse was), 1 it could not be read, 2 a wrong call.
    """
    from bot import pulse_reading  # noqa: PLC0415  (loads what only a reading needs)

    return pulse_reading.read_clip(clip, as_json=as_json, plot=plot)
