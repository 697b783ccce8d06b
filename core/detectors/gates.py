"""Quality gates: what a face must offer before a detector that looks at the pulse says anything about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.types import FaceMaterial, FaceTrack, RoiTrace

SINGLE_PICTURE = "a single picture shows nothing that changes over time"
TOO_COMPRESSED = "the clip is compressed too strongly for its picture size"
LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709, of linear light


Limit = tuple[float, float]
"""(worst, good): a gate closes beyond the first; from the second on the input is as good as it needs to be."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Where each gate closes, in the units of the gates."""

    face_px: Limit = (64, 160)
    seconds: Limit = (6, 12)
    rate_hz: Limit = (12, 24)
    bits_per_pixel: Limit = (0.005, 0.1)
    turned_deg: Limit = (50, 20)
    motion_per_s: Limit = (0.6, 0.1)
    brightness: Limit = (0.02, 0.1)
    clipped: Limit = (0.2, 0.02)


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition: its `value` with `unit`, how good that is in 0..1, and the sentence if it is not enough."""

    name: str
    value: float | None
    unit: str
    goodness: float
    refusal: str | None


def quality_gates(face: FaceMaterial, limits: GateLimits) -> tuple[Gate, ...]:
    """Measure every gate, in the order in which a refusal is to be told."""
    seconds, rate = _seconds_and_rate(face.track)
    size = face.track.face_size_px
    bits = bits_per_pixel(face)
    motion = motion_per_s(face.track)
    turned = float(np.median(np.abs(face.track.yaw_deg)))
    brightness, clipped = _exposure(face.trace)
    short = f"the face is seen for only {seconds:.1f} s" if len(face.track.times_s) > 1 else SINGLE_PICTURE
    return (
        _gate("face_size", size, "px", limits.face_px, f"the face is only {size:.0f} px"),
        _gate("face_seconds", seconds, "s", limits.seconds, short),
        _gate("frame_rate", rate, "1/s", limits.rate_hz, f"the frame rate of {rate:.0f}/s is too low"),
        _gate("bits_per_pixel", bits, "bit", limits.bits_per_pixel, TOO_COMPRESSED),
        _gate("head_turned", turned, "deg", limits.turned_deg, f"the head is turned away by {turned:.0f}°"),
        _gate("motion", motion, "face widths/s", limits.motion_per_s, "the head moves too much"),
        _gate("brightness", brightness, "", limits.brightness, "the skin is under-exposed"),
        _gate("clipped", clipped, "", limits.clipped, "the skin is over- or under-exposed"),
    )


def refusal(gates: Sequence[Gate]) -> str | None:
    """The sentence of the first gate that is closed."""
    return next((gate.refusal for gate in gates if gate.refusal is not None), None)


def overall_quality(gates: Sequence[Gate]) -> float:
    """That of the weakest gate, 0..1."""
    return min(gate.goodness for gate in gates)


def bits_per_pixel(face: FaceMaterial) -> float | None:
    """Coded bits for one pixel of one picture; None where the bit rate is not known."""
    video = face.video
    if video.bit_rate_kbps is None or video.frame_rate <= 0:
        return None
    return 1000 * video.bit_rate_kbps / (float(video.frame_rate) * video.width_px * video.height_px)


def motion_per_s(track: FaceTrack) -> float:
    """Median speed of the face over a fifth of a second, in face widths a second: 0 for a track shorter than that."""
    centres = (track.boxes_xyxy_px[:, :2] + track.boxes_xyxy_px[:, 2:]) / 2
    later = np.searchsorted(track.times_s, track.times_s + 0.2)
    start = np.flatnonzero(later < len(track.times_s))
    if len(start) == 0:
        return 0.0
    elapsed = track.times_s[later[start]] - track.times_s[start]
    path = np.linalg.norm(centres[later[start]] - centres[start], axis=1)
    return float(np.median(path / elapsed) / max(track.face_size_px, 1.0))


def _seconds_and_rate(track: FaceTrack) -> tuple[float, float]:
    if len(track.times_s) < 2:
        return 0.0, 0.0
    step_s = float(np.median(np.diff(track.times_s)))
    return len(track.times_s) * step_s, 1 / step_s


def _exposure(trace: RoiTrace) -> tuple[float | None, float | None]:
    """Median brightness in linear light and median clipped share of the skin; None where no skin was seen."""
    seen = np.isfinite(trace.rgb).all(axis=2)
    if not seen.any():
        return None, None
    return float(np.median(trace.rgb[seen] @ LUMA)), float(np.median(trace.clipped[seen]))


def _gate(name: str, value: float | None, unit: str, limit: Limit, words: str) -> Gate:
    """A value that is not known closes no gate."""
    if value is None:
        return Gate(name, None, unit, 1.0, None)
    worst, good = limit
    goodness = (value - worst) / (good - worst)
    return Gate(name, value, unit, float(np.clip(goodness, 0, 1)), words if goodness < 0 else None)
