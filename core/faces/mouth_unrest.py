"""The mouth against the rest of the face, frame to frame: its detail, its colour, its changes and its motion.

Everything is measured within one clip, and mostly as a difference: what lips and the ring around them do, against what
chin, cheeks, nose and eyes do in the same frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.faces.unrest import CHEEKS, FEWEST_FRAMES, INNER_LIPS, JAW, TINY
from core.types import FaceTrack, MouthTrace

Floats = NDArray[np.float64]

DETAIL_PAIRS = (("lips", "eyes"), ("lips", "nose"), ("ring", "cheeks"), ("ring", "chin"), ("ring", "nose"))
COLOUR_PAIRS = (("ring", "cheeks"), ("ring", "chin"), ("ring", "nose"), ("lips", "ring"))
CHANGE_PAIRS = (("lips", "nose"), ("lips", "ring"), ("lips", "chin"), ("ring", "cheeks"), ("ring", "chin"))
USUAL_PAIR = ("nose", "cheeks")
"""Two parts that no lip sync touches: how much they go together says how much parts of this face do."""
STILL = 1e-2
STEADY_POINTS = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 98, 327, 70, 300, 127, 356)


def mouth_numbers(track: FaceTrack, trace: MouthTrace) -> dict[str, dict[str, float]]:
    """Return named numbers by aspect; {} each for fewer than `FEWEST_FRAMES` frames, NaN where one is not known."""
    if min(len(track.times_s), len(trace.times_s)) < FEWEST_FRAMES:
        return {"detail": {}, "colour": {}, "change": {}, "motion": {}}
    opening = dict(zip(track.times_s.tolist(), _opening(track).tolist(), strict=True))
    opened = np.array([opening.get(time, np.nan) for time in trace.times_s.tolist()])
    return {
        "detail": _detail(trace),
        "colour": _colour(trace),
        "change": _change(trace, opened),
        "motion": _motion(track),
    }


def _detail(trace: MouthTrace) -> dict[str, float]:
    """How sharp the mouth is against other parts, scale by scale, and how steadily so."""
    level = np.log10(trace.detail.astype(np.float64) + STILL)
    part = dict(zip(trace.region_names, level, strict=True))
    found: dict[str, float] = {}
    for one, other in DETAIL_PAIRS:
        apart = part[one] - part[other]  # (N, 3)
        falls = apart[:, :2] - apart[:, 1:]
        name = f"{one}_{other}"
        found |= {f"detail_{name}": _median(apart[:, 0]), f"fine_{name}": _median(falls[:, 0])}
        found |= {f"coarse_{name}": _median(falls[:, 1]), f"fine_{name}_spread": _spread(falls[:, 0])}
        found |= {f"fine_{name}_jumps": _jumps(falls[:, 0]), f"detail_{name}_jumps": _jumps(apart[:, 0])}
        found[f"detail_{name}_together"] = _together(part[one][:, 0], part[other][:, 0])
    one, other = USUAL_PAIR
    found["detail_usual_together"] = _together(part[one][:, 0], part[other][:, 0])
    return found


def _colour(trace: MouthTrace) -> dict[str, float]:
    """Whether brightness and colour of the skin around the mouth flicker and drift with the rest of the face."""
    part = dict(zip(trace.region_names, trace.colour.astype(np.float64), strict=True))
    found: dict[str, float] = {}
    for channel, name in enumerate(("light", "red", "blue")):
        usual = part[USUAL_PAIR[0]][:, channel] - part[USUAL_PAIR[1]][:, channel]
        base, drift = _jumps(usual), _spread(usual)
        for one, other in COLOUR_PAIRS:
            a, b = part[one][:, channel], part[other][:, channel]
            found |= {f"{name}_{one}_{other}_jumps": _jumps(a - b) - base}
            found |= {f"{name}_{one}_{other}_drift": _spread(a - b) - drift}
            found |= {f"{name}_{one}_{other}_together": _together(a, b)}
        found[f"{name}_usual_together"] = _together(part[USUAL_PAIR[0]][:, channel], part[USUAL_PAIR[1]][:, channel])
    return found


def _change(trace: MouthTrace, opening: Floats) -> dict[str, float]:
    """How much the parts change from frame to frame, fine and coarse, and whether in the same frames."""
    level = np.log10(trace.change[:, 1:].astype(np.float64) + STILL)
    part = dict(zip(trace.region_names, level, strict=True))
    speed = np.log10(np.abs(np.diff(opening)) + 1e-3)
    found: dict[str, float] = {}
    for column, name in enumerate(("fine", "coarse")):
        for one, other in CHANGE_PAIRS:
            a, b = part[one][:, column], part[other][:, column]
            found |= {f"change_{name}_{one}_{other}": _median(a - b)}
            found |= {f"change_{name}_{one}_{other}_spread": _spread(a - b)}
            found |= {f"change_{name}_{one}_{other}_together": _correlation(a, b)}
        found[f"change_{name}_usual_together"] = _correlation(*(part[p][:, column] for p in USUAL_PAIR))
    nose = part["nose"][:, 1]
    for name in ("lips", "ring", "chin", "cheeks"):
        found[f"opening_{name}"] = _correlation(speed, part[name][:, 1] - nose)
    found["chin_goes_with_lips"] = _correlation(part["chin"][:, 1] - nose, part["lips"][:, 1] - nose)
    found["cheeks_go_with_lips"] = _correlation(part["cheeks"][:, 1] - nose, part["lips"][:, 1] - nose)
    return found


def _motion(track: FaceTrack) -> dict[str, float]:
    """How far chin, jaw and cheeks explain what the mouth does, and how smooth each moves."""
    points = track.landmarks_px[..., :2].astype(np.float64)
    points = _on_first(points) / max(float(np.median(np.ptp(points[..., 0], axis=1))), TINY)
    opening = np.linalg.norm(points[:, INNER_LIPS[0]] - points[:, INNER_LIPS[1]], axis=1)
    across = np.linalg.norm(points[:, 61] - points[:, 291], axis=1)
    jaw, cheeks = points[:, list(JAW)].mean(axis=1)[:, 1], points[:, list(CHEEKS)].mean(axis=1)[:, 1]
    chin, upper, lower = points[:, 152, 1], points[:, 0, 1], points[:, 17, 1]
    series = {"opening": opening, "across": across, "jaw": jaw, "cheeks": cheeks, "chin": chin}
    found = {f"jumps_{name}": _jumps(values) for name, values in series.items()}
    found |= {f"smooth_{name}": _smoothness(values) for name, values in series.items()}
    found |= {f"range_{name}": _spread(values) for name, values in series.items()}
    for one, other in (("opening", "chin"), ("opening", "jaw"), ("opening", "cheeks"), ("across", "cheeks")):
        found[f"{one}_{other}_together"] = _together(series[one], series[other])
        found[f"{one}_{other}_slowly"] = _correlation(series[one], series[other])
    found["lower_lip_chin"] = _together(lower, chin)
    found["upper_lip_nose"] = _together(upper, points[:, 2, 1])
    found["mouth_side"] = _together(points[:, 13, 0], points[:, 2, 0])
    return found


def mouth_spread(track: FaceTrack) -> float:
    """Half of the range that the opening of the mouth lies in for two thirds of the frames, in face widths."""
    low, high = np.quantile(_opening(track), (1 / 6, 5 / 6))
    return float((high - low) / 2)


def _opening(track: FaceTrack) -> Floats:
    """Distance of the inner lips (N,) in face widths."""
    points = track.landmarks_px[..., :2].astype(np.float64)
    width = max(float(np.median(np.ptp(points[..., 0], axis=1))), TINY)
    return np.asarray(np.linalg.norm(points[:, INNER_LIPS[0]] - points[:, INNER_LIPS[1]], axis=1) / width)


def _on_first(points: Floats) -> Floats:
    """Points (N, L, 2) turned, shifted and scaled so that eyes and nose lie as in the usual frame."""
    steady = points[:, list(STEADY_POINTS)] @ [1, 1j]
    target = np.median(steady - steady.mean(axis=1, keepdims=True), axis=0)
    middle = steady.mean(axis=1, keepdims=True)
    turn = (np.conj(steady - middle) @ target) / np.maximum((np.abs(steady - middle) ** 2).sum(axis=1), TINY)
    placed = (points @ [1, 1j] - middle) * turn[:, None]
    return np.stack([placed.real, placed.imag], axis=-1)


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) >= FEWEST_FRAMES // 2 else float("nan")


def _spread(values: Floats) -> float:
    """Log10 of half of the range that two thirds of the values lie in."""
    known = values[np.isfinite(values)]
    if len(known) < FEWEST_FRAMES // 2:
        return float("nan")
    low, high = np.quantile(known, (1 / 6, 5 / 6))
    return float(np.log10((high - low) / 2 + 1e-4))


def _jumps(values: Floats) -> float:
    """Log10 of what usually changes from frame to frame and back."""
    twice = np.abs(np.diff(values, 2))
    known = twice[np.isfinite(twice)]
    return float(np.log10(np.median(known) + 1e-4)) if len(known) >= FEWEST_FRAMES // 2 else float("nan")


def _smoothness(values: Floats) -> float:
    """Correlation of neighbouring steps."""
    return _correlation(*_neighbouring_steps(values))


def _neighbouring_steps(values: Floats) -> tuple[Floats, Floats]:
    """Each step but the last, and the step after it."""
    steps = np.diff(values)
    return steps[:-1], steps[1:]


def _together(one: Floats, other: Floats) -> float:
    """Correlation of the steps from frame to frame."""
    return _correlation(np.diff(one), np.diff(other))


def _correlation(one: Floats, other: Floats) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < FEWEST_FRAMES // 2:
        return float("nan")
    a, b = one[known] - one[known].mean(), other[known] - other[known].mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > TINY**2 else float("nan")
