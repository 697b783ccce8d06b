"""The clip that times are measured on."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

from tests.synth.clips import Scene, even_times, write_scene


def synthetic_clip(folder: Path) -> Path:
    """Film 10 s of one 220-px face with a pulse at 1280×720, 30 frames/s, into `folder`."""
    print("Filming ten seconds of a face…", file=sys.stderr)
    return write_scene(folder / "bench.mp4", Scene(), even_times(30, 10), rate=Fraction(30))
