"""`facepulse check`: clips in, verdicts out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a clip, one a line.")
@click.option(
    "--report",
    "report_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write report.html and the figures there; for several clips into a folder each.",
)
@click.option("--fresh", is_flag=True, help="Analyse again even if the log has an answer.")
@click.option("--no-log", is_flag=True, help="Leave the log alone: neither look there nor write.")
def check(clips: Sequence[str], as_json: bool, report_dir: Path | None, fresh: bool, no_log: bool) -> int:
    """Check video clips for signs of manipulation.

    Exit status: 0 every clip got an answer ("can't tell" is one), 1 a clip could not be read, 2 a wrong call.
    """
    from bot import checking  # noqa: PLC0415  (loads what only a check needs)

    return checking.check_clips(clips, as_json=as_json, report_dir=report_dir, fresh=fresh, use_log=not no_log)
