"""What every loader yields: a film of a face and the pulse that was measured on the finger meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.types import Frame
from core.types.checks import frozen_array, require


class FrameSource(Protocol):
    """Frames that do not come from a video file: a folder of pictures, an array in a container."""

    def __len__(self) -> int:
        """Return the number of frames."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order; each call starts anew."""
        ...


@dataclass(frozen=True, slots=True)
class PulseRecording:
    """One clip with its truth.

    `subject` is the group that stays on one side of a split; `clip_id` is unique within the dataset. `times_s` (N,)
    are the times of the truth on the video's clock (0 is the first frame), increasing; `ppg` (N,) has the device's own
    unit; `respiration` (N,) likewise, None where it was not recorded. `note` says what a reader of a table must know.
    """

    subject: str
    clip_id: str
    video: Path | FrameSource
    times_s: NDArray[np.float64]
    ppg: NDArray[np.float64]
    respiration: NDArray[np.float64] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        n = len(self.times_s)
        require(n > 1, "a truth has samples")
        object.__setattr__(self, "times_s", frozen_array("times_s", self.times_s, (n,), np.float64))
        object.__setattr__(self, "ppg", frozen_array("ppg", self.ppg, (n,), np.float64))
        if self.respiration is not None:
            object.__setattr__(self, "respiration", frozen_array("respiration", self.respiration, (n,), np.float64))
        require(bool(np.all(np.diff(self.times_s) > 0)), "times_s of a truth increase")


def folder(root: Path, dataset: str) -> Path:
    """Return `root`, which must be a folder.

    Raises:
        DatasetError: there is no such folder.
    """
    if not root.is_dir():
        raise DatasetError(f"There is no folder of {dataset} at the path given.")
    return root


def present(path: Path, root: Path, dataset: str) -> Path:
    """Return `path`, which must exist.

    Raises:
        DatasetError: it is missing; the sentence names it from the dataset's root.
    """
    if not path.exists():
        raise DatasetError(f"{dataset} is incomplete: {path.relative_to(root).as_posix()} is missing.")
    return path


def unreadable(path: Path, root: Path, dataset: str, wanted: str) -> DatasetError:
    """Return the error for a file that is there and does not hold what the layout says."""
    return DatasetError(f"{dataset} cannot be read: {path.relative_to(root).as_posix()} does not hold {wanted}.")


def increasing(
    times_s: NDArray[np.float64], *rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
    """Drop the samples whose time is not later than every one before, as loggers write now and then.

    Args:
        times_s: (N,).
        rows: each (N,).

    Returns:
        The times that are left and the rows at them; NaN times or values are dropped too.
    """
    finite = np.isfinite(times_s) & np.all([np.isfinite(row) for row in rows], axis=0)
    latest = np.maximum.accumulate(np.where(finite, times_s, -np.inf))
    kept = finite & (times_s > np.concatenate([[-np.inf], latest[:-1]]))
    return times_s[kept], tuple(row[kept] for row in rows)
