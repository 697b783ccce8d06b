"""What of a frame a demo shows: all of it, or one person's head and shoulders and nothing else of the clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.faces.warp import cut
from core.swap.smooth import straightened
from core.swap.watch import Watched

HEAD_AND_SHOULDERS = 2.9
"""Side of the square, in sides of the face's box."""
BELOW = 0.18
"""How far the square's middle lies below the face's, in sides of the box."""
FOLLOW_S = 1.5
"""The window in which the square's way is straightened: it glides."""
LEAST_PX, MOST_PX = 320, 720
EMPTY = 40
"""Grey of what is not shown."""


class Framing(Protocol):
    """What of each frame is shown; all pictures have one size."""

    def picture(self, frame_index: int, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return what is shown of a frame (H, W, 3)."""
        ...

    def boxes(self, frame_index: int, xyxy_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return boxes (F, 4) of the frame in pixels of what is shown."""
        ...


class _Whole:
    def picture(self, frame_index: int, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return rgb

    def boxes(self, frame_index: int, xyxy_px: NDArray[np.float32]) -> NDArray[np.float32]:
        return xyxy_px


@dataclass(frozen=True, slots=True)
class _Gliding:
    """A square of one size; `left_top_px` (N, 2) by frame, NaN where the person is not in the frame."""

    left_top_px: NDArray[np.float64]
    side_px: float
    out_px: int

    def picture(self, frame_index: int, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        corner = self.left_top_px[frame_index]
        if np.isnan(corner).any():
            return np.full((self.out_px, self.out_px, 3), EMPTY, np.uint8)
        return cut(rgb, self._map(corner), self.out_px)

    def boxes(self, frame_index: int, xyxy_px: NDArray[np.float32]) -> NDArray[np.float32]:
        corner = self.left_top_px[frame_index]
        scale = self.out_px / self.side_px
        return np.asarray(np.nan_to_num(xyxy_px - np.tile(corner, 2)) * scale, np.float32).reshape(-1, 4)

    def _map(self, corner: NDArray[np.float64]) -> NDArray[np.float64]:
        scale = self.out_px / self.side_px
        return np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])


def whole_frame(watched: Watched, chosen: frozenset[int]) -> Framing:
    """Show all of every frame."""
    return _Whole()


def head_and_shoulders(watched: Watched, chosen: frozenset[int]) -> Framing:
    """Show a square that glides along with the chosen person, and plain grey where they are not in the frame."""
    middles = np.full((len(watched.times_s), 2), np.nan)
    sides = []
    for track_id in chosen:
        track = watched.track(track_id)
        boxes = track.boxes_xyxy_px.astype(np.float64)
        side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        middles[track.frame_indices] = (boxes[:, :2] + boxes[:, 2:]) / 2 + np.column_stack([0 * side, BELOW * side])
        sides.append(side)
    side_px = HEAD_AND_SHOULDERS * float(np.percentile(np.concatenate(sides), 75))
    corners = np.full_like(middles, np.nan)
    for scene in _scenes(watched, ~np.isnan(middles[:, 0])):
        way = straightened(watched.times_s[scene], middles[scene], FOLLOW_S)
        corners[scene] = _inside(way - side_px / 2, side_px, watched.size)
    out_px = int(np.clip(side_px, LEAST_PX, MOST_PX)) // 2 * 2
    return _Gliding(corners, side_px, out_px)


def _scenes(watched: Watched, seen: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """The frames in which the person is seen, parted at cuts."""
    scene = np.zeros(len(seen), np.intp)
    scene[list(watched.cuts)] = 1
    numbers = np.cumsum(scene)
    return [np.flatnonzero(seen & (numbers == number)) for number in np.unique(numbers[seen])]


def _inside(corners: NDArray[np.float64], side_px: float, size: tuple[int, int]) -> NDArray[np.float64]:
    """Move squares into the frame; one that is larger stays in its middle."""
    room = np.array(size, np.float64) - side_px
    return np.where(room > 0, np.clip(corners, 0, np.maximum(room, 0)), room / 2)
