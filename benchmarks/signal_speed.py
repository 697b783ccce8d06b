"""Time of the signals alone, after faces are found: printed by `make bench`, or `python -m benchmarks.signal_speed`.

Traces, methods, breath, maps and networks for the main face of a clip, by default 10 s of one 220-px face at
1280×720, 30 frames/s. Each step is run several times and the shortest is printed, for a busy machine only adds to it;
processor time is that of all threads together.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speed_clip import synthetic_clip
from core.detectors.registry import FACE_DETECTORS
from core.faces import FaceTracker
from core.faces.motion import head_motion_at
from core.faces.regions import REGION_NAMES, region_masks
from core.pipeline import analyse, load_tools
from core.settings import VideoLimits
from core.signals import TraceRecorder, ppg_map, read_pulse
from core.signals.vital_signs import pulse_variability, with_respiration
from core.types import FaceMaterial
from core.video import open_clip

TARGET_S = 0.3
COUNTED = ("traces", "methods and trained reader", "breath and variability", "PPG map", "pulse CNN with its maps")
"""What the target is for; the other measurements of the pulse are printed below."""
RECORDERS = 3


@dataclass(frozen=True, slots=True)
class Took:
    """How long one step took: on the wall and on all processors."""

    wall_s: float
    cpu_s: float


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, help="a clip of your own instead of the synthetic one")
    parser.add_argument("--runs", type=int, default=5, help="of each step, of which the shortest is taken (5)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = arguments.clip or synthetic_clip(Path(folder))
        faces = analyse(clip, VideoLimits()).faces
        if not faces:
            sys.exit("The clip shows no face.")
        print_table(measure(clip, faces[0], max(arguments.runs, 1)), faces[0])
    return 0


def measure(clip: Path, face: FaceMaterial, runs: int) -> dict[str, Took]:
    """Return step -> the shortest of `runs`, for one face of a clip that was analysed before."""
    steps: dict[str, Callable[[], object]] = {
        "methods and trained reader": lambda: read_pulse(face.trace, face_size_px=face.track.face_size_px),
        "breath and variability": lambda: _vital_signs(face),
        "PPG map": lambda: ppg_map(face.trace),
        "pulse CNN with its maps": lambda: FACE_DETECTORS["pulse_cnn"].examine(face),
        "coherence of the regions": lambda: FACE_DETECTORS["pulse"].examine(face),
        "agreement of the cells": lambda: FACE_DETECTORS["cell_agreement"].examine(face),
    }
    return {"traces": _traces(clip), **{name: _shortest(step, runs) for name, step in steps.items()}}


def print_table(took: Mapping[str, Took], face: FaceMaterial) -> None:
    """Print the steps, and what of them the target is for."""
    wall, cpu = (sum(getattr(took[name], kind) for name in COUNTED) for kind in ("wall_s", "cpu_s"))
    times = face.trace.times_s
    print(f"Signals of one face, {face.track.face_size_px:.0f} px, {len(times)} frames, after faces are found:\n")
    print("| step | wall, s | processor, s |\n|---|---|---|")
    for name in COUNTED:
        print(f"| {name} | {took[name].wall_s:.3f} | {took[name].cpu_s:.3f} |")
    print(f"| these together (target: {TARGET_S} for 10 s of video) | {wall:.3f} | {cpu:.3f} |")
    for name in [name for name in took if name not in COUNTED]:
        print(f"| besides: {name} | {took[name].wall_s:.3f} | {took[name].cpu_s:.3f} |")


def _vital_signs(face: FaceMaterial) -> None:
    motion = head_motion_at(face.track, face.trace.times_s)
    pulse_variability(with_respiration(face.reading, face.pulse, face.trace, motion), face.pulse)


def _traces(clip: Path) -> Took:
    """Follow the faces once more; several recorders see every frame, and in each frame the fastest counts."""
    tracker = FaceTracker(load_tools().faces)
    recorders = [TraceRecorder(REGION_NAMES, region_masks) for _ in range(RECORDERS)]
    fastest: list[Took] = []
    with open_clip(clip, VideoLimits()) as reader:
        for frame in reader:
            largest = max(tracker.step(frame), key=lambda one: float(np.ptp(one.box_xyxy_px[1::2])), default=None)
            if largest is not None:
                fastest.append(min((_timed(partial(one.add, frame, largest)) for one in recorders), key=_wall))
    tracker.finish()
    fastest.append(_shortest(partial(recorders[0].finish, tracker.final_ids), 1))
    return Took(sum(took.wall_s for took in fastest), sum(took.cpu_s for took in fastest))


def _shortest(step: Callable[[], object], runs: int) -> Took:
    return min((_timed(step) for _ in range(runs)), key=_wall)


def _wall(took: Took) -> float:
    return took.wall_s


def _timed(step: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    raise SystemExit(main())
