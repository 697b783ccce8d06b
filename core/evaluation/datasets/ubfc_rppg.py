"""UBFC-rPPG (Bobbia, Macwan, Benezeth, Mansouri and Dubois 2019): 8 + 42 people at a webcam, a minute each.

    DATASET_1/<name>/vid.avi, gtdump.xmp           comma-separated: time in ms, heart rate, SpO2, PPG
    DATASET_2/subject<N>/vid.avi, ground_truth.txt  three rows: PPG, heart rate, time in s

The root may be the parent of both or one of them; `vid.mp4` is taken where a copy was recompressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.datasets.recording import PulseRecording, folder, increasing, unreadable

NAME = "UBFC-rPPG"
LEFT_OUT: Mapping[str, str] = {"subject13": "its truth is a copy of subject12's"}
"""Subjects of DATASET_2 that are not yielded, and why."""
VIDEO_NAMES = ("vid.avi", "vid.mp4")
TRUTH_NAMES = ("ground_truth.txt", "gtdump.xmp")


def ubfc_rppg(root: Path, left_out: Mapping[str, str] = LEFT_OUT) -> Iterator[PulseRecording]:
    """Return the recordings under `root`, by number.

    A subject whose truth starts late on the logger's clock (subject 4) has it shifted to 0: truth and video start
    together. A truth that repeats an earlier subject's is left out like those of `left_out`.

    Raises:
        DatasetError: no subject is there, or one lacks its video or truth, or a truth cannot be read.
    """
    subjects = _subjects(folder(root, NAME))
    if not subjects:
        raise DatasetError(f"{NAME} was not found: no folder has {' or '.join(TRUTH_NAMES)} beside a video.")
    clips = [(_video(path, root), _truth(path, root)) for path in subjects if path.name not in left_out]
    return _recordings(clips)


def _recordings(clips: list[tuple[Path, Path]]) -> Iterator[PulseRecording]:
    seen: set[bytes] = set()
    for video, truth in clips:
        times_s, ppg, note = _read_truth(truth)
        fingerprint = ppg.tobytes()
        if fingerprint in seen:  # a copied truth says nothing of this face
            continue
        seen.add(fingerprint)
        name = video.parent.name
        first_set = truth.name == "gtdump.xmp"
        clip_id = f"dataset1-{name}" if first_set else name
        yield PulseRecording(clip_id, clip_id, video, times_s, ppg, note=note)


def _subjects(root: Path) -> list[Path]:
    """Every folder that has a truth or a video, in the order of the numbers in their names."""
    parents = [root, root / "DATASET_1", root / "DATASET_2"]
    inside = [path for parent in parents if parent.is_dir() for path in parent.iterdir() if path.is_dir()]
    names = (*VIDEO_NAMES, *TRUTH_NAMES)
    found = [path for path in inside if any((path / name).exists() for name in names)]
    return sorted(found, key=lambda path: (path.parent.name, _number(path.name), path.name))


def _number(name: str) -> int:
    digits = "".join(character for character in name if character.isdigit())
    return int(digits) if digits else 0


def _video(subject: Path, root: Path) -> Path:
    return _one_of(subject, VIDEO_NAMES, root)


def _truth(subject: Path, root: Path) -> Path:
    return _one_of(subject, TRUTH_NAMES, root)


def _one_of(subject: Path, names: tuple[str, ...], root: Path) -> Path:
    for name in names:
        if (subject / name).is_file():
            return subject / name
    where = subject.relative_to(root).as_posix()
    raise DatasetError(f"{NAME} is incomplete: {where} has no {' or '.join(names)}.")


def _read_truth(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Times from 0 in s, PPG, and what was changed."""
    root = path.parent.parent
    try:
        if path.name == "gtdump.xmp":
            table = np.loadtxt(path, delimiter=",", ndmin=2)
            times_s, ppg = table[:, 0] / 1000, table[:, 3]
        else:
            table = np.loadtxt(path, ndmin=2)
            ppg, times_s = table[0], table[2]
    except (ValueError, IndexError, OSError) as error:
        raise unreadable(path, root, NAME, "the rows of a truth") from error
    times_s, (ppg,) = increasing(times_s, ppg)
    if len(times_s) < 2:
        raise unreadable(path, root, NAME, "increasing times")
    late_s = float(times_s[0])
    note = f"truth shifted by {late_s:.3f} s to start with the video" if abs(late_s) > 1 else ""
    return times_s - late_s, ppg, note
