"""Datasets of faces with a measured pulse, each read from its official layout by a file of its own.

A loader is `root -> iterator of PulseRecording`; it looks for everything before it returns, so that a missing folder
or file is told at once, and reads each truth when its turn comes.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from core.evaluation.datasets.cohface import cohface
from core.evaluation.datasets.mmpd import mmpd
from core.evaluation.datasets.pure import pure
from core.evaluation.datasets.recording import FrameSource, PulseRecording
from core.evaluation.datasets.ubfc_phys import ubfc_phys
from core.evaluation.datasets.ubfc_rppg import ubfc_rppg

Loader = Callable[[Path], Iterator[PulseRecording]]

DATASETS: dict[str, Loader] = {
    "ubfc-rppg": ubfc_rppg,
    "ubfc-phys": ubfc_phys,
    "pure": pure,
    "cohface": cohface,
    "mmpd": mmpd,
}
"""Name on the command line -> loader."""

__all__ = ["DATASETS", "FrameSource", "Loader", "PulseRecording", "cohface", "mmpd", "pure", "ubfc_phys", "ubfc_rppg"]
