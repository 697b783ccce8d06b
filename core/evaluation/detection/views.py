"""Which faces of a clip a label is about: a half of the picture, or of two people the one at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from core.evaluation.datasets.labelled import LabelledClip, Pick, Region

WHOLE = f"{Region.WHOLE}:{Pick.ALL}"


class Placed(Protocol):
    """Anything that knows where in the picture it is."""

    @property
    def centre_x(self) -> float:
        """As a share of the picture's width."""
        ...


PlacedT = TypeVar("PlacedT", bound=Placed)


def view_of(clip: LabelledClip) -> str:
    """Return the name of the view that a label is about."""
    return f"{clip.region}:{clip.pick}"


def in_view(faces: Sequence[PlacedT], view: str) -> tuple[PlacedT, ...]:
    """Return the faces that a view shows, in their order."""
    region, _, pick = view.partition(":")
    there = [face for face in faces if region == Region.WHOLE or (face.centre_x < 0.5) == (region == Region.LEFT)]
    if pick == Pick.RIGHTMOST and there:
        farthest = max(face.centre_x for face in there)
        # tracks of one face that was lost and found again lie at the same place
        there = [face for face in there if farthest - face.centre_x < 0.05]
    return tuple(there)
