"""face-alignment's FAN (Bulat and Tzimiropoulos 2017) as a second aligner: slow, for key frames and face sets.

Its weights are in no package. On a user's machine the library fetches them once, when asked to; here nothing is ever
downloaded while a clip is analysed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.faces.landmarks import ibug68
from core.faces.mesh import square_around_box, square_around_mesh
from core.faces.models import FaceModels

FAN_FILE = "2DFAN4-11f355bf06.pth.tar"
FAN_SHA256_START = "11f355bf06"
"""The file's name carries the first digits of its sha256."""
FAN_URL = f"https://www.adrianbulat.com/downloads/python-fan/{FAN_FILE}"
FOLDER = "the folder hub/checkpoints of $TORCH_HOME (without that setting, of ~/.cache/torch)"
_FETCH_FAILED = f"The FAN weights could not be fetched; download {FAN_URL} by hand and put the file into {FOLDER}."


class Aligner(Protocol):
    """Whatever finds the iBUG 68 points of faces whose boxes are known."""

    def landmarks(self, rgb: NDArray[np.uint8], boxes_xyxy_px: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the points (N, 68, 2) in pixels, for a picture (H, W, 3) and boxes (N, 4)."""
        ...


class MeshAligner:
    """The aligner that is always there: the 68 points among those of the FaceMesh."""

    def __init__(self, models: FaceModels) -> None:
        self._mesh = models.mesh

    def landmarks(self, rgb: NDArray[np.uint8], boxes_xyxy_px: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the points (N, 68, 2) in pixels, for a picture (H, W, 3) and boxes (N, 4)."""
        faces = np.zeros((len(boxes_xyxy_px), 68, 2), np.float32)
        for row, box in enumerate(boxes_xyxy_px):
            first = self._mesh.fit(rgb, square_around_box(box))
            faces[row] = ibug68(self._mesh.fit(rgb, square_around_mesh(first.points_px)).points_px)
        return faces


class FanAligner:
    """FAN on the CPU, about half a second a face."""

    def __init__(self) -> None:
        """Load the weights.

        Raises:
            WeightsError: they are not there; the sentence says how to get them.
        """
        if not fan_weights_present():
            raise WeightsError(
                f"The FAN weights {FAN_FILE} are missing; run `facepulse models fetch`, or put the file into {FOLDER}."
            )
        if not _is_untouched(fan_weights_path()):
            raise WeightsError(
                f"The FAN weights {FAN_FILE} are damaged; delete the file in {FOLDER} and run `facepulse models fetch`."
            )
        self._fan = _load_fan()

    def landmarks(self, rgb: NDArray[np.uint8], boxes_xyxy_px: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the points (N, 68, 2) in pixels, for a picture (H, W, 3) and boxes (N, 4)."""
        if len(boxes_xyxy_px) == 0:
            return np.zeros((0, 68, 2), np.float32)
        boxes = [np.asarray(box, np.float64) for box in boxes_xyxy_px]
        return np.stack(self._fan.get_landmarks_from_image(rgb, detected_faces=boxes)).astype(np.float32)


def fan_weights_path() -> Path:
    """Return where face-alignment looks for its weights (the checkpoints folder of torch's hub)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    home = Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser()
    return home / "hub" / "checkpoints" / FAN_FILE


def fan_weights_present() -> bool:
    """Tell whether the weights are on this machine."""
    return fan_weights_path().is_file()


def fetch_fan_weights() -> Path:
    """Let face-alignment download its weights, if they are not there; return the file.

    Raises:
        WeightsError: the download failed, or what came is not the file that the name promises.
    """
    try:
        _load_fan()
    except Exception as error:  # the library raises whatever network, disk and unpickling raise
        raise WeightsError(_FETCH_FAILED) from error
    path = fan_weights_path()
    if not path.is_file() or not _is_untouched(path):
        raise WeightsError(_FETCH_FAILED)
    return path


def _is_untouched(path: Path) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(FAN_SHA256_START)


def _load_fan() -> Any:
    import face_alignment  # noqa: PLC0415  (imports torch, which only those who ask for FAN should wait for)

    # The 'folder' detector loads no network: boxes are always passed in.
    return face_alignment.FaceAlignment(
        face_alignment.LandmarksType.TWO_D, device="cpu", face_detector="folder", compile=False
    )
