"""How good a trained swap is on clips that it never saw.

    python -m benchmarks.swap_quality puppets --demo runs/demo-swap
    python -m benchmarks.swap_quality clips --model M --source CLIP --target CLIP --faces SET

`puppets` goes on where `make demo-swap` ended: films two clips of motion that no training saw, of the source and of the
target doing the same, so that the true picture of every swapped frame is known. `clips` takes filmed clips, one of
each person, and the target's face set; swapped frames stay in memory, nothing of them is written.

Prints a table and, with --json, writes it. All intervals are 95 %, drawn again by whole seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.demo_swap import CLIP_PX, FRESH_RATE, SOURCE, TARGET, Places, filmed
from core.evaluation.bootstrap import Interval
from core.evaluation.swap_quality import (
    SwapFrames,
    correlation_with_interval,
    distances,
    expression_error,
    landmark_error,
    look_at,
    mean_with_interval,
    self_likeness,
)
from core.faces.models import FaceModels, load_face_models
from core.settings import VideoLimits
from core.swap.face_set import load_face_set, read_picture
from core.swap.geometry import crop, face_matrix, moved
from core.swap.identity import Identity, identity_present, load_identity
from core.swap.merge import MergeOptions, Merger, full_size, merged_pairs, watch
from core.swap.merger import Draws
from core.swap.model import load_model
from core.swap.person import largest
from core.swap.poses import trained_poses
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import Puppet, with_grain
from core.swap.puppet_motion import draw_moments
from core.types import FaceType
from core.video import open_clip

HELD_OUT_SEED, HELD_OUT_S = 5, 15.0
EVERY = 3
"""Frames of a clip that are measured: neighbours are alike."""
MOST_FACES = 200
"""Of the target's set, from which it is known who that is."""

Floats = NDArray[np.float64]
Table = dict[str, Interval]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    puppets = commands.add_parser("puppets")
    puppets.add_argument("--demo", type=Path, default=Path("runs/demo-swap"))
    clips = commands.add_parser("clips")
    for name in ("model", "source", "target", "faces"):
        clips.add_argument(f"--{name}", type=Path, required=True)
    wanted = parser.parse_args(arguments)
    models = load_face_models()
    table = (
        of_puppets(Places(wanted.demo), models)
        if wanted.command == "puppets"
        else of_clips(wanted.model, wanted.source, wanted.target, wanted.faces, models)
    )
    for name, value in table.items():
        print(f"{name:58} {value.value:8.3f}   {value.low:.3f} to {value.high:.3f}")
    if wanted.json is not None:
        wanted.json.write_text(json.dumps({name: asdict(value) for name, value in table.items()}, indent=2))
    return 0


