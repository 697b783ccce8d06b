"""Make the README's picture: `make picture`.

Films NASA's public-domain portrait with a known pulse, checks that clip like any other, and writes the evidence
picture to docs/images/report.png.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

from core.pipeline import analyse
from core.report.figures import evidence_picture
from core.settings import VideoLimits
from tests.synth.clips import Scene, even_times, write_scene

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "report.png"


def main() -> int:
    """Write the picture and say where."""
    with tempfile.TemporaryDirectory() as folder:
        clip = write_scene(
            Path(folder) / "portrait.mp4", Scene(pulse_strength=0.01), even_times(30, 12), rate=Fraction(30), crf=12
        )
        picture = evidence_picture(analyse(clip, VideoLimits()))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(PICTURE.parents[2])}: {len(picture) / 1024:.0f} KB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
