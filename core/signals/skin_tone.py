"""Skin tone as a camera shows it: the individual typology angle (ITA) of the cheeks.

ITA = arctan((L* - 50) / b*) in CIELAB (Chardon, Cretois and Hourseau 1991); the names of the groups follow Del Bino
and Bernerd 2013. It is meant for a colorimeter on the skin. In a clip it carries the light and the camera's white
balance too, so that it groups *pictures* of skin: for asking whether errors depend on it, never for describing a
person.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.types import RoiTrace

CHEEKS = ("left_cheek", "right_cheek")
GROUPS: tuple[tuple[float, str], ...] = (
    (55.0, "very light"),
    (41.0, "light"),
    (28.0, "intermediate"),
    (10.0, "tan"),
    (-30.0, "brown"),
    (-90.0, "dark"),
)
"""Smallest angle in degrees -> name, lightest first."""

# linear sRGB to CIE XYZ, D65 (IEC 61966-2-1)
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)
_LINEAR_BELOW = (6 / 29) ** 3


def ita_deg(trace: RoiTrace) -> float | None:
    """Return the ITA of the cheeks' mean colour over the clip, in degrees.

    None where no cheek was seen, or where the picture's cast is so blue (b* not positive) that the angle says nothing.
    """
    cheeks = [i for i, name in enumerate(trace.region_names) if name in CHEEKS]
    rgb = trace.rgb[cheeks].reshape(-1, 3)
    rgb = rgb[np.isfinite(rgb).all(axis=1)]
    if len(rgb) == 0:
        return None
    lightness, _, yellow = linear_to_lab(np.median(rgb, axis=0))
    return math.degrees(math.atan((lightness - 50) / yellow)) if yellow > 0 else None


def skin_tone_group(angle_deg: float) -> str:
    """Return the name of the group that an ITA in -90..90 degrees belongs to."""
    return next(name for least, name in GROUPS if angle_deg > least or least == GROUPS[-1][0])


def linear_to_lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert linear light (3,) in 0..1 with sRGB's primaries to CIELAB (3,) under D65."""
    relative = (_TO_XYZ @ rgb) / _WHITE
    root = np.where(relative > _LINEAR_BELOW, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])
