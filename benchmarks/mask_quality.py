"""How well trained masks see what hides a face: `python -m benchmarks.mask_quality`.

Trains on a few frames of one public-domain portrait turned and moved in 3D, nothing of it labelled but that nothing
hides it, and measures on another film of it and on the other portrait, hidden by known things. These are drawn by the
same program, which flatters: filmed hands are not among them. One portrait wears glasses, which it calls face.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.models import FaceModels, load_face_models
from core.faces.track import FaceTracker
from core.swap.geometry import crop, face_matrix, moved
from core.swap.masks import FacePart, part_mask
from core.swap.occluders import hidden
from core.swap.occlusion import Occlusion
from core.swap.occlusion_training import LabelledFace, batch_of, shares_of
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import film
from core.types import FaceType, Frame
from models.occlusion import SIDE_PX, OcclusionViewer
from models.train.occlusion import OcclusionConfig, train_occlusion

FRAMES = 24
EVERY = 6


def faces_of(name: str, models: FaceModels, seed: int) -> list[LabelledFace]:
    """Frames of a portrait that turns and speaks, with nothing before its face."""
    tracker = FaceTracker(models)
    return list(islice(_faces(name, models, tracker, seed), FRAMES))


def _faces(name: str, models: FaceModels, tracker: FaceTracker, seed: int) -> Iterator[LabelledFace]:
    moments = film(PUBLIC_FACES[name].read(), seed=seed, duration_s=FRAMES * EVERY / 25 + 1, size_px=400, models=models)
    for index, (time_s, rgb) in enumerate(moments):
        seen = tracker.step(Frame(index, time_s, rgb))
        if seen and index % EVERY == 0:
            matrix = face_matrix(seen[0].landmarks_px, FaceType.FULL, SIDE_PX)
            landmarks = moved(seen[0].landmarks_px, matrix)
            yield LabelledFace(crop(rgb, matrix, SIDE_PX), part_mask(FacePart.WHOLE, landmarks, SIDE_PX), landmarks)


def sheet(occlusion: Occlusion, faces: list[LabelledFace], columns: int = 8) -> NDArray[np.uint8]:
    """Hidden faces, and below each what is seen of it: lit, what is taken to be face."""
    pictures = []
    for number, face in enumerate(faces[:columns]):
        rng = np.random.default_rng([7, number])
        rgb, _ = hidden(face.rgb, face.visible, face.landmarks_px, rng, faces[-1 - number].rgb)
        lit = rgb * (0.25 + 0.75 * occlusion.visible(rgb)[..., None])
        pictures.append(np.vstack([rgb, lit.astype(np.uint8)]))
    return np.hstack(pictures)


def main() -> None:
    """Train on each portrait, measure on another film of it and on the other portrait, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--steps", type=int, default=OcclusionConfig().steps)
    arguments.add_argument("--only", choices=list(PUBLIC_FACES), help="the portrait to train on; by default each")
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--sheet", type=Path, help="PNG to look at")
    given = arguments.parse_args()
    models = load_face_models()
    trained_on = {name: faces_of(name, models, seed) for seed, name in enumerate(PUBLIC_FACES)}
    measured_on = {name: faces_of(name, models, 100 + seed) for seed, name in enumerate(PUBLIC_FACES)}
    config = OcclusionConfig(steps=given.steps, device=given.device)
    print("trained on | measured on | trials | IoU of what is seen | of what hides | without masks | minutes")
    rows = []
    for name, faces in trained_on.items():
        if given.only not in {None, name}:
            continue
        began = time.monotonic()
        network = train_occlusion(lambda step, faces=faces: batch_of(faces, config, step), config)
        minutes = (time.monotonic() - began) / 60
        occlusion = Occlusion(OcclusionViewer(network, given.device), FaceType.FULL)
        for other, others in measured_on.items():
            shares = shares_of(occlusion, others)
            seen, hides, without = (_cell(column) for column in shares.T)
            print(f"{name} | {other} | {len(shares)} | {seen} | {hides} | {without} | {minutes:.1f}", flush=True)
            rows.append(sheet(occlusion, others))
    if given.sheet is not None:
        cv2.imwrite(str(given.sheet), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def _cell(shares: NDArray[np.float64]) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(shares, (2000, len(shares))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{shares.mean():.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
