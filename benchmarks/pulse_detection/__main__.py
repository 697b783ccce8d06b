"""The command of `benchmarks.pulse_detection`; see there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

import benchmarks.pulse_detection as this
from benchmarks.pulse_detection.agreement import print_agreement
from benchmarks.pulse_detection.clues import print_clues
from benchmarks.pulse_detection.controls import print_controls
from benchmarks.pulse_detection.material import read_material
from benchmarks.pulse_detection.others import print_others
from benchmarks.pulse_detection.segments import BEST, OMEGAS, Answers
from benchmarks.pulse_detection.trained import print_cnn, print_svm
from core.evaluation.face_clips import read_face_clips
from core.faces import load_face_models


def main(arguments: Sequence[str] | None = None) -> None:
    """Print every table."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    console = Console(width=160)
    clips, models = read_face_clips(options.data), load_face_models()
    material = read_material(clips, models, options.cache)
    answers = Answers(options.cache)
    console.print(material.told())
    print_clues(console, material)
    print_agreement(console, material)
    print_svm(console, material, answers)
    print_cnn(console, material, answers, BEST)
    print_controls(console, material, answers, models, options.cache)
    print_others(console, material)
    for omega in OMEGAS:
        if omega != BEST:
            print_cnn(console, material, answers, omega)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pulse_detection",
        description=this.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
