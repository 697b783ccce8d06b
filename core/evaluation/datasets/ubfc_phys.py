"""UBFC-Phys (Meziati Sabour, Benezeth, De Oliveira, Chappé and Yang 2021): 56 people at rest, speaking and calculating.

s<N>/vid_s<N>_T<k>.avi, bvp_s<N>_T<k>.csv    one PPG value a line, 64 a second (Empatica E4), k = 1, 2, 3
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.evaluation.datasets.recording import PulseRecording, folder, present, unreadable

NAME = "UBFC-Phys"
RATE_HZ = 64.0
TASKS = {1: "rest", 2: "speech", 3: "arithmetic"}
_VIDEO = re.compile(r"vid_s(\d+)_T(\d)\.(avi|mp4)")


def ubfc_phys(root: Path) -> Iterator[PulseRecording]:
    """Return the recordings under `root`, by person and task; `note` is the task.

    Raises:
        DatasetError: no video is there, a video lacks its PPG, or a PPG cannot be read.
    """
    found = [(match, path) for path in folder(root, NAME).glob("s*/vid_s*_T*") if (match := _VIDEO.match(path.name))]
    if not found:
        raise DatasetError(f"{NAME} was not found: there is no s1/vid_s1_T1.avi or alike.")
    found.sort(key=lambda one: (int(one[0][1]), int(one[0][2])))
    clips = [
        (match[1], int(match[2]), path, present(path.with_name(f"bvp_s{match[1]}_T{match[2]}.csv"), root, NAME))
        for match, path in found
    ]
    return (_recording(person, task, video, truth, root) for person, task, video, truth in clips)


def _recording(person: str, task: int, video: Path, truth: Path, root: Path) -> PulseRecording:
    try:
        ppg = np.loadtxt(truth, delimiter=",", ndmin=2)[:, 0]
    except (ValueError, IndexError) as error:
        raise unreadable(truth, root, NAME, "one number a line") from error
    if len(ppg) < 2:
        raise unreadable(truth, root, NAME, "one number a line")
    times_s = np.arange(len(ppg)) / RATE_HZ
    return PulseRecording(f"s{person}", f"s{person}_T{task}", video, times_s, ppg, note=TASKS.get(task, ""))
