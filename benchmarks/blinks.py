"""When the faces of clips blink: `python -m benchmarks.blinks CLIP [CLIP…]`, to be compared with what the eye counts.

One line a face: where it is, how long its eyes were in view, and the time of each blink in seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from core.faces import FaceModels, FaceTracker, load_face_models
from core.faces.eyes import EyeWatcher
from core.settings import VideoLimits
from core.signals.blinks import MAX_YAW_DEG, MIN_FACE_PX, count_blinks
from core.video import open_clip


def main() -> int:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    models = load_face_models()
    for clip in parser.parse_args().clips:
        for line in blink_lines(clip, models):
            print(f"{clip.name} {line}", flush=True)
    return 0


def blink_lines(clip: Path, models: FaceModels) -> list[str]:
    """Return one line for each face of the clip, the most prominent first."""
    tracker, watcher = FaceTracker(models), EyeWatcher(models.eyes, MIN_FACE_PX, MAX_YAW_DEG)
    with open_clip(clip, VideoLimits()) as reader:
        for frame in reader:
            for observation in tracker.step(frame):
                watcher.add(frame, observation)
    tracks = tracker.finish()
    eyes, lines = watcher.finish(tracker.final_ids), []
    for track in tracks:
        found = count_blinks(eyes.get(track.id), track.face_size_px)
        told = found.abstained_because or f"{found.seen_s:.1f} s, {len(found.times_s)}:" + "".join(
            f" {time_s:.2f}" for time_s in found.times_s
        )
        lines.append(f"face at x={np.median(track.boxes_xyxy_px[:, [0, 2]]):.0f} px: {told}")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
