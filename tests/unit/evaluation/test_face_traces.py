"""Faces of a real side-by-side clip: watched once, and the swapped half agrees more than the filmed one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.evaluation.face_clips import FaceClip
from core.evaluation.face_traces import main_face, seen_faces
from core.faces import load_face_models
from core.signals import even_trace
from core.signals.agreement import cell_agreement

PAIR = "clips/deepfacelive/Kim_Jarrey_1.mp4"


def test_neighbouring_cells_agree_more_in_the_swapped_half(shared_data: Path, tmp_path: Path) -> None:
    models, found = load_face_models(), {}
    for half, fake in (("left", False), ("right", True)):
        clip = FaceClip(shared_data / PAIR, half, fake, "p", "t", "pair", "train")
        face = main_face(clip, seen_faces(clip, models, tmp_path))
        assert face is not None
        agreement = cell_agreement(even_trace(face.trace))
        assert agreement is not None
        found[half] = agreement
        again = main_face(clip, seen_faces(clip, models, tmp_path))
        assert again is not None
        assert np.array_equal(again.trace.rgb, face.trace.rgb, equal_nan=True)
    assert found["right"].pos > found["left"].pos + 0.05
    assert found["right"].chrom > found["left"].chrom + 0.05


def test_a_clip_without_faces_has_no_main_face() -> None:
    assert main_face(FaceClip(Path("x.mp4"), None, False, "p", "t", "x", "train"), []) is None
