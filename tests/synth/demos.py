"""Labelled demos without a swap: what one would hand to the label, made from the portrait that scikit-image carries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.swap.certificate import Signer, local_signer
from core.swap.label import LabelledVideo, write_labelled
from core.types import ConsentBasis, ConsentRecord, ConsentScope, FaceType, MergedFrame, Provenance, TrainedSwap
from tests.synth.clips import Scene, even_times, iter_frames

RATE = Fraction(25)
SCENE = Scene(width_px=480, height_px=360, face_px=140)


def consent(basis: ConsentBasis = ConsentBasis.PUBLIC_DOMAIN, person: str = "Eileen Collins") -> ConsentRecord:
    given = datetime(2026, 1, 1, tzinfo=UTC)
    return ConsentRecord(person, "a photograph by NASA", given, frozenset(ConsentScope), basis)


def provenance(demo_id: str = "1a2b3c4d", record: ConsentRecord | None = None, *marks: str) -> Provenance:
    swap = TrainedSwap("ab" * 32, "1" * 16, "2" * 16, 1200, "df", 96, FaceType.FULL, record or consent())
    return Provenance(demo_id, swap, "cd" * 32, "a tester", datetime(2026, 5, 4, 12, tzinfo=UTC), marks)


def merged(scene: Scene = SCENE, duration_s: float = 0.6, seed: int = 0) -> Iterator[MergedFrame]:
    """Frames with a box around the portrait's face."""
    times = even_times(RATE, duration_s)
    half = scene.face_px / 2
    x, y = scene.width_px / 2, scene.height_px / 2
    box = np.array([[x - half, y - 1.2 * half, x + half, y + 1.2 * half]], np.float32)
    for time_s, rgb in zip(times, iter_frames(scene, times, seed), strict=True):
        yield MergedFrame(float(time_s), rgb, box)


def signer(folder: Path) -> Signer:
    return local_signer(folder)


def labelled(folder: Path, demo_id: str = "1a2b3c4d", scene: Scene = SCENE, duration_s: float = 0.6) -> LabelledVideo:
    """Write a labelled demo to `folder`/demo.mp4."""
    frames = merged(scene, duration_s)
    made = provenance(demo_id)
    return write_labelled(frames, folder / "demo.mp4", made, rate=RATE, audio=None, signer=signer(folder))
