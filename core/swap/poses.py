"""The turns of the head that a trained swap has seen, of the person who is filmed and of the one who is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.swap.coverage import Coverage
from core.swap.model import FILES
from core.swap.saved import read_saved
from core.types import FaceSet


@dataclass(frozen=True, slots=True)
class TrainedPoses:
    """Coverage of both sets; a pose is trained as well as it is in the set that has less of it."""

    source: Coverage
    target: Coverage

    def at(self, yaw_deg: float, pitch_deg: float) -> float:
        """Return how well a head that looks there is covered by both sets, 0..1."""
        return min(self.source.at(yaw_deg, pitch_deg), self.target.at(yaw_deg, pitch_deg))


def poses_json(face_set: FaceSet, *, mirrored: bool) -> dict[str, Any]:
    """Return a set's coverage as model.json has it; `mirrored` where training shows every face in a mirror too."""
    coverage = Coverage.of(face_set)
    values: dict[str, Any] = json.loads((coverage.mirrored() if mirrored else coverage).to_json())
    return values


def trained_poses(model: Path) -> TrainedPoses | None:
    """Return the poses of the swap in a folder or in a .dfm file; None where it is not written down.

    Raises:
        SwapModelError: the folder's swap is damaged.
    """
    sets = _sets_of_file(model) if model.suffix.lower() in FILES and model.is_file() else _sets_of_folder(model)
    try:
        source, target = (Coverage.from_json(json.dumps(sets[role]["coverage"])) for role in ("source", "target"))
    except (KeyError, TypeError, ValueError):
        return None
    return TrainedPoses(source, target)


def _sets_of_folder(model: Path) -> Mapping[str, Any]:
    saved = read_saved(model)
    return {} if saved is None else saved.values.get("sets", {})


def _sets_of_file(model: Path) -> Mapping[str, Any]:
    from core.swap.dfm import about_path  # noqa: PLC0415  (loads onnxruntime)

    try:
        values = json.loads(about_path(model).read_text(encoding="utf-8"))
        sets: Mapping[str, Any] = values["made_from"]["sets"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return sets
