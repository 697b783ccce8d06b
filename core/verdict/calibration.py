"""The calibration file: written by `facepulse train fusion`, loaded only if it fits the detectors that are here."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import OutputError, WeightsError
from core.verdict.fuse import Calibration
from models.registry import WeightFileError, weight_files, weight_path

logger = logging.getLogger(__name__)

FORMAT = 1
WEIGHTS = "fusion"


def installed_calibration(detectors: Mapping[str, str]) -> Calibration | None:
    """Return the calibration that Facepulse comes with; None if there is none, or it is for other detectors.

    Args:
        detectors: name -> version of every detector that will be asked.

    Raises:
        WeightsError: the file is missing, altered or not a calibration.
    """
    if WEIGHTS not in weight_files():
        return None
    try:
        path = weight_path(WEIGHTS)
    except WeightFileError as error:
        raise WeightsError(str(error)) from error
    return fitting(load_calibration(path), detectors)


def fitting(calibration: Calibration, detectors: Mapping[str, str]) -> Calibration | None:
    """Return `calibration` if every detector in it is there in the version it was measured with, else None."""
    other = {n: v for n, v in calibration.versions.items() if detectors.get(n) != v}
    if other:
        logger.warning("calibration %s is for other detectors: %s", calibration.id, other)
        return None
    return calibration


def load_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Raises:
        WeightsError: it cannot be read, or a key is missing, unknown, or not of its kind.
    """
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ArithmeticError, RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"The calibration file {path.name} cannot be used; fit it again or restore it.") from error


def save_calibration(calibration: Calibration, path: Path) -> Path:
    """Write a calibration file that `load_calibration` reads back equal; returns `path`.

    Raises:
        OutputError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_as_json(calibration), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The calibration cannot be written to {path.name}.") from error
    return path


def _as_json(calibration: Calibration) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "id": calibration.id,
        "detectors": {
            name: {
                "version": version,
                "weight": calibration.weights[name],
                "offset": calibration.offsets.get(name, 0.0),
            }
            for name, version in calibration.versions.items()
        },
        "bias": calibration.bias,
        "fake_from": calibration.fake_from,
        "real_up_to": calibration.real_up_to,
        "tail_log_odds": calibration.tail_log_odds,
        "clear_up_to": dict(calibration.clear_up_to),
        "measured": dict(calibration.measured),
    }


def _from_json(values: dict[str, Any]) -> Calibration:
    if values["format"] != FORMAT:
        raise ValueError("another format")
    detectors = values["detectors"]
    return Calibration(
        id=_name(values["id"]),
        versions={_name(name): _name(row["version"]) for name, row in detectors.items()},
        weights={name: _number(row["weight"]) for name, row in detectors.items()},
        offsets={name: _number(row["offset"]) for name, row in detectors.items()},
        bias=_number(values["bias"]),
        fake_from=_number(values["fake_from"]),
        real_up_to=_number(values["real_up_to"]),
        tail_log_odds=_number(values["tail_log_odds"]),
        clear_up_to={_name(name): _number(value) for name, value in values.get("clear_up_to", {}).items()},
        measured={name: _number(value) for name, value in values["measured"].items()},
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a finite number")
    return float(value)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("not a name")
    return value
