"""How fast frames are merged, by stage: `python -m benchmarks.swap_merge_speed`.

The driver is a public-domain portrait that turns and speaks in 3D, at three sizes. Drawing is measured with a network
of the quick preset's size whose weights are chance (they do not change the time); with --model with a trained one.
Times are processor time of this process on one thread, so that other work on the machine does not count; decoding runs
beside it in its own process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.faces.models import load_face_models
from core.settings import VideoLimits
from core.swap import blend, label, merger
from core.swap.merge import MergedPair, MergeMode, MergeOptions, Merger, full_size, merged_pairs, watch
from core.swap.model import SwapModel, load_model
from core.swap.occlusion import Occlusion
from core.swap.presets import PRESETS
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import film
from core.types import DrawnFaces, FaceType
from core.video.encode import write_video
from models.occlusion import OcclusionNet, OcclusionViewer
from models.swap_autoencoder import SwapAutoencoder, SwapDrawer
from tests.synth.drawers import swap_of

SIZES_PX = (480, 720, 1080)
"""Of the square pictures of the driver."""


class ChanceModel:
    """A network of the quick preset with weights by chance."""

    def __init__(self, device: str) -> None:
        shape = PRESETS["quick"].shape
        self.about = swap_of(shape.size_px)
        self._drawer = SwapDrawer(SwapAutoencoder(shape).eval(), device)

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        """Return noise with full masks: a chance mask would be empty and save work."""
        rgb, _, _ = self._drawer(faces)
        full = np.ones(faces.shape[:3], np.float32)
        return DrawnFaces(rgb, full, full)


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time noted."""

        def call(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - began

        return call


@contextmanager
def watched_stages(clock: Stopwatch) -> Iterator[None]:
    """Note the time of the steps inside of a merge."""
    places = (
        (merger, "crop", "cutting out"),
        (merger, "transfer", "colours"),
        (merger, "part_mask", "mask"),
        (merger, "softened", "mask"),
        (blend, "seamless", "seamless or histogram"),
        (blend, "histogram_matched", "seamless or histogram"),
        (blend, "motion_blurred", "sharpness and motion"),
        (blend, "sharpened", "sharpness and motion"),
        (blend, "laid_over", "laying over"),
    )
    kept = [(module, name, getattr(module, name)) for module, name, _ in places]
    for module, name, stage in places:
        setattr(module, name, clock.timed(stage, getattr(module, name)))
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def driver(folder: Path, size_px: int, seconds: float) -> Path:
    """A clip of the portrait, square."""
    frames = film(PUBLIC_FACES["collins"].read(), seed=5, duration_s=seconds, size_px=480, models=load_face_models())
    scaled = ((t, np.asarray(cv2.resize(rgb, (size_px, size_px)), np.uint8)) for t, rgb in frames)
    return write_video(folder / f"driver-{size_px}.mp4", scaled, preset="ultrafast", rate=Fraction(25))


def measured(video: Path, model: SwapModel, options: MergeOptions, *, occlusion: bool) -> tuple[dict[str, float], int]:
    """Return seconds by stage, and the number of frames."""
    clock, limits = Stopwatch(), full_size(VideoLimits())
    watched = clock.timed("looking through", watch)(video, limits)
    visible = Occlusion(OcclusionViewer(OcclusionNet()), FaceType.FULL).visible if occlusion else None
    drawn = clock.timed("drawing", model.draw)
    machine = Merger(_Timed(model, drawn), options, visible=clock.timed("occlusion", visible) if visible else None)
    machine.merge = clock.timed("merging in all", machine.merge)  # type: ignore[method-assign]
    with watched_stages(clock):
        pairs: list[MergedPair] = []
        began = time.process_time()
        for pair in merged_pairs(watched, machine, frozenset({0}), limits):
            pairs = [pair]
            clock.timed("label in the picture", label.labelled_frame)(pair.merged, "0123abcd")
        whole_s = time.process_time() - began
    seconds = clock.seconds
    seconds["taking frames over"] = whole_s - seconds["merging in all"] - seconds["label in the picture"]
    return seconds, len(watched.times_s) if pairs else 0


class _Timed:
    def __init__(self, model: SwapModel, draw: Callable[[NDArray[np.uint8]], DrawnFaces]) -> None:
        self.about, self.draw = model.about, draw


def main() -> None:
    """Print a table for each size."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--seconds", type=float, default=4.0)
    arguments.add_argument("--mode", choices=[mode.value for mode in MergeMode], default="overlay")
    arguments.add_argument("--occlusion", action="store_true")
    arguments.add_argument("--device", default="cpu")
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    model: SwapModel = ChanceModel(given.device) if given.model is None else load_model(given.model, given.device)
    options = MergeOptions(mode=MergeMode(given.mode), sharpen=0.2)
    columns = {}
    with tempfile.TemporaryDirectory() as folder:
        for size_px in SIZES_PX:
            video = driver(Path(folder), size_px, given.seconds)
            columns[size_px] = measured(video, model, options, occlusion=given.occlusion)
    print(f"ms of processor time a frame, {given.mode}, network of {model.about.size_px} px on {given.device}")
    print("stage".ljust(24), *(f"{size} px".rjust(9) for size in columns))
    for stage in sorted({stage for seconds, _ in columns.values() for stage in seconds}):
        cells = (f"{1000 * seconds.get(stage, 0.0) / frames:9.1f}" for seconds, frames in columns.values())
        print(stage.ljust(24), *cells)
    rates = (frames / (s["merging in all"] + s["taking frames over"]) for s, frames in columns.values())
    print("merged frames/s".ljust(24), *(f"{rate:9.1f}" for rate in rates))


if __name__ == "__main__":
    main()
