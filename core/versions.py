"""What an answer depends on, known without importing any analysis: the release, the detectors, the weight files.

Two checks of one clip with equal `versions_key()` would give the same answer, so the second is answered from the log.
A test holds `DETECTOR_VERSIONS` against the registry of detectors.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

DETECTOR_VERSIONS: dict[str, str] = {
    "provenance": "2",
    "watermark": "1",
    "pulse": "2",
    "pulse_cnn": "1",
    "cell_agreement": "1",
    "appearance": "2",
    "temporal": "1",
    "mouth": "1",
}
"""Name and version of every registered detector; a change of what a detector says raises its version here too."""

WEIGHTS_TABLE = Path(__file__).resolve().parents[1] / "models" / "weights.toml"


@cache
def release() -> str:
    """Return the version of Facepulse."""
    return metadata.version("facepulse")


def component_versions() -> dict[str, str]:
    """Return name -> version of everything whose change can change an answer: Facepulse and its detectors."""
    return {"facepulse": release(), **DETECTOR_VERSIONS}


def weight_hashes(table: Path = WEIGHTS_TABLE) -> dict[str, str]:
    """Return name -> sha256 of every weight file that the table of weights declares; {} where there is no table."""
    if not table.is_file():
        return {}
    with table.open("rb") as file:
        return dict(sorted(_declared(tomllib.load(file))))


def versions_key() -> str:
    """Return one line that is equal for two programs exactly when they would answer alike."""
    parts = [f"{name} {version}" for name, version in sorted(component_versions().items())]
    if hashes := weight_hashes():
        joined = "\n".join(f"{name} {sha256}" for name, sha256 in hashes.items())
        parts.append(f"weights {hashlib.sha256(joined.encode()).hexdigest()[:16]}")
    return ", ".join(parts)


def _declared(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, row in table.items():
        if not isinstance(row, dict):
            continue
        if isinstance(row.get("sha256"), str):
            yield name, row["sha256"]
        else:
            yield from _declared(row)
