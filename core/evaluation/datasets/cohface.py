"""COHFACE (Heusch, Anjos and Marcel 2017): 40 people, two clips in studio light and two in daylight, a minute each.

<N>/<k>/data.avi, data.hdf5    "pulse", "respiration" and "time" in s, 256 a second; k = 0 … 3
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.datasets.hdf5 import need_h5py
from core.evaluation.datasets.recording import PulseRecording, folder, increasing, present, unreadable

NAME = "COHFACE"
LIGHT = {"0": "studio light", "1": "studio light", "2": "daylight", "3": "daylight"}


def cohface(root: Path) -> Iterator[PulseRecording]:
    """Return the recordings under `root`, by person and clip; `note` is the light.

    Raises:
        DatasetError: no recording is there, one lacks its video or truth, h5py is not installed, or a truth cannot
            be read.
    """
    clips = [path for path in folder(root, NAME).glob("*/*") if path.is_dir() and _numbered(path)]
    if not clips:
        raise DatasetError(f"{NAME} was not found: there is no folder 1/0 or alike.")
    clips.sort(key=lambda path: (int(path.parent.name), int(path.name)))
    found = [(present(clip / "data.avi", root, NAME), present(clip / "data.hdf5", root, NAME)) for clip in clips]
    need_h5py(NAME)
    return (_recording(video, truth, root) for video, truth in found)


def _numbered(clip: Path) -> bool:
    return clip.name.isdigit() and clip.parent.name.isdigit()


def _recording(video: Path, truth: Path, root: Path) -> PulseRecording:
    times_s, ppg, respiration = _read(truth, root)
    times_s, (ppg, respiration) = increasing(times_s, ppg, respiration)
    if len(times_s) < 2:
        raise unreadable(truth, root, NAME, "increasing times")
    subject, clip = video.parent.parent.name, video.parent.name
    note = LIGHT.get(clip, "")
    return PulseRecording(subject, f"{subject}-{clip}", video, times_s - times_s[0], ppg, respiration, note)


def _read(truth: Path, root: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    h5py = need_h5py(NAME)
    try:
        with h5py.File(truth, "r") as file:
            rows = [np.asarray(file[name][:], np.float64).ravel() for name in ("time", "pulse", "respiration")]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise unreadable(truth, root, NAME, "pulse, respiration and time") from error
    if len({len(row) for row in rows}) != 1:
        raise unreadable(truth, root, NAME, "equally many values of pulse, respiration and time")
    return rows[0], rows[1], rows[2]
