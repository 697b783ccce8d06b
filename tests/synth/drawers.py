"""Swap networks whose answer is known, for tests of what is done with their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from core.types import ConsentBasis, ConsentRecord, ConsentScope, DrawnFaces, FaceType, TrainedSwap

CONSENT = ConsentRecord(
    person="Eileen Collins",
    how="NASA photograph, public domain",
    given_at=datetime(2026, 1, 1, tzinfo=UTC),
    scope=frozenset(ConsentScope),
    basis=ConsentBasis.PUBLIC_DOMAIN,
)


def swap_of(size_px: int = 128, face_type: FaceType = FaceType.FULL, consent: ConsentRecord = CONSENT) -> TrainedSwap:
    """What a trained swap says of itself."""
    return TrainedSwap("a" * 64, "1" * 16, "2" * 16, 1000, "df", size_px, face_type, consent)


@dataclass
class KnownDrawer:
    """Draws what `paint` makes of each face (S, S, 3); its masks are full, or `mask` (S, S). Notes the faces."""

    paint: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda face: face
    size_px: int = 128
    mask: NDArray[np.float32] | None = None
    about: TrainedSwap = field(default_factory=swap_of)
    seen: list[NDArray[np.uint8]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.about = swap_of(self.size_px, self.about.face_type, self.about.target_consent)

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        self.seen += list(faces)
        mask = np.ones(faces.shape[1:3], np.float32) if self.mask is None else self.mask
        masks = np.stack([mask] * len(faces))
        return DrawnFaces(np.stack([self.paint(face) for face in faces]), masks, masks)
