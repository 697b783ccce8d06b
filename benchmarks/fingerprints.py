"""How far re-encoded copies, swapped faces and moved mouths are from their clips: `python -m benchmarks.fingerprints`.

Wants a folder of clips whose left half is filmed and whose right half shows the same moment with a swapped face
(DeepFaceLive's own recordings are such). For each half it prints the distance of copies at several qualities and
sizes, of the other half (at the best of several offsets in time, which is the hardest case), and of a copy in which
only the mouth is that of another moment (a clip without a face in every frame is left out there); and of every other
clip, which is cut to the same length for it.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces import FaceTracker, load_face_models
from core.settings import VideoLimits
from core.types import Frame
from core.video import open_clip
from core.video.encode import write_video
from core.video.fingerprint import COPIES_BELOW, EVERY_S, Fingerprint, distance, fingerprint, signs_of

COPIES = {
    "CRF 23": (23, 1.0),
    "CRF 28": (28, 1.0),
    "CRF 35": (35, 1.0),
    "CRF 40": (40, 1.0),
    "half size, CRF 28": (28, 0.5),
    "half size, CRF 35": (35, 0.5),
}
OFFSETS = range(-8, 9)
MOUTH = (61, 291, 0, 17)
"""Corners, top and bottom of the lips in the mesh of 468 points."""
LATER_S = 0.5
LIMITS = VideoLimits()

Pictures = list[tuple[float, NDArray[Any]]]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of side-by-side clips")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each clip that are used (5)")
    arguments = parser.parse_args()
    found: dict[str, list[float]] = defaultdict(list)
    clips = sorted(arguments.folder.glob("*.mp4"))
    prints: list[Fingerprint] = []
    with tempfile.TemporaryDirectory() as scratch:
        for clip in clips:
            for name, value in distances(clip, Path(scratch), arguments.seconds):
                found[name].append(value)
            prints.append(_print(_read(clip, arguments.seconds)))
            print(f"\r{clip.name:50s}", end="", flush=True)
    pairs = itertools.combinations(prints, 2)
    apart = [distance(replace(one, duration_s=0.0), replace(other, duration_s=0.0)) for one, other in pairs]
    found["another clip"] = [value for value in apart if np.isfinite(value)]  # the others are shorter than asked for
    print(f"\r{len(clips)} clips, two halves each" + " " * 40)
    print(f"| compared with its clip | n | least | median | 95 % | most | up to {COPIES_BELOW} |")
    print("|---|---|---|---|---|---|---|")
    for name, values in found.items():
        low, mid, high, most = np.percentile(values, (0, 50, 95, 100))
        copies = np.mean(np.array(values) <= COPIES_BELOW)
        print(f"| {name} | {len(values)} | {low:.2f} | {mid:.2f} | {high:.2f} | {most:.2f} | {copies:.0%} |")
    return 0


def distances(clip: Path, scratch: Path, seconds: float) -> Iterator[tuple[str, float]]:
    """Yield what a clip was compared with, and the distance."""
    pictures = _read(clip, seconds)
    width = pictures[0][1].shape[1] // 4 * 2
    halves = [
        [(t, np.ascontiguousarray(rgb[:, part])) for t, rgb in pictures]
        for part in (slice(0, width), slice(-width, None))
    ]
    for half in halves:
        base = _read(write_video(scratch / "base.mp4", half, crf=18, preset="veryfast"), seconds)
        own = _print(base)
        for name, (crf, scale) in COPIES.items():
            copy = write_video(scratch / "copy.mp4", _scaled(base, scale), crf=crf, preset="veryfast")
            yield name, distance(own, _print(_read(copy, seconds)))
        moved = _other_mouth(base)
        if moved is not None:
            yield "mouth of another moment", distance(own, _print(moved))
    yield "the other half: a swapped face", min(distance(*_shifted(halves, offset)) for offset in OFFSETS)


def _read(path: Path, seconds: float) -> Pictures:
    pictures: Pictures = []
    with open_clip(path, LIMITS) as reader:
        for frame in reader:
            if frame.time_s > seconds:
                break
            pictures.append((frame.time_s, frame.rgb.copy()))
    return pictures


def _print(pictures: Pictures) -> Fingerprint:
    found = fingerprint(Frame(index, time_s, rgb, 1.0) for index, (time_s, rgb) in enumerate(pictures))
    assert found is not None
    return found


def _scaled(pictures: Pictures, scale: float) -> Pictures:
    height, width = (round(side * scale / 2) * 2 for side in pictures[0][1].shape[:2])  # even, as encoders want it
    return [(t, cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)) for t, rgb in pictures]


def _shifted(halves: Sequence[Pictures], offset: int) -> tuple[Fingerprint, Fingerprint]:
    """Return the fingerprints of both halves, the second one `offset` frames later, over the frames that both have."""
    one, other = halves
    first, last = max(0, -offset), len(one) - max(0, offset)
    moments = [k for k in range(first, last) if one[k][0] >= one[first][0]]
    wanted, signs = 0, (list[NDArray[np.int8]](), list[NDArray[np.int8]]())
    for k in moments:
        if one[k][0] - one[first][0] >= wanted * EVERY_S:
            signs[0].append(signs_of(one[k][1]))
            signs[1].append(signs_of(other[k + offset][1]))
            wanted += 1
    return Fingerprint(1.0, np.stack(signs[0])), Fingerprint(1.0, np.stack(signs[1]))


def _other_mouth(pictures: Pictures) -> Pictures | None:
    """Return the clip with the mouth of `LATER_S` later in its place, its rim blended; None without a face."""
    tracker = FaceTracker(load_face_models())
    seen = {}
    for index, (time_s, rgb) in enumerate(pictures):
        observations = tracker.step(Frame(index, time_s, rgb, 1.0))
        if observations:
            seen[index] = max(observations, key=lambda one: np.ptp(one.landmarks_px[:, 1])).landmarks_px[
                list(MOUTH), :2
            ]
    later = round(LATER_S / np.median(np.diff([t for t, _ in pictures])))
    moved = []
    for index, (time_s, rgb) in enumerate(pictures):
        other = index + later if index + later < len(pictures) else index - later
        if index not in seen or other not in seen:
            return None
        moved.append((time_s, _with_mouth(rgb, seen[index], pictures[other][1], seen[other])))
    return moved


def _with_mouth(
    rgb: NDArray[np.uint8], here: NDArray[np.float32], other: NDArray[np.uint8], there: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return a picture with the mouth of another one, moved to where its own is."""
    shift = (here.mean(0) - there.mean(0)).astype(np.float64)
    height, width = rgb.shape[:2]
    aligned = cv2.warpAffine(other, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (width, height))
    mask: NDArray[Any] = np.zeros((height, width), np.float32)
    size = np.ptp(here, axis=0) * (0.65, 0.9)
    cv2.ellipse(mask, tuple(map(int, here.mean(0))), tuple(map(int, size)), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), max(1.0, float(size[0]) / 8))[:, :, None]
    return np.round(mask * aligned + (1 - mask) * rgb).astype(np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
