"""Swaps small enough for tests: faces that were drawn, networks of a few thousand numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from core.swap.augment import Recipe
from core.swap.consent import write_consent
from core.swap.face_set import load_face_set
from core.swap.presets import Plan
from core.swap.set_writer import FaceSetWriter
from core.types import FaceSet, FaceType
from models.swap_autoencoder import Architecture, SwapShape
from models.train.swap import SwapConfig
from tests.synth.face_sets import consent, face

SKIN = {"Source": (200, 150, 120), "Target": (120, 90, 160)}
YAWS = (-30.0, -20.0, -10.0, 0.0, 5.0, 10.0, 20.0, 30.0)


def drawn_face(yaw_deg: float, skin: tuple[int, int, int], size_px: int = 96) -> np.ndarray:
    """A flat face (S, S, 3) with dots for eyes and a mouth that move with the turn of the head."""
    landmarks = face(yaw_deg, size_px=size_px).landmarks_px
    rgb = np.full((size_px, size_px, 3), 60, np.uint8)
    cv2.fillConvexPoly(rgb, cv2.convexHull(np.rint(landmarks).astype(np.int32)), skin)
    for point, colour in ((159, 20), (386, 20), (13, 90)):
        x, y = np.rint(landmarks[point]).astype(int)
        cv2.circle(rgb, (int(x), int(y)), size_px // 20, (colour, 20, 20), -1)
    return rgb


def face_set(path: Path, person: str = "Source", *, with_consent: bool = True) -> FaceSet:
    """Eight drawn faces of 96 px, from left to right."""
    with FaceSetWriter(path, FaceType.FULL, 96) as writer:
        for number, yaw in enumerate(YAWS):
            writer.add(drawn_face(yaw, SKIN[person]), face(yaw, frame_index=number))
        made = writer.commit()
    if with_consent:
        write_consent(path, consent(person))
    return load_face_set(made.path)


def tiny_plan(iterations: int = 6, architecture: Architecture = "df", **changes: object) -> Plan:
    """A plan whose steps take milliseconds and are exact."""
    plan = Plan(
        SwapShape(architecture, 64, 4, 16, 4, 2),
        SwapConfig(learning_rate=2e-3, precision="float32", warm_up=2),
        Recipe(faces=2),
        iterations=iterations,
        save_every=1000,
        preview_every=1000,
        backup_every=1000,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]
