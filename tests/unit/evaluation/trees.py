"""Small made-up trees in the official layouts of the datasets."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

CLOCK_NS = 1_392_643_000_123_456_789
"""PURE's clock counts from 1970: its digits do not fit in a float."""


def pulse(times_s: NDArray[np.float64], bpm: float = 72) -> NDArray[np.float64]:
    """A finger's wave with its dicrotic bump."""
    phase = 2 * np.pi * bpm / 60 * times_s
    return np.asarray(np.sin(phase) + 0.4 * np.sin(2 * phase - 1), np.float64)


def ubfc_second(root: Path, number: int, bpm: float = 72, start_s: float = 0.0, video: str = "vid.avi") -> Path:
    """One subject of DATASET_2; returns its folder."""
    subject = root / f"subject{number}"
    subject.mkdir(parents=True)
    (subject / video).write_bytes(b"RIFF")
    times = np.arange(0, 20, 0.03)
    rows = [pulse(times, bpm), np.full(len(times), bpm), start_s + times]
    lines = ["   " + "   ".join(f"{value:.7e}" for value in row) for row in rows]
    (subject / "ground_truth.txt").write_text("\n".join(lines) + "\n")
    return subject


def ubfc_first(root: Path, name: str, bpm: float = 72) -> Path:
    """One subject of DATASET_1; returns its folder."""
    subject = root / name
    subject.mkdir(parents=True)
    (subject / "vid.avi").write_bytes(b"RIFF")
    times = np.arange(0, 20, 0.016)
    wave = np.rint(50 + 20 * pulse(times, bpm))
    lines = [f"{time * 1000:.0f},{bpm:.0f},98,{value:.0f}" for time, value in zip(times, wave, strict=True)]
    (subject / "gtdump.xmp").write_text("\n".join(lines) + "\n")
    return subject


def ubfc_phys_clip(root: Path, person: int, task: int, bpm: float = 72) -> Path:
    """One task of one person; returns the video's path."""
    folder = root / f"s{person}"
    folder.mkdir(parents=True, exist_ok=True)
    video = folder / f"vid_s{person}_T{task}.avi"
    video.write_bytes(b"RIFF")
    wave = 30 * pulse(np.arange(64 * 20) / 64, bpm)
    (folder / f"bvp_s{person}_T{task}.csv").write_text("".join(f"{value:.2f}\n" for value in wave))
    return video


def pure_clip(root: Path, name: str, bpm: float = 72, frames: int = 5) -> Path:
    """One recording; picture i is of grey 10·i, red 200. Returns its folder."""
    clip = root / name
    (clip / name).mkdir(parents=True)
    image_ns = [CLOCK_NS + round(i * 1e9 / 30) for i in range(frames)]
    pulse_ns = [CLOCK_NS - 5_000_000 + round(i * 1e9 / 60) for i in range(60 * 20)]
    wave = pulse((np.array(pulse_ns) - CLOCK_NS) / 1e9, bpm)
    entries = {
        "/FullPackage": [
            {"Timestamp": stamp, "Value": {"pulseRate": bpm, "o2saturation": 97, "waveform": round(60 + 20 * value)}}
            for stamp, value in zip(pulse_ns, wave, strict=True)
        ],
        "/Image": [{"Timestamp": stamp, "Value": {"exposure": 1}} for stamp in image_ns],
    }
    (clip / f"{name}.json").write_text(json.dumps(entries))
    for i, stamp in enumerate(image_ns):
        bgr = np.full((8, 6, 3), (10 * i, 10 * i, 200), np.uint8)
        cv2.imwrite(str(clip / name / f"Image{stamp}.png"), bgr)
    return clip


def cohface_clip(root: Path, person: int, clip: int) -> Path:
    """One clip without a readable truth: what holds without h5py. Returns its folder."""
    folder = root / str(person) / str(clip)
    folder.mkdir(parents=True)
    (folder / "data.avi").write_bytes(b"RIFF")
    (folder / "data.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n")
    return folder


def mmpd_clip(root: Path, person: int, clip: int, bpm: float = 72, frames: int = 600) -> Path:
    """One file of MATLAB v5; picture i is of 0.5 green and blue, red i / frames. Returns its path."""
    folder = root / f"subject{person}"
    folder.mkdir(parents=True, exist_ok=True)
    video = np.full((frames, 4, 3, 3), 0.5, np.float64)
    video[..., 0] = (np.arange(frames) / frames)[:, None, None]
    path = folder / f"p{person}_{clip}.mat"
    labels = {"light": "LED-low", "motion": "Stationary", "exercise": "False", "skin_color": 3}
    savemat(path, {"video": video, "GT_ppg": pulse(np.arange(frames) / 30, bpm)[None], **labels})
    return path


class FakeHdf5:
    """Stands in for h5py where a test says what a file holds: `File(path, mode)[name][:]`."""

    def __init__(self, content: dict[str, NDArray[np.generic]]) -> None:
        self._content = content

    def File(self, path: Path, mode: str) -> FakeHdf5:  # noqa: N802
        assert Path(path).is_file()
        assert mode == "r"
        return self

    def __enter__(self) -> dict[str, NDArray[np.generic]]:
        return self._content

    def __exit__(self, *error: object) -> None:
        pass
