"""Run the neural readers of the package open-rppg on our face crops and write their waves as JSON.

This file runs in the environment of that package (README.md beside it), where Facepulse is not installed: it imports
nothing of ours. Crops come from the folder that `benchmarks.pulse --cache` filled.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

CROPS = re.compile(r"(.+)-[0-9a-f]{12}-crops\.npz")
RATE_HZ = 30.0
"""Of the crops, and what the networks were trained at."""
MODELS = ("FacePhys.rlap", "PhysNet.rlap")


def main() -> None:
    """Parse the command line, run the models, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, required=True, help="the folder given to benchmarks.pulse as --cache")
    parser.add_argument("--out", type=Path, required=True, help="the JSON to write")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--window", type=float, default=15.0, help="seconds of the windows of their own rate")
    parser.add_argument("--step", type=float, default=5.0)
    given = parser.parse_args()
    clips = newest_crops(given.crops)
    if not clips:
        sys.exit(f"No crops in {given.crops}: run python -m benchmarks.pulse --cache {given.crops} first.")
    models = {name: run_model(name, clips, given.window, given.step) for name in given.models}
    answer = {"package": f"open-rppg {metadata.version('open-rppg')}", "models": models}
    given.out.write_text(json.dumps(answer), encoding="utf-8")


def newest_crops(folder: Path) -> dict[str, Path]:
    """Clip -> its newest file of crops."""
    files = sorted(folder.glob("*-crops.npz"), key=lambda path: path.stat().st_mtime)
    return {match[1]: path for path in files if (match := CROPS.fullmatch(path.name))}


def run_model(name: str, clips: dict[str, Path], window_s: float, step_s: float) -> dict[str, Any]:
    """Clip -> wave, their own rates and the time it took. Each clip gets a fresh model: some carry a state along."""
    import rppg  # noqa: PLC0415  (seconds to import)

    answers: dict[str, Any] = {}
    for number, (clip, path) in enumerate(sorted(clips.items()), start=1):
        with np.load(path) as kept:
            if "rgb" not in kept:
                continue
            crops = kept["rgb"]
        model = rppg.Model(name)
        began = time.perf_counter()
        model.process_faces_tensor(crops, fps=RATE_HZ)
        seconds = time.perf_counter() - began
        answers[clip] = {**read_out(model, window_s, step_s), "seconds": round(seconds, 2), "frames": len(crops)}
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name} {number}/{len(clips)} {clip}: {seconds:.1f} s, peak memory {peak_mb:.0f} MB", file=sys.stderr)
    return answers


def read_out(model: Any, window_s: float, step_s: float) -> dict[str, Any]:
    """The whole wave as the network gave it, and the package's own rate (Welch, 8.5 s segments) for each window."""
    wave, times_s = model.bvp(raw=True)
    starts = np.arange(0, len(wave) / RATE_HZ - window_s + 1e-6, step_s)
    own = []
    for start in starts:
        part = slice(round(start * RATE_HZ), round((start + window_s) * RATE_HZ))
        filtered = model.process_bvp(np.asarray(wave)[part])
        own.append({"start_s": float(start), "bpm": float(sys.modules["rppg.main"].get_hr(filtered, RATE_HZ))})
    return {
        "rate_hz": RATE_HZ,
        "start_s": float(times_s[0]) if len(times_s) else 0.0,
        "wave": [round(float(value), 5) for value in wave],
        "own": own,
    }


if __name__ == "__main__":
    main()
