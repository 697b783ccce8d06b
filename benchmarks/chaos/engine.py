"""What the workers of a round analyse with: the real analysis of clips that are one, a short pause for all others."""

from __future__ import annotations

import functools
import time
from pathlib import Path

from core.services.analysis import Engine
from core.settings import VideoLimits
from core.types import Analysis, Progress, ProgressCallback, Stage
from tests.synth import engines, logs

MADE_UP = b"no clip "
"""What a file begins with that is analysed by waiting."""
STEPS, STEP_S = 8, 0.05


def analyse(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Analyse as the service does, with decoding child and networks; or wait a moment for what is made up."""
    with path.open("rb") as file:
        made_up = file.read(len(MADE_UP)) == MADE_UP
    if not made_up:
        from core import pipeline  # noqa: PLC0415 - takes seconds, and most workers never need it

        return pipeline.analyse(path, limits, progress, _tools())
    for step in range(STEPS):
        progress(Progress(Stage.FRAMES, step, STEPS, None))
        time.sleep(STEP_S)
    return logs.analyse(path, limits, progress)


@functools.cache
def _tools() -> object:
    from core import pipeline  # noqa: PLC0415

    return pipeline.load_tools()


ENGINE = Engine(analyse, engines.draw, engines.nothing_to_load)
