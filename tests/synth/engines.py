"""Engines that stand in for the analysis, in this process or, by name, in a worker process."""

from __future__ import annotations

import time
from pathlib import Path

from core.errors import UnreadableClipError
from core.services.analysis import Engine
from core.settings import VideoLimits
from core.types import Analysis, Progress, ProgressCallback, Stage
from tests.synth.logs import analyse

GIVE_UP_S = 60.0


def draw(analysis: Analysis, folder: Path, clip_name: str) -> None:
    """Writes the names of the files that the real engine makes."""
    (folder / "evidence.png").write_bytes(b"picture of " + analysis.report.clip_sha256.encode())
    (folder / "report.html").write_text(clip_name)


def nothing_to_load() -> None:
    """Needs no networks."""


def refuse(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Finds that the file is no video."""
    raise UnreadableClipError("This is not a video.")


def break_down(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Has a mistake in it."""
    raise ZeroDivisionError("/secret/path")


def until_told(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Notes that it started, and tells its progress until a file called `go` lies in the data folder."""
    data_dir, started = path.parent.parent, time.monotonic()
    with (data_dir / "started").open("a") as notes:
        notes.write("started\n")
    frames = 0
    while not (data_dir / "go").exists() and time.monotonic() - started < GIVE_UP_S:
        frames += 1
        progress(Progress(Stage.FRAMES, frames, None, None))
        time.sleep(0.002)
    return analyse(path, limits, progress)


def deaf(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Like `until_told`, but never tells its progress, so that it cannot be asked to stop."""
    return until_told(path, limits, lambda _: None)


QUICK = Engine(analyse, draw, nothing_to_load)
REFUSING = Engine(refuse, draw, nothing_to_load)
BROKEN = Engine(break_down, draw, nothing_to_load)
WAITING = Engine(until_told, draw, nothing_to_load)
DEAF = Engine(deaf, draw, nothing_to_load)
