"""The engine that real checks are made with. Importing it loads the whole analysis: only worker processes do."""

from __future__ import annotations

from pathlib import Path

from core.pipeline import analyse, load_tools
from core.report.figures import evidence_picture
from core.report.page import write_report
from core.services.analysis import Engine
from core.services.copies import Eye
from core.settings import VideoLimits
from core.store import ClipLook
from core.types import Analysis
from core.video import open_clip
from core.video.fingerprint import COPIES_BELOW, SAME_LENGTH_S, VERSION, Fingerprint, apart, fingerprint

EVIDENCE_PICTURE = "evidence.png"
LOOK_SIDE_PX = 512
"""Pictures are looked at no larger than this: the cells of a fingerprint are far coarser."""


def draw(analysis: Analysis, folder: Path, clip_name: str) -> None:
    """Write `evidence.png`, `report.html` and the figures of the report into `folder`.

    Raises:
        OutputError: they cannot be written.
    """
    (folder / EVIDENCE_PICTURE).write_bytes(evidence_picture(analysis))
    write_report(analysis, folder, clip_name)


def look(path: Path, limits: VideoLimits) -> ClipLook | None:
    """Return what a clip looks like, from one picture a second.

    Raises:
        ClipError: it cannot be decoded.
    """
    with open_clip(path, limits.model_copy(update={"analysis_max_side_px": LOOK_SIDE_PX})) as frames:
        seen = fingerprint(frames)
    return None if seen is None else ClipLook(VERSION, seen.duration_s, seen.packed())


def looks_apart(one: ClipLook, other: ClipLook) -> float:
    """Return how far two looks are apart; infinite for one that cannot be read."""
    try:
        return apart(*(Fingerprint.unpacked(look.duration_s, look.signs) for look in (one, other)))
    except ValueError:
        return float("inf")


ENGINE = Engine(analyse, draw, load_tools, Eye(look, looks_apart, COPIES_BELOW, SAME_LENGTH_S))
