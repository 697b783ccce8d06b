"""PURE (Stricker, Müller and Gross 2014): 10 people, six ways of holding or moving the head, a minute each.

    <NN>-<kk>/<NN>-<kk>/Image<timestamp>.png    pictures, 30 a second, losslessly compressed
    <NN>-<kk>/<NN>-<kk>.json                    "/Image" and "/FullPackage": lists of {"Timestamp": ns, "Value": {…}}

The pictures may also lie directly beside the JSON. The finger clip gives about 60 values a second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.datasets.recording import PulseRecording, folder, increasing, present, unreadable
from core.types import Frame

NAME = "PURE"
SETUPS = {
    "01": "steady",
    "02": "talking",
    "03": "slow translation",
    "04": "fast translation",
    "05": "small rotation",
    "06": "medium rotation",
}
_CLIP = re.compile(r"(\d\d)-(\d\d)")
_NUMBER = re.compile(r"(\d+)\.png$")


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Pictures on disk with the times at which they were taken, read one at a time."""

    paths: tuple[Path, ...]
    times_s: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.paths)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the pictures in order.

        Raises:
            DatasetError: one of them cannot be read.
        """
        for index, (path, time_s) in enumerate(zip(self.paths, self.times_s, strict=True)):
            bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if bgr is None:
                raise DatasetError(f"{NAME} cannot be read: the picture {path.name} of {path.parent.name} is damaged.")
            yield Frame(index, float(time_s), np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))


def pure(root: Path) -> Iterator[PulseRecording]:
    """Return the recordings under `root`, by person and setup; `note` is the setup.

    Raises:
        DatasetError: no recording is there, one lacks its JSON or pictures, or a JSON cannot be read.
    """
    clips = sorted(path for path in folder(root, NAME).iterdir() if path.is_dir() and _CLIP.fullmatch(path.name))
    if not clips:
        raise DatasetError(f"{NAME} was not found: there is no folder 01-01 or alike.")
    found = [(clip, present(clip / f"{clip.name}.json", root, NAME), _pictures(clip, root)) for clip in clips]
    return (_recording(clip.name, truth, pictures, root) for clip, truth, pictures in found)


def _pictures(clip: Path, root: Path) -> list[Path]:
    inner = clip / clip.name
    # the names end with a time in ns, and those of one clip need not have equally many digits
    pictures = sorted((inner if inner.is_dir() else clip).glob("*.png"), key=_stamp)
    if not pictures:
        raise DatasetError(f"{NAME} is incomplete: {clip.relative_to(root).as_posix()} has no pictures.")
    return pictures


def _stamp(path: Path) -> int:
    match = _NUMBER.search(path.name)
    return int(match[1]) if match else -1


def _recording(name: str, truth: Path, pictures: list[Path], root: Path) -> PulseRecording:
    try:
        entries = json.loads(truth.read_text(encoding="utf-8"))
        image_ns = np.array([entry["Timestamp"] for entry in entries["/Image"]], np.int64)
        packages = entries["/FullPackage"]
        pulse_ns = np.array([entry["Timestamp"] for entry in packages], np.int64)
        ppg = np.array([_waveform(entry) for entry in packages])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise unreadable(truth, root, NAME, "the times and waveforms of a recording") from error
    if len(image_ns) != len(pictures):
        raise DatasetError(
            f"{NAME} is incomplete: {name} has {len(pictures)} pictures and {len(image_ns)} times for them."
        )
    # ns of a clock that started long ago: subtract as whole numbers, or the digits are lost
    image_s = (image_ns - image_ns[0]) / 1e9
    times_s, (ppg,) = increasing((pulse_ns - image_ns[0]) / 1e9, ppg)
    later = np.concatenate([[True], image_s[1:] > np.maximum.accumulate(image_s)[:-1]])
    kept = tuple(path for path, keep in zip(pictures, later, strict=True) if keep)
    if len(times_s) < 2:
        raise unreadable(truth, root, NAME, "the times and waveforms of a recording")
    subject, setup = name.split("-")
    source = PictureFolder(kept, image_s[later])
    return PulseRecording(subject, name, source, times_s, ppg, note=SETUPS.get(setup, ""))


def _waveform(entry: dict[str, Any]) -> float:
    return float(entry["Value"]["waveform"])
