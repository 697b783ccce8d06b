"""What helps a swap learn: the same two puppets trained in different ways, and looked at after equally many steps.

    python -m benchmarks.swap_learning [--steps 400] [--ways quick held_warp ...] [--json OUT]

Two portraits in the public domain are filmed as puppets (`core.swap.puppet`). Both make the same fresh motion, which no
training saw, so the true picture of every swapped face is known but for how the heads were held in the photographs.
`self` is the likeness (SSIM under the mask, as the loss has it) of the target drawn as itself, `swap` that of the
source drawn as the target to the target doing the same, `detail` the spread of the swap's Laplacian over that of the
true picture's, and `spread` over whole seconds of the clip: one training each, so small differences say nothing.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.faces import FaceModels, load_face_models
from core.swap.augment import Person, batch, outline, priority
from core.swap.geometry import crop, face_matrix, moved
from core.swap.presets import changed, preset
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import Puppet, with_grain
from core.swap.puppet_motion import draw_moments
from core.types import FaceType
from models.swap_autoencoder import SwapDrawer
from models.train.swap import SwapTrainer, dissimilarity

LEARNED_S, FRESH_S = 16.0, 8.0
LEARNED_RATE, FRESH_RATE = Fraction(25, 2), Fraction(8)
LEARNED_SEEDS, FRESH_SEED = (21, 22), 3
WAYS: dict[str, dict[str, Any]] = {
    "quick": {},
    "held_warp": {"warp_half": 10**9},
    "no_warp": {"warp": 0.0},
    "liae": {"architecture": "liae"},
    "slower": {"learning_rate": 2e-4},
    "faster": {"learning_rate": 2e-3},
    "adabelief": {"optimiser": "adabelief"},
    "float32": {"precision": "float32"},
    "small_batch": {"faces": 2},
}


@dataclass(frozen=True, slots=True)
class Found:
    """How alike drawn and true faces are, and what a step took of a processor."""

    self_likeness: float
    swap_likeness: float
    swap_spread: float
    detail: float
    step_processor_s: float


def filmed(name: str, seed: int, duration_s: float, rate: Fraction, models: FaceModels, size_px: int) -> Person:
    """Return the faces of a puppet, cut by the landmarks that it is known to have."""
    puppet, grain = Puppet.of(PUBLIC_FACES[name].read(), models), np.random.default_rng(seed)
    pictures, outlines, matters, turns = [], [], [], []
    for moment in draw_moments(seed, duration_s, rate):
        landmarks = puppet.landmarks_px(moment)[:, :2]
        to_crop = face_matrix(landmarks, FaceType.FULL, size_px)
        pictures.append(crop(with_grain(puppet.draw(moment), grain), to_crop, size_px))
        outlines.append(outline(moved(landmarks, to_crop), size_px))
        matters.append(priority(moved(landmarks, to_crop), size_px))
        turns.append(moment.yaw_deg)
    return Person(np.stack(pictures), np.stack(outlines), np.stack(matters), np.array(turns, np.float32))


def learned(way: dict[str, Any], steps: int, people: tuple[Person, Person], fresh: tuple[Person, Person]) -> Found:
    """Train one way and look at the faces that the training did not see."""
    plan = changed(preset("quick"), way)
    trainer = SwapTrainer(plan.shape, plan.config)
    used = time.process_time()
    for number in range(steps):
        trainer.step(batch(*people, plan.recipe, plan.config.seed, number))
    used = (time.process_time() - used) / steps
    drawer = SwapDrawer(trainer.average)
    source, target = fresh
    _, own = drawer.selves(source.rgb, target.rgb)
    swapped, _, _ = drawer(source.rgb)
    by_frame = likeness(swapped, target)
    seconds = by_frame.reshape(-1, int(FRESH_RATE)).mean(axis=1)
    return Found(
        float(likeness(own, target).mean()),
        float(by_frame.mean()),
        float(seconds.std()),
        detail(swapped, target.mask) / detail(target.rgb, target.mask),
        used,
    )


def likeness(drawn: NDArray[np.uint8], true: Person) -> NDArray[np.float64]:
    """Return SSIM under the mask, (N,), of drawn faces (N, S, S, 3)."""
    pictures = [torch.from_numpy(one).permute(0, 3, 1, 2).float() / 255 for one in (drawn, true.rgb)]
    unlike = dissimilarity(*pictures, window=9).mean(dim=1).numpy()
    inside = true.mask[:, ::2, ::2] / 255.0
    return np.asarray(1 - 2 * (unlike * inside).sum(axis=(1, 2)) / inside.sum(axis=(1, 2)), np.float64)


def detail(pictures: NDArray[np.uint8], masks: NDArray[np.uint8]) -> float:
    """Return the mean spread of the Laplacian inside the masks."""
    spreads = [
        cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F)[mask > 127].std()
        for rgb, mask in zip(pictures, masks, strict=True)
    ]
    return float(np.mean(spreads))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    models, size = load_face_models(), preset("quick").shape.size_px
    names = ("collins", "hopper")
    source, target = (
        filmed(name, seed, LEARNED_S, LEARNED_RATE, models, size)
        for name, seed in zip(names, LEARNED_SEEDS, strict=True)
    )
    fresh_source, fresh_target = (filmed(name, FRESH_SEED, FRESH_S, FRESH_RATE, models, size) for name in names)
    print(f"{len(source)} and {len(target)} faces, {options.steps} steps, {len(fresh_source)} fresh faces of each")
    print(f"{'way':14s}{'self':>8s}{'swap':>8s}{'spread':>8s}{'detail':>8s}{'step, processor':>18s}", flush=True)
    rows = {}
    for name in options.ways:
        found = learned(WAYS[name], options.steps, (source, target), (fresh_source, fresh_target))
        rows[name] = {field: round(float(getattr(found, field)), 4) for field in Found.__dataclass_fields__}
        print(
            f"{name:14s}{found.self_likeness:8.3f}{found.swap_likeness:8.3f}{found.swap_spread:8.3f}"
            f"{found.detail:8.2f}{1000 * found.step_processor_s:15.0f} ms",
            flush=True,
        )
        if options.json is not None:
            options.json.write_text(json.dumps({"steps": options.steps, "ways": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
