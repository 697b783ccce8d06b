"""The picture of docs/swap-merging.md: `python -m benchmarks.swap_coverage -o docs/images/swap-coverage.png`.

A public-domain portrait turns in 3D, as the driver; the target was seen from the front only, the source all around.
What is planned for each frame is drawn, no face is.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.faces.models import FaceModels, load_face_models
from core.services.demo_pictures import coverage_picture
from core.settings import VideoLimits
from core.swap.coverage import Coverage
from core.swap.merge import MergeOptions, watch
from core.swap.plan import plan
from core.swap.poses import TrainedPoses
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import film
from core.swap.smooth import eased
from core.swap.watch import Watched
from core.video.encode import write_video

SECONDS = 14.0
FRONTAL_DEG = 8.0


def watched_film(name: str, seed: int, models: FaceModels, folder: Path) -> Watched:
    """Look through a film of a portrait."""
    frames = film(PUBLIC_FACES[name].read(), seed=seed, duration_s=SECONDS, size_px=400, models=models)
    clip = write_video(folder / f"{name}-{seed}.mp4", frames, preset="ultrafast", rate=Fraction(25))
    return watch(clip, VideoLimits(), models=models)


def poses_of(watched: Watched, most_yaw_deg: float = 90.0) -> Coverage:
    """The coverage of a set made from a clip, of faces that turn no further."""
    track = watched.tracks[0]
    kept = np.abs(track.yaw_deg) <= most_yaw_deg
    return Coverage.of_poses(track.yaw_deg[kept].tolist(), track.pitch_deg[kept].tolist())


def main() -> None:
    """Write the picture."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("-o", "--out", type=Path, required=True)
    arguments.add_argument("--seed", type=int, default=3)
    given = arguments.parse_args()
    models, options = load_face_models(), MergeOptions()
    with tempfile.TemporaryDirectory() as folder:
        driver = watched_film("collins", given.seed, models, Path(folder))
        target = watched_film("hopper", given.seed + 1, models, Path(folder))
    poses = TrainedPoses(poses_of(driver), poses_of(target, FRONTAL_DEG))

    def strength_at(yaw_deg: float, pitch_deg: float) -> float:
        return eased(poses.at(yaw_deg, pitch_deg), options.coverage_none, options.coverage_full)

    planned = plan(driver, [0], options, strength_at)
    strengths = [planned[index][0].strength if index in planned else 0.0 for index in range(len(driver.times_s))]
    given.out.write_bytes(coverage_picture(driver, frozenset({0}), strengths, poses, options))
    drawn = float(np.mean([strength > 0 for strength in strengths]))
    print(f"drawn in {drawn:.0%} of {len(strengths)} frames; steepest change {np.abs(np.diff(strengths)).max():.2f}")


if __name__ == "__main__":
    main()
