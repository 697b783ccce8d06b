"""Trained swaps that come as files from elsewhere: what `facepulse swap adopt` does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from core.errors import ConsentError
from core.swap.dfm import adopt
from core.types import ConsentBasis, ConsentRecord, ConsentScope, FaceType, TrainedSwap


def adopt_file(
    path: Path,
    *,
    face_type: FaceType,
    person: str,
    how: str,
    scope: Collection[ConsentScope],
    basis: ConsentBasis,
    adult: bool,
    recorded_by: str,
) -> TrainedSwap:
    """Record beside a .dfm file what the person whom it draws has allowed, and return the record.

    Raises:
        ConsentError: it is not declared that the person is of age, or the record says too little.
        SwapModelError, OutputError: see `core.swap.dfm.adopt`.
    """
    if not adult:
        raise ConsentError("Faces of minors are not used: the person must be of age, which --adult declares.")
    try:
        record = ConsentRecord(person, how, datetime.now(UTC), frozenset(scope), basis, recorded_by=recorded_by)
    except ValueError as error:
        raise ConsentError(f"The consent says too little: {error}.") from error
    return adopt(path, record, face_type)
