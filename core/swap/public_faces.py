"""Two faces that anybody may use: portraits by NASA and the US Navy, in the public domain, carried by packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError


@dataclass(frozen=True, slots=True)
class PublicFace:
    """A person, where the photograph comes from and why it may be used, and how to get it: (H, W, 3) RGB."""

    person: str
    licence: str
    read: Callable[[], NDArray[np.uint8]]


def _collins() -> NDArray[np.uint8]:
    try:
        from skimage import data  # noqa: PLC0415  (a package for development only)
    except ImportError as error:
        raise FaceSetError(
            "This portrait is part of scikit-image, which `make setup` installs; it is not there."
        ) from error
    read: Callable[[], NDArray[np.uint8]] = data.astronaut
    return read()


def _hopper() -> NDArray[np.uint8]:
    import matplotlib  # noqa: PLC0415  (slow to import)

    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    picture = cv2.imread(str(path))
    if picture is None:
        raise FaceSetError("This portrait is part of matplotlib, and this installation of it has none.")
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


PUBLIC_FACES = {
    "collins": PublicFace(
        "Eileen Collins",
        "NASA photograph, public domain as a work of the US government; carried by scikit-image as data.astronaut()",
        _collins,
    ),
    "hopper": PublicFace(
        "Grace Hopper",
        "US Navy photograph, public domain as a work of the US government; carried by matplotlib as a sample",
        _hopper,
    ),
}
"""By name; both photographs may be shown, changed and passed on."""
