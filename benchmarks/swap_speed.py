"""How fast swaps are trained and drawn on this machine.

    python -m benchmarks.swap_speed [--presets quick medium] [--seconds 20] [--threads N] [--device cuda]

`quick` has the settings that DeepFaceLab publishes for its Quick96: 96 px, df, 4 faces of each person in a batch, on
top of which ours counts eyes and mouth, draws its batches anew each step, and keeps a running average. Beside the clock
stands what a step takes of one processor's time, which says more on a machine that others use too; the load is printed.
Faces are drawn, not photographed: nothing is read but by the code that trains.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.swap.augment import Person, batch, outline, priority
from core.swap.dfm import Dfm
from core.swap.presets import PRESETS, Plan
from core.types import FaceType, TrainedSwap
from models.swap_autoencoder import SwapDrawer
from models.swap_export import to_onnx
from models.train.swap import SwapTrainer, resolved_precision


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second by the clock, and processor seconds that one takes."""

    per_s: float
    processor_s: float


def rate(call: Callable[[], object], seconds: float, *, warm_up: int = 3) -> Rate:
    """Return how often `call` can be made a second."""
    for _ in range(warm_up):
        call()
    count, clock, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - clock < seconds or count < 3:
        call()
        count += 1
    return Rate(count / (time.perf_counter() - clock), (time.process_time() - used) / count)


def people(size_px: int) -> tuple[Person, Person]:
    """Return two people whose faces are drawn."""
    from tests.synth.face_sets import face  # noqa: PLC0415
    from tests.synth.swaps import SKIN, YAWS, drawn_face  # noqa: PLC0415

    landmarks = [face(yaw, size_px=size_px).landmarks_px for yaw in YAWS]
    masks, matters = (np.stack([make(points, size_px) for points in landmarks]) for make in (outline, priority))
    turns = np.array(YAWS, np.float32)
    source, target = (
        Person(np.stack([drawn_face(yaw, SKIN[name], size_px) for yaw in YAWS]), masks, matters, turns) for name in SKIN
    )
    return source, target


def measured(plan: Plan, seconds: float) -> list[tuple[str, Rate, str]]:
    """Return what is measured, how fast it is, and a remark."""
    both = people(plan.shape.size_px)
    trainer = SwapTrainer(plan.shape, plan.config, plan.device)
    fixed = batch(*both, plan.recipe, 0, 0)
    numbers = sum(value.numel() for value in trainer.network.parameters())
    precision = resolved_precision(plan.config.precision, plan.device)
    found = [
        (
            "batch of faces",
            rate(lambda: batch(*both, plan.recipe, 0, 1), seconds / 4),
            "warped, in a thread of its own",
        ),
        ("training step", rate(lambda: trainer.step(fixed), seconds), f"{numbers / 1e6:.1f} M numbers, {precision}"),
    ]
    if precision != "float32":
        plain = SwapTrainer(plan.shape, replace(plan.config, precision="float32"), plan.device)
        found.append(("the same in float32", rate(lambda: plain.step(fixed), seconds / 2), ""))
    face = both[0].rgb[:1]
    drawer = SwapDrawer(trainer.average, plan.device)
    found.append(("one face by PyTorch", rate(lambda: drawer(face), seconds / 4), "the target, its mask, the source's"))
    found.append(("one face by onnxruntime", rate(_by_onnx(trainer, plan, face), seconds / 4), "the exported network"))
    return found


def _by_onnx(trainer: SwapTrainer, plan: Plan, face: np.ndarray) -> Callable[[], object]:
    from core.onnx import onnxruntime  # noqa: PLC0415
    from tests.synth.face_sets import consent  # noqa: PLC0415

    shape = plan.shape
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    content = to_onnx(trainer.average.cpu())
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    about = TrainedSwap("0" * 64, "s", "t", 0, shape.architecture, shape.size_px, FaceType.FULL, consent())
    model = Dfm(session, about, "speed.dfm")
    return lambda: model.draw(face)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", choices=list(PRESETS), default=["quick"])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(
        f"{options.threads} threads of {os.cpu_count()} processors on {options.device}, load {os.getloadavg()[0]:.1f}"
    )
    for name in options.presets:
        plan = replace(PRESETS[name], device=options.device)
        shape = f"{plan.shape.architecture}, {plan.shape.size_px} px, {plan.recipe.faces} faces of each person"
        print(f"\n{name}: {shape}\n  {'':26s}{'a second':>10s}{'processor':>13s}")
        for what, found, remark in measured(plan, options.seconds):
            print(f"  {what:26s}{found.per_s:10.1f}{1000 * found.processor_s:10.0f} ms  {remark}", flush=True)


if __name__ == "__main__":
    main()
