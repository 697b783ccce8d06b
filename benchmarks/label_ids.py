"""How often the label of a demo is not read back only because of its id: `python -m benchmarks.label_ids --ids 1000`.

One short clip (the portrait that scikit-image carries, in a square as /demo makes it) is labelled with one id after
another, written and read back as `core.swap.label` does it before a demo is let out. First is told how many ids are
given to no demo, then how many of the others fail in each mark, with 95 % intervals.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import binomtest

from core.swap.label import CRF, FRAMES_FOR_CODES, OWN, PRESET, labelled_frame
from core.types import MergedFrame
from core.video import open_clip
from core.video.encode import write_video
from core.watermark import FoundMarks, MarkReader
from core.watermark.code import is_well_read
from tests.synth.clips import Scene, even_times, iter_frames

RATE = Fraction(25)
SIDE_PX, FACE_PX = 428, 150
MARKS = ("svd", "tiles", "code")


def main() -> None:
    """Label, read, and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=1000, help="that are labelled with")
    parser.add_argument("--seconds", type=float, default=0.3, help="of the clip: the shorter, the harder")
    parser.add_argument("--seed", default="", help="another one draws other ids")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    drawn, ids = Counter[bool](), list[str]()
    while len(ids) < given.ids:
        demo_id = hashlib.sha256(f"{given.seed}{drawn.total()}".encode()).hexdigest()[:8]
        well = is_well_read(demo_id)
        drawn[well] += 1
        ids += [demo_id] * well
    print(f"given to no demo: {_share(drawn[False], drawn.total())}")
    frames, failed = list(_frames(given.seconds)), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for demo_id in ids:
            found = _read_back(frames, demo_id, Path(folder) / "demo.mp4")
            missing = [mark for mark in MARKS if getattr(found, mark) != demo_id]
            failed.update([*missing, "any"] if missing else ())
    for mark in ("any", *MARKS):
        print(f"not read at first, {given.seconds:g} s, {mark}: {_share(failed[mark], len(ids))}")


def _frames(duration_s: float) -> Iterator[MergedFrame]:
    scene, times = Scene(width_px=SIDE_PX, height_px=SIDE_PX, face_px=FACE_PX), even_times(RATE, duration_s)
    middle, half = SIDE_PX / 2, FACE_PX / 2
    box = np.array([[middle - half, middle - 1.2 * half, middle + half, middle + 1.2 * half]], np.float32)
    for time_s, rgb in zip(times, iter_frames(scene, times, 0), strict=True):
        yield MergedFrame(float(time_s), rgb, box)


def _read_back(frames: list[MergedFrame], demo_id: str, path: Path) -> FoundMarks:
    pictures = ((frame.time_s, labelled_frame(frame, demo_id)) for frame in frames)
    write_video(path, pictures, crf=CRF, preset=PRESET, rate=RATE)
    reader = MarkReader(kept=FRAMES_FOR_CODES)
    with open_clip(path, OWN) as clip:
        for frame in clip:
            reader.add(frame.rgb)
    return reader.read()


def _share(hits: int, of: int) -> str:
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits} of {of} ({interval.low:.2%} to {interval.high:.2%})"


if __name__ == "__main__":
    main()
