"""MesoNet as a baseline: its mean over a face's crops, with weights that the user brings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import WeightsError
from core.evaluation.detection.measure import BASELINE_MARK
from core.types import Evidence, FaceMaterial
from models.mesonet import Meso4, load_meso4, real_probabilities

NAME = "MesoNet (Meso-4)"


@dataclass(frozen=True, slots=True)
class MesoNet:
    """A baseline for `Measurer`: only the path travels to other processes, each of which loads the network once."""

    path: Path
    version: str

    def __call__(self, face: FaceMaterial) -> Evidence:
        """Return the mean of 1 - P(real) over the crops that were kept of a face; abstains without any.

        The crops are ours, upright with the face on 60 % of the height; the authors cut theirs by other means.
        """
        if face.crops is None or len(face.crops.rgb) == 0:
            return Evidence(NAME, self.version, face.track.id, None, 0.0, (), "no crop of the face was kept")
        real = float(real_probabilities(_network(self.path), face.crops.rgb).mean())
        return Evidence(NAME, self.version, face.track.id, min(max(1 - real, 0.0), 1.0), 1.0)


def mesonet(path: Path) -> MesoNet:
    """Return the baseline with the weights at `path`.

    Raises:
        WeightsError: the file is not there or is not of this network.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        _network(path)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"MesoNet's weights cannot be read from {path.name}; docs/evaluation.md says which arrays are needed."
        ) from error
    return MesoNet(path, f"{BASELINE_MARK}{digest[:16]}")


@cache
def _network(path: Path) -> Meso4:
    return load_meso4(path)
