"""The commands of `benchmarks.forge_gain`; see there."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

import benchmarks.forge_gain as this
from benchmarks.forge_gain.arms import Collection, Job, jobs, trained
from benchmarks.forge_gain.material import (
    Store,
    clip_name,
    halves,
    keep_clip,
    keep_pairs,
    keep_photos,
    read_swaps,
    swapped,
)
from benchmarks.forge_gain.scores import Row, rows_of
from benchmarks.forge_gain.table import lines
from core.evaluation.face_clips import read_face_clips
from core.faces import load_face_models
from models.train.appearance import AppearanceConfig, Step

KINDS = ("photos", "pairs", "generated")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, train or print."""
    wanted = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    torch.set_num_threads(wanted.threads)
    {"read": read, "train": train, "table": table}[wanted.what](wanted)
    return 0


def read(wanted: argparse.Namespace) -> None:
    """Bring the material into the canonical frame; what is there already is not read again."""
    store, models = Store(wanted.work / "material"), load_face_models()
    about: dict[str, Any] = {"clips": str(wanted.clips.resolve()), "swaps": str(wanted.swaps.resolve())}
    about["alike"] = [names.split(",") for names in wanted.alike]
    for kind in KINDS:
        about[kind] = [f"{kind}--{folder.name}" for folder in getattr(wanted, kind)]
        for name, folder in zip(about[kind], getattr(wanted, kind), strict=True):
            if not store.has(name):
                (keep_pairs if kind == "pairs" else keep_photos)(store, name, folder, models)
                _say(f"read {name}")
    for clip in read_face_clips(wanted.clips):
        if not store.has(clip_name(clip)):
            keep_clip(store, clip, models)
            _say(f"read {clip_name(clip)}")
    (wanted.work / "about.json").write_text(json.dumps(about), encoding="utf-8")


def train(wanted: argparse.Namespace) -> None:
    """Train and score the networks of this part of the work."""
    part, of = (int(number) for number in wanted.part.split("/"))
    collection = collected(wanted.work)
    out = wanted.work / "networks"
    out.mkdir(exist_ok=True)
    for job in jobs(wanted.seeds, fine=wanted.fine)[part::of]:
        scores = out / f"{job.name}.json"
        if scores.is_file():
            continue
        config = AppearanceConfig(
            steps=wanted.steps,
            learning_rate=4e-4,
            frozen_blocks=3,
            warm_up=50,
            averaging=0.99,
            seed=30 + 10 * job.seed + job.half,
            keep_every=20,
            device=wanted.device,
        )
        network = trained(job, collection, config, wanted.start, wanted.autoencoder, out, _teller(job))
        rows = [asdict(row) for row in rows_of(job, network, collection)]
        part_file = scores.with_suffix(".part")
        part_file.write_text(json.dumps(rows), encoding="utf-8")
        part_file.replace(scores)
        _say(f"scored {job.name}")


def table(wanted: argparse.Namespace) -> None:
    """Print what is known so far."""
    done = {
        job: [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
        for job in jobs(wanted.seeds, fine=wanted.fine)
        if (path := wanted.work / "networks" / f"{job.name}.json").is_file()
    }
    for line in lines(done, least_px=wanted.least_px):
        print(line)


def collected(work: Path) -> Collection:
    """Return what was read, with own swaps made anew in memory."""
    about = json.loads((work / "about.json").read_text(encoding="utf-8"))
    clips, swaps, models = read_face_clips(Path(about["clips"])), read_swaps(Path(about["swaps"])), load_face_models()
    half_of = halves([clip for clip in clips if clip.split == "train"], swaps, about["alike"])
    made = []
    for one in swaps:
        made.append(swapped(one, models))
        _say(f"swapped {one.source} as {one.target}, half {half_of[one.source]}: {len(made[-1].to_learn)} moments")
    photos, pairs, generated = (about[kind] for kind in KINDS)
    return Collection(Store(work / "material"), photos, pairs, generated, clips, made, half_of)


def _teller(job: Job) -> Any:
    seen: list[Step] = []

    def tell(step: Step) -> None:
        seen.append(step)
        if step.number % 20 == 0:
            last = seen[-20:]
            loss, right = (float(np.nanmean([getattr(one, name) for one in last])) for name in ("loss", "ranked_right"))
            _say(f"{job.name}: {step.number} of {step.of}, loss {loss:.3f}, twins ranked right {100 * right:.0f} %")

    return tell


def _say(what: str) -> None:
    print(what, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=this.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("read", "train", "table"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--photos", type=Path, nargs="+", default=[])
    parser.add_argument("--pairs", type=Path, nargs="+", default=[])
    parser.add_argument("--generated", type=Path, nargs="+", default=[])
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--swaps", type=Path)
    parser.add_argument(
        "--alike", nargs="+", default=[], metavar="A,B", help="Names in the tables that are one person."
    )
    parser.add_argument("--start", type=Path, help="A network that has seen no clip of the collection.")
    parser.add_argument("--autoencoder", type=Path, help="As `facepulse train appearance` keeps it.")
    parser.add_argument("--part", default="0/1", help="Which of how many processes this one is.")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--fine", action="store_true", help="Own swaps are shown as fine as their pictures.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--least-px", type=float, default=80.0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
