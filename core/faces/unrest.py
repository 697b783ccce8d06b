"""How the landmarks of a face move, part against part: trembling, smoothness, blinks, and the mouth with the jaw.

Everything is measured within one clip: distances in widths between the eyes, one part of the face against the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import FACE_OVAL, LEFT_BROW, LEFT_EYE, LIPS, RIGHT_BROW, RIGHT_EYE
from core.types import FaceTrack

Floats = NDArray[np.float64]

JAW = FACE_OVAL[10:27]
TEMPLES = (*FACE_OVAL[:8], *FACE_OVAL[29:])
NOSE = (6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 97, 326, 327, 129, 358)
CHEEKS = (50, 101, 36, 205, 187, 147, 280, 330, 266, 425, 411, 376)
PARTS: dict[str, tuple[int, ...]] = {
    "jaw": tuple(JAW),
    "temples": tuple(TEMPLES),
    "eyes": (*RIGHT_EYE, *LEFT_EYE),
    "brows": (*RIGHT_BROW, *LEFT_BROW),
    "nose": NOSE,
    "mouth": LIPS,
    "cheeks": CHEEKS,
}
EYE_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))
"""Upper lid, lower lid and the two corners of each eye."""
INNER_LIPS = (13, 14)
CHIN, NOSE_BASE, EYE_CORNERS = 152, 2, (33, 263)
FEWEST_FRAMES = 24
TINY = 1e-6


def unrest(track: FaceTrack) -> dict[str, float]:
    """Return named numbers on how a face (at least `FEWEST_FRAMES` seen) moves; NaN where one cannot be measured.

    Raises:
        ValueError: fewer frames than that.
    """
    if len(track.times_s) < FEWEST_FRAMES:
        raise ValueError("too few frames of the face")
    points = track.landmarks_px[..., :2].astype(np.float64)
    width = float(np.median(np.linalg.norm(points[:, EYE_CORNERS[0]] - points[:, EYE_CORNERS[1]], axis=1)))
    step_s = float(np.median(np.diff(track.times_s)))
    steady = np.diff(track.times_s) < 1.5 * step_s
    mean_shape = np.median(points - points.mean(axis=1, keepdims=True), axis=0)
    rest = _without_affine(points, mean_shape) / max(width, TINY)
    return {
        **_trembling(rest, steady),
        **_head(points, mean_shape, width, step_s, steady),
        **_eyes(points, step_s),
        **_mouth(points, width, step_s),
    }


def _without_affine(points: Floats, mean_shape: Floats) -> Floats:
    """What is left of points (N, L, 2), in the mean shape's frame, after the best affine map of each frame."""
    centred = points - points.mean(axis=1, keepdims=True)
    gram = np.einsum("nli,nlj->nij", centred, centred)
    maps = np.linalg.solve(gram + TINY * np.eye(2), np.einsum("nli,lj->nij", centred, mean_shape))
    return np.asarray(centred @ maps - mean_shape)


def _trembling(rest: Floats, steady: NDArray[np.bool_]) -> dict[str, float]:
    """Size of what changes from frame to frame and back (second difference), and how smooth the motion is."""
    twice = steady[1:] & steady[:-1]
    velocity = np.diff(rest, axis=0)
    jerk = np.diff(velocity, axis=0)[twice]
    if len(jerk) < FEWEST_FRAMES // 2:
        return {}
    size = {name: _log_rms(jerk[:, list(part)]) for name, part in PARTS.items()}
    whole = float(np.mean(list(size.values())))
    found = {"trembling": whole}
    found |= {f"trembling_{name}": value - whole for name, value in size.items()}
    for name, part in PARTS.items():
        now, before = velocity[1:][twice][:, list(part)], velocity[:-1][twice][:, list(part)]
        found[f"smooth_{name}"] = float((now * before).sum() / max(np.sqrt((now**2).sum() * (before**2).sum()), TINY))
    return found


def _head(
    points: Floats, mean_shape: Floats, width: float, step_s: float, steady: NDArray[np.bool_]
) -> dict[str, float]:
    """How the head as a whole moves: its speed, its trembling, and how often it stands quite still."""
    twice = steady[1:] & steady[:-1]
    centre = points.mean(axis=1) / width
    turn = ((points - points.mean(axis=1, keepdims=True)) @ [1, 1j]) @ np.conj(mean_shape @ [1, 1j])
    pose = np.column_stack([centre, np.log(np.abs(turn)), np.unwrap(np.angle(turn))])
    speed = np.linalg.norm(np.diff(centre, axis=0), axis=1)[steady] / step_s
    jerk = np.abs(np.diff(pose, 2, axis=0)[twice])
    shift, scale, roll = (float(np.log10(np.median(part) + TINY)) for part in (jerk[:, :2], jerk[:, 2], jerk[:, 3]))
    return {
        "head_speed": float(np.log10(np.median(speed) + TINY)),
        "head_trembling": shift,
        "head_trembling_scale": scale - shift,
        "head_trembling_roll": roll - shift,
        "head_still": float((speed < 0.1 * speed.mean() + TINY).mean()),
    }


def _eyes(points: Floats, step_s: float) -> dict[str, float]:
    """How deep and how often the eyes close, and whether both do."""
    openness = np.column_stack(
        [
            np.linalg.norm(points[:, up] - points[:, low], axis=1)
            / np.maximum(np.linalg.norm(points[:, a] - points[:, b], axis=1), TINY)
            for up, low, a, b in EYE_LIDS
        ]
    )
    usual = np.median(openness, axis=0)
    relative = openness / np.maximum(usual, TINY)
    both = relative.mean(axis=1)
    closed = both < 0.7
    blinks = int((np.diff(closed.astype(int)) == 1).sum())
    return {
        "eyes_depth": float(np.quantile(both, 0.02)),
        "eyes_unrest": float(np.log10(both.std() + TINY)),
        "eyes_together": _correlation(relative[:, 0], relative[:, 1]),
        "eyes_trembling": float(np.log10(np.median(np.abs(np.diff(both, 2))) + TINY)),
        "blinks_per_s": blinks / (len(both) * step_s),
    }


def _mouth(points: Floats, width: float, step_s: float) -> dict[str, float]:
    """How the mouth moves, and whether chin and cheeks go with it as they do in speech."""
    opening = np.linalg.norm(points[:, INNER_LIPS[0]] - points[:, INNER_LIPS[1]], axis=1) / width
    chin = np.linalg.norm(points[:, CHIN] - points[:, NOSE_BASE], axis=1) / width
    across = np.linalg.norm(points[:, 61] - points[:, 291], axis=1) / width
    cheek = np.linalg.norm(points[:, 205] - points[:, 425], axis=1) / width
    return {
        "mouth_range": float(np.log10(np.ptp(np.quantile(opening, (0.05, 0.95))) + 1e-4)),
        "mouth_speed": float(np.log10(np.median(np.abs(np.diff(opening))) / step_s + 1e-4)),
        "mouth_with_chin": _correlation(np.diff(opening), np.diff(chin)),
        "mouth_with_chin_slow": _correlation(opening, chin),
        "mouth_with_cheeks": _correlation(across, cheek),
        "chin_trembling": float(np.log10(np.median(np.abs(np.diff(chin, 2))) + TINY))
        - float(np.log10(np.median(np.abs(np.diff(opening, 2))) + TINY)),
    }


def _log_rms(values: Floats) -> float:
    """Of the usual frame: log10 of the median over frames of the root mean square."""
    return float(np.log10(np.median(np.sqrt((values**2).sum(axis=2).mean(axis=1))) + TINY))


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > TINY**2 else float("nan")
