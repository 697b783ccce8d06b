"""What hides a face, seen by a network that was trained on labelled faces: `facepulse swap mask train` makes it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SwapModelError
from core.swap.masks import Mask
from core.types import FaceType
from models.occlusion import SIDE_PX, OcclusionViewer, load_occlusion_net

UNSURE, SURE = 0.35, 0.65
"""What is seen less surely than the first is hidden, more surely than the second is seen; between, it fades."""


class Occlusion:
    """Trained masks: `face_type` is that of the crops that they were trained on."""

    def __init__(self, viewer: OcclusionViewer, face_type: FaceType) -> None:
        self._viewer = viewer
        self.face_type = face_type

    def visible(self, rgb: NDArray[np.uint8]) -> Mask:
        """Return where an aligned face (S, S, 3) is not hidden: (S, S) in 0..1."""
        size = rgb.shape[0]
        how = cv2.INTER_AREA if size > SIDE_PX else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(rgb, (SIDE_PX, SIDE_PX), interpolation=how), np.uint8)
        seen = np.clip((self._viewer(small) - UNSURE) / (SURE - UNSURE), 0, 1)
        return np.asarray(cv2.resize(seen, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def load_occlusion(path: Path, device: str = "cpu") -> Occlusion:
    """Return the masks in a file that `facepulse swap mask train` wrote.

    Raises:
        SwapModelError: there are none, or the file is damaged.
    """
    try:
        network, words = load_occlusion_net(path)
        return Occlusion(OcclusionViewer(network, device), FaceType(words["face_type"]))
    except OSError as error:
        raise SwapModelError(
            f"There are no trained masks in {path}: `facepulse swap mask train` makes them."
        ) from error
    except (ValueError, KeyError) as error:
        raise SwapModelError(f"The trained masks in {path} are damaged.") from error