def of_puppets(places: Places, models: FaceModels) -> Table:
    """Measure a swap of the demo's two people on new motion, with the truth at hand."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = (
            filmed(Path(folder) / f"{name}.mp4", name, HELD_OUT_SEED, HELD_OUT_S, FRESH_RATE, models)
            for name in (SOURCE, TARGET)
        )
        table = of_clips(places.model, source, target, places.face_set(TARGET), models)
    model = load_model(places.model)
    times, swapped, before = _truth(model, models)
    table["SSIM, swapped frame to the target doing the same"] = mean_with_interval(swapped, times)
    table["SSIM, driver's frame to the target doing the same"] = mean_with_interval(before, times)
    return table


def of_clips(model_path: Path, source: Path, target: Path, faces: Path, models: FaceModels) -> Table:
    """Measure a swap on a clip of the source and a clip of the target, neither seen in training."""
    model = load_model(model_path)
    identity = load_identity() if identity_present() else None
    poses = trained_poses(model_path)
    limits = full_size(VideoLimits(max_duration_s=120.0))
    merger = Merger(model, MergeOptions(), coverage=None if poses is None else poses.at)
    watched = watch(source, limits, models=models)
    pairs = islice(merged_pairs(watched, merger, largest()(watched), limits), None, None, EVERY)
    frames = look_at(pairs, models, None if identity is None else identity.embed)
    table = _following(frames)
    if identity is not None:
        table |= _recognised(frames, faces, identity)
    times, like = _selves(model, target, limits, models)
    table["SSIM, target drawn anew to the target itself"] = mean_with_interval(like, times)
    return table


def _following(frames: SwapFrames) -> Table:
    driver, swapped = frames.landmarks_px
    times = frames.times_s
    expression, chance = expression_error(driver, swapped)
    pose = np.abs(frames.pose_deg[1] - frames.pose_deg[0])
    return {
        "frames measured": _plain(len(times)),
        "frames left out: hardly swapped, the pose is untrained": _plain(frames.left_out),
        "landmarks, % of the eyes' distance": mean_with_interval(100 * landmark_error(driver, swapped), times),
        "expression, % of the eyes' distance": mean_with_interval(100 * expression, times),
        "expression by chance, %": _plain(100 * chance),
        "yaw, degrees": mean_with_interval(pose[:, 0], times),
        "pitch, degrees": mean_with_interval(pose[:, 1], times),
        "roll, degrees": mean_with_interval(pose[:, 2], times),
        "mouth's opening, correlation": correlation_with_interval(*frames.mouth_open, times),
        "eyes' opening, correlation": correlation_with_interval(*frames.eyes_open, times),
    }


def _recognised(frames: SwapFrames, faces: Path, identity: Identity) -> Table:
    """Whom one recognises: distances of embeddings, below 0.5 to 0.6 for one person."""
    if frames.embeddings is None:
        return {}
    face_set = load_face_set(faces)
    step = max(len(face_set.faces) // MOST_FACES, 1)
    target = np.array(
        [identity.embed(read_picture(face_set, face), face.landmarks_px) for face in face_set.faces[::step]], np.float64
    )
    driver, swapped = frames.embeddings
    to_target, to_driver = distances(swapped, target), distances(swapped, driver)
    times = frames.times_s
    return {
        "identity: swapped to the target": mean_with_interval(to_target, times),
        "identity: swapped to the driver": mean_with_interval(to_driver, times),
        "identity: driver to the target, before the swap": mean_with_interval(distances(driver, target), times),
        "identity: target's own faces to the target": _plain(float(distances(target, target).mean())),
        "frames nearer to the target than to the driver, share": mean_with_interval(
            (to_target < to_driver).astype(float), times
        ),
    }


def _selves(model: Draws, clip: Path, limits: VideoLimits, models: FaceModels) -> tuple[Floats, Floats]:
    """How like the target drawn from its own frames is to these frames: times and SSIM."""
    watched = watch(clip, limits, models=models)
    track = watched.tracks[0]
    rows = {int(index): row for row, index in enumerate(track.frame_indices)}
    size, face_type = model.about.size_px, model.about.face_type
    times: list[float] = []

    def faces() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]]:
        with open_clip(clip, limits) as reader:
            for frame in islice(reader, None, None, EVERY):
                if frame.index in rows:
                    times.append(frame.time_s)
                    yield _cut(frame.rgb, track.landmarks_px[rows[frame.index]], face_type, size)

    like = np.array([drawn for drawn, _ in self_likeness(model, faces())])
    return np.array(times), like


def _truth(model: Draws, models: FaceModels) -> tuple[Floats, Floats, Floats]:
    """How like the drawn face, and the face that went in, are to the target's puppet at the same moment."""
    source, target = (Puppet.of(PUBLIC_FACES[name].read(), models, CLIP_PX) for name in (SOURCE, TARGET))
    moments = draw_moments(HELD_OUT_SEED, HELD_OUT_S, FRESH_RATE)[::EVERY]
    grain = np.random.default_rng(0)
    size, face_type = model.about.size_px, model.about.face_type

    def faces() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]]:
        for moment in moments:
            shown, true = (
                _cut(with_grain(one.draw(moment), grain), one.landmarks_px(moment), face_type, size)
                for one in (source, target)
            )
            yield shown[0], true[0], true[2]

    likeness = np.array(list(self_likeness(model, faces())))
    return np.array([moment.time_s for moment in moments]), likeness[:, 0], likeness[:, 1]


def _cut(
    rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating], face_type: FaceType, size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    matrix = face_matrix(landmarks_px, face_type, size_px)
    picture = crop(rgb, matrix, size_px)
    return picture, picture, moved(landmarks_px, matrix)


def _plain(value: float) -> Interval:
    return Interval(float(value), float("nan"), float("nan"))


if __name__ == "__main__":
    sys.exit(main())
