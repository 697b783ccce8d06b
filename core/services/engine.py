"""The engine that real checks are made with. Importing it loads the whole analysis: only worker processes do."""

from __future__ import annotations

from pathlib import Path

from core.pipeline import analyse, load_tools
from core.report.figures import evidence_picture
from core.report.page import write_report
from core.services.analysis import Engine
from core.types import Analysis

EVIDENCE_PICTURE = "evidence.png"


def draw(analysis: Analysis, folder: Path, clip_name: str) -> None:
    """Write `evidence.png`, `report.html` and the figures of the report into `folder`.

    Raises:
        OutputError: they cannot be written.
    """
    (folder / EVIDENCE_PICTURE).write_bytes(evidence_picture(analysis))
    write_report(analysis, folder, clip_name)


ENGINE = Engine(analyse, draw, load_tools)
