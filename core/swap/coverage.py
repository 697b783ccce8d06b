"""Which turns of a head a face set shows, and so where a network that learned from it can be trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.types import FaceSet
from core.types.checks import frozen_array, require

CELL_DEG = 5.0
YAW_EDGES_DEG = np.arange(-90.0, 90.1, CELL_DEG)
PITCH_EDGES_DEG = np.arange(-60.0, 60.1, CELL_DEG)
ENOUGH = 4
"""Faces in one cell that count as having seen it."""
SURE_DEG, LOST_DEG = 5.0, 15.0
"""A network is as good this far from a pose that it has seen, and knows nothing that far from all of them."""

_SHAPE = (len(YAW_EDGES_DEG) - 1, len(PITCH_EDGES_DEG) - 1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many faces look which way: `counts` (36, 24) int64, yaw from -90 and pitch from -60 degrees, in 5° cells.

    Angles as in `FaceObservation`: head turns beyond about 50 degrees are told too small (`core.faces.pose`).
    """

    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", frozen_array("counts", self.counts, _SHAPE, np.int64))
        require(bool((self.counts >= 0).all()), "counts are not negative")

    @classmethod
    def of(cls, face_set: FaceSet) -> Self:
        """Return the coverage of a set."""
        return cls.of_poses([face.yaw_deg for face in face_set.faces], [face.pitch_deg for face in face_set.faces])

    @classmethod
    def of_poses(cls, yaw_deg: list[float], pitch_deg: list[float]) -> Self:
        """Return the coverage of N heads; what is turned further than the cells go is counted in the last ones."""
        yaw = np.clip(yaw_deg, YAW_EDGES_DEG[0], YAW_EDGES_DEG[-1])
        pitch = np.clip(pitch_deg, PITCH_EDGES_DEG[0], PITCH_EDGES_DEG[-1])
        counts, _, _ = np.histogram2d(yaw, pitch, bins=(YAW_EDGES_DEG, PITCH_EDGES_DEG))
        return cls(counts.astype(np.int64))

    def at(self, yaw_deg: float, pitch_deg: float) -> float:
        """Return how well a head that looks there is covered, 0..1.

        1 within 5 degrees of a cell that has enough faces, falling to 0 at 15; a cell with fewer counts for less.
        """
        seen, yaw, pitch = self._cells()
        if not len(seen):
            return 0.0
        across = np.maximum(np.abs(yaw - yaw_deg) - CELL_DEG / 2, 0)
        along = np.maximum(np.abs(pitch - pitch_deg) - CELL_DEG / 2, 0)
        near = np.clip((LOST_DEG - np.hypot(across, along)) / (LOST_DEG - SURE_DEG), 0, 1)
        return float((seen * near).max())

    def grid(self) -> NDArray[np.float64]:
        """Return `at` in the middle of every cell (36, 24)."""
        return np.array(
            [[self.at(yaw, pitch) for pitch in _middles(PITCH_EDGES_DEG)] for yaw in _middles(YAW_EDGES_DEG)]
        )

    def mirrored(self) -> Coverage:
        """Return the coverage of a training that also shows every face in a mirror."""
        return Coverage(self.counts + self.counts[::-1])

    def to_json(self) -> str:
        """Return it as JSON: the cells that are not empty, as [yaw, pitch, faces] with their middles in degrees."""
        cells = [
            [float(_middles(YAW_EDGES_DEG)[i]), float(_middles(PITCH_EDGES_DEG)[j]), int(self.counts[i, j])]
            for i, j in np.argwhere(self.counts)
        ]
        return json.dumps({"cell_deg": CELL_DEG, "cells": cells})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ValueError: it did not write that.
        """
        counts = np.zeros(_SHAPE, np.int64)
        try:
            for yaw, pitch, faces in json.loads(text)["cells"]:
                i, j = int((yaw - YAW_EDGES_DEG[0]) // CELL_DEG), int((pitch - PITCH_EDGES_DEG[0]) // CELL_DEG)
                require(i >= 0 and j >= 0, "a cell lies outside")
                counts[i, j] += int(faces)
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise ValueError("this is no coverage") from error
        return cls(counts)

    def _cells(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return of every cell that is not empty how far it counts as seen, and its middle."""
        i, j = np.nonzero(self.counts)
        seen = np.minimum(self.counts[i, j] / ENOUGH, 1.0)
        return seen, _middles(YAW_EDGES_DEG)[i], _middles(PITCH_EDGES_DEG)[j]


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return (edges[:-1] + edges[1:]) / 2
