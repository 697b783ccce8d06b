"""MMPD (Tang et al. 2023): 33 people filmed by a phone, in four lights and four motions, 20 clips each.

    subject<N>/p<N>_<k>.mat    "video" (T, H, W, 3) in 0..1 or uint8, 30 a second; "GT_ppg"; labels such as "light"

Files of MATLAB v5 are read by scipy; those of v7.3 are HDF5 and need h5py. The truth is spread evenly over the video.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, whosmat
from scipy.io.matlab import MatReadError

from core.errors import DatasetError
from core.evaluation.datasets.hdf5 import need_h5py
from core.evaluation.datasets.recording import PulseRecording, folder, unreadable
from core.types import Frame

NAME = "MMPD"
RATE_HZ = 30.0
LABELS = ("light", "motion", "exercise", "skin_color")
HDF5_HEAD = b"MATLAB 7.3"
_DAMAGED = (OSError, KeyError, ValueError, TypeError, NotImplementedError, MatReadError, zlib.error)
_FILE = re.compile(r"p(\d+)_(\d+)\.mat")


@dataclass(frozen=True, slots=True)
class MatVideo:
    """The frames of one file, read anew each time they are asked for: 1,800 of them fill 400 MB and more."""

    path: Path
    root: Path
    frames: int

    def __len__(self) -> int:
        """Return the number of frames."""
        return self.frames

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order.

        Raises:
            DatasetError: the file does not hold a video.
        """
        video = _values(self.path, self.root, "video")
        for index, picture in enumerate(video):
            yield Frame(index, index / RATE_HZ, _as_uint8(picture))


def mmpd(root: Path) -> Iterator[PulseRecording]:
    """Return the recordings under `root`, by person and clip; `note` has the labels of the clip.

    Raises:
        DatasetError: no recording is there, a file cannot be read, or it needs h5py and that is not installed.
    """
    found = [(match, path) for path in folder(root, NAME).glob("subject*/*.mat") if (match := _FILE.match(path.name))]
    if not found:
        raise DatasetError(f"{NAME} was not found: there is no subject1/p1_0.mat or alike.")
    found.sort(key=lambda one: (int(one[0][1]), int(one[0][2])))
    return (_recording(path, root, match[1], match[2]) for match, path in found)


def _recording(path: Path, root: Path, person: str, clip: str) -> PulseRecording:
    frames = _frame_count(path, root)
    ppg = np.asarray(_values(path, root, "GT_ppg").ravel(), np.float64)
    if len(ppg) < 2 or frames < 2:
        raise unreadable(path, root, NAME, "a video and its PPG")
    times_s = np.linspace(0, frames / RATE_HZ, len(ppg), endpoint=False)
    labels = [f"{name} {value}" for name in LABELS if (value := _label(path, root, name))]
    video = MatVideo(path, root, frames)
    return PulseRecording(f"p{person}", f"p{person}_{clip}", video, times_s, ppg, note=", ".join(labels))


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(HDF5_HEAD)) == HDF5_HEAD


def _frame_count(path: Path, root: Path) -> int:
    try:
        if _is_hdf5(path):
            with need_h5py(NAME).File(path, "r") as file:
                return int(file["video"].shape[-1])  # MATLAB's first axis is HDF5's last
        return int({name: shape for name, shape, _ in whosmat(str(path))}["video"][0])
    except (*_DAMAGED, IndexError) as error:
        raise unreadable(path, root, NAME, "a video and its PPG") from error


def _values(path: Path, root: Path, name: str) -> NDArray[Any]:
    """One variable of the file with its axes in MATLAB's order; the others are not read."""
    try:
        if _is_hdf5(path):
            with need_h5py(NAME).File(path, "r") as file:
                values = np.asarray(file[name][()])
            return values.transpose()
        return np.asarray(loadmat(str(path), variable_names=[name])[name])
    except _DAMAGED as error:
        raise unreadable(path, root, NAME, f"the variable {name}") from error


def _label(path: Path, root: Path, name: str) -> str:
    """A label as a word, "" where the file has none."""
    try:
        value = _values(path, root, name)
    except DatasetError:
        return ""
    if value.dtype.kind in "iu" and value.size > 1 and value.dtype.itemsize == 2:  # v7.3 writes words as UTF-16
        return "".join(chr(code) for code in value.ravel())
    return str(value.ravel()[0]) if value.size else ""


def _as_uint8(picture: NDArray[Any]) -> NDArray[np.uint8]:
    if picture.dtype == np.uint8:
        return np.ascontiguousarray(picture)
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)
