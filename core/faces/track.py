"""Following the faces of a clip: landmarks on every frame, detection twice a second."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.faces.cuts import CutWatch, looks_alike
from core.faces.geometry import RotatedSquare, bounding_box, centre_px, iou, overlaps, side_px
from core.faces.mesh import Mesh, held_square, square_around_box
from core.faces.models import FaceModels
from core.faces.pose import head_pose
from core.types import FaceObservation, FaceTrack, Frame

MAX_FACES = 8
"""Faces followed at once; the largest are taken."""
LOOK_EVERY_S = 0.5
LOOK_EVERY_WHILE_LOST_S = 0.15
REMEMBER_S = 2.0
"""How long a face that was lost keeps its id."""
MIN_MESH_SCORE = 0.6
MIN_OVERLAP = 0.3
"""Least intersection over union for a detection and a mesh to be the same face."""
MAX_FITS = 4
UNCONFIRMED_LOOKS = 6
"""A mesh that the detector did not see this many times in a row is no longer followed."""


@dataclass(slots=True)
class _Followed:
    """One face being followed."""

    id: int
    mesh: Mesh
    square: RotatedSquare
    observations: list[FaceObservation] = field(default_factory=list)
    looks: int = 0
    confirmed: int = 0
    unconfirmed_in_a_row: int = 0

    @property
    def box(self) -> NDArray[np.float32]:
        return bounding_box(self.mesh.points_px)

    @property
    def last_seen_s(self) -> float:
        return self.observations[-1].time_s


class FaceTracker:
    """Turns frames, in order, into observations and finally into tracks.

    At most `MAX_FACES` faces are followed at once. The ids that `step` gives are provisional: `finish` leaves out
    what was no face and numbers the rest by prominence; `final_ids` maps the one to the other.
    """

    def __init__(
        self,
        models: FaceModels,
        look_every_s: float = LOOK_EVERY_S,
        max_faces: int = MAX_FACES,
        *,
        keep_history: bool = True,
    ) -> None:
        """Take the networks.

        Args:
            models: what finds and fits faces.
            look_every_s: between looks for new faces.
            max_faces: followed at once.
            keep_history: whether tracks are wanted in the end; without, memory does not grow and `finish` gives none.
        """
        self._models = models
        self._keep_history = keep_history
        self._look_every_s = look_every_s
        self._max_faces = max_faces
        self._cuts = CutWatch()
        self._live: list[_Followed] = []
        self._lost: list[_Followed] = []
        self._ended: list[_Followed] = []
        self._next_id = 0
        self._last_look_s = -np.inf
        self._last_frame: Frame | None = None
        self._frames = 0
        self._first_s = self._last_s = 0.0
        self.final_ids: dict[int, int] = {}
        """Id given by `step` to id of the track; filled by `finish`, false detections are absent."""

    def step(self, frame: Frame) -> tuple[FaceObservation, ...]:
        """Return the faces of the next frame. Boxes are those of the landmarks and may leave the picture."""
        self._note_time(frame)
        cut = self._cuts.is_cut(frame.rgb)
        lost_now = self._follow(frame) if not cut else False
        if cut or lost_now or frame.time_s - self._last_look_s >= self._pause_s():
            self._look(frame, cut)
            self._last_look_s = frame.time_s
        self._forget(frame.time_s)
        self._last_frame = frame
        seen = [one.observations[-1] for one in self._live]
        return tuple(sorted(seen, key=lambda observation: observation.track_id))

    def finish(self) -> tuple[FaceTrack, ...]:
        """Return the faces of the clip, the most prominent (seconds seen × size) first, with ids 0, 1, …"""
        if not self._keep_history:
            return ()
        everything = [*self._live, *self._lost, *self._ended]
        frame_s = (self._last_s - self._first_s) / max(self._frames - 1, 1)
        kept = [one for one in everything if self._is_face(one, frame_s)]
        kept.sort(key=lambda one: (-_prominence(one), one.id))
        self.final_ids = {one.id: number for number, one in enumerate(kept)}
        return tuple(_as_track(one, self.final_ids[one.id]) for one in kept)

    def _note_time(self, frame: Frame) -> None:
        if self._frames == 0:
            self._first_s = frame.time_s
        self._frames += 1
        self._last_s = frame.time_s

    def _pause_s(self) -> float:
        return LOOK_EVERY_WHILE_LOST_S if self._lost else self._look_every_s

    def _follow(self, frame: Frame) -> bool:
        """Fit every live face again from where it was; tell whether one was lost."""
        kept: list[_Followed] = []
        for one in self._live:
            mesh = self._models.mesh.fit(frame.rgb, one.square)
            if _continues(one.mesh, mesh) and not any(_same_place(mesh, other.mesh) for other in kept):
                self._observe(one, mesh, frame)
                kept.append(one)
            else:
                self._lost.append(one)
        lost = len(kept) < len(self._live)
        self._live = kept
        return lost

    def _look(self, frame: Frame, cut: bool) -> None:
        """Detect, confirm what is followed, take up what is new or was lost."""
        if cut:
            self._ended, self._lost, self._live = [*self._ended, *self._lost], self._live, []
        boxes = self._models.finder.find(frame.rgb).boxes_xyxy_px
        new = self._confirm(boxes)
        new.sort(key=lambda box: -side_px(box))
        for box in new[: 2 * self._max_faces]:
            if len(self._live) >= self._max_faces:
                break
            fitted = self._fit_newcomer(frame, box)
            if fitted is None or any(_same_place(fitted[0], one.mesh) for one in self._live):
                continue
            mesh, square = fitted
            one = self._recall(frame, mesh, cut) or self._newcomer(mesh, square)
            one.square = square
            one.looks, one.confirmed, one.unconfirmed_in_a_row = one.looks + 1, one.confirmed + 1, 0
            self._observe(one, mesh, frame)
            self._live.append(one)
        if cut:
            self._ended, self._lost = [*self._ended, *self._lost], []

    def _confirm(self, boxes: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Count for each live face whether the detector sees it; return the boxes of nobody."""
        free = np.ones(len(boxes), bool)
        for one in list(self._live):
            shared, inside = overlaps(one.box, boxes)
            seen = bool((shared >= MIN_OVERLAP).any())
            free &= (shared < MIN_OVERLAP) & (inside < 0.7)
            one.looks += 1
            one.confirmed += seen
            one.unconfirmed_in_a_row = 0 if seen else one.unconfirmed_in_a_row + 1
            if one.unconfirmed_in_a_row >= UNCONFIRMED_LOOKS:
                self._live.remove(one)
                self._lost.append(one)
        return list(boxes[free])

    def _fit_newcomer(self, frame: Frame, box: NDArray[np.float32]) -> tuple[Mesh, RotatedSquare] | None:
        """Fit again, upright and centred, until the square stays; None when it is no face."""
        square = square_around_box(box)
        for _ in range(MAX_FITS):
            mesh = self._models.mesh.fit(frame.rgb, square)
            if mesh.score < MIN_MESH_SCORE or iou(bounding_box(mesh.points_px), box) < MIN_OVERLAP:
                return None
            last, square = square, held_square(square, mesh.points_px)
            if square is last:
                break
        return mesh, square

    def _recall(self, frame: Frame, mesh: Mesh, cut: bool) -> _Followed | None:
        """Return the lost face that this one goes on from, taken off the list.

        After a cut it must be in the same place, as large, and look the same: two people who are shown in turn are
        not one.
        """
        box = bounding_box(mesh.points_px)
        candidates = [one for one in self._lost if _could_be(one.box, box, cut)]
        if cut and self._last_frame is not None:
            before = self._last_frame.rgb
            candidates = [
                one for one in candidates if looks_alike(before, one.mesh.points_px, frame.rgb, mesh.points_px)
            ]
        if not candidates:
            return None
        nearest = min(candidates, key=lambda one: float(np.hypot(*(centre_px(one.box) - centre_px(box)))))
        self._lost.remove(nearest)
        return nearest

    def _newcomer(self, mesh: Mesh, square: RotatedSquare) -> _Followed:
        self._next_id += 1
        return _Followed(self._next_id - 1, mesh, square)

    def _observe(self, one: _Followed, mesh: Mesh, frame: Frame) -> None:
        one.mesh = mesh
        one.square = held_square(one.square, mesh.points_px)
        pose = head_pose(mesh.points_px)
        if not self._keep_history:
            one.observations.clear()
        one.observations.append(
            FaceObservation(
                track_id=one.id,
                frame_index=frame.index,
                time_s=frame.time_s,
                box_xyxy_px=bounding_box(mesh.points_px),
                landmarks_px=mesh.points_px[:, :2],
                score=mesh.score,
                yaw_deg=pose.yaw_deg,
                pitch_deg=pose.pitch_deg,
                roll_deg=pose.roll_deg,
            )
        )

    def _forget(self, now_s: float) -> None:
        self._ended += [one for one in self._lost if now_s - one.last_seen_s > REMEMBER_S]
        self._lost = [one for one in self._lost if now_s - one.last_seen_s <= REMEMBER_S]
        if not self._keep_history:
            self._ended.clear()

    def _is_face(self, one: _Followed, frame_s: float) -> bool:
        """Keep what was seen long enough, by both networks: half a second, or half of a clip shorter than one."""
        seen_s = len(one.observations) * frame_s
        clip_s = self._frames * frame_s
        long_enough = seen_s >= min(0.5, clip_s / 2)
        score = float(np.mean([observation.score for observation in one.observations]))
        return long_enough and score >= 0.8 and one.confirmed >= 0.25 * one.looks


def _continues(before: Mesh, now: Mesh) -> bool:
    """Tell whether a mesh is a face and did not jump away from where it was a frame ago."""
    old, new = bounding_box(before.points_px), bounding_box(now.points_px)
    return now.score >= MIN_MESH_SCORE and _near(old, new, max_distance=0.6, max_ratio=1.5)


def _could_be(lost_box: NDArray[np.float32], box: NDArray[np.float32], cut: bool) -> bool:
    """Tell from place and size whether a face may be one that was lost."""
    if cut:
        return iou(lost_box, box) >= 0.5 and _near(lost_box, box, max_distance=0.3, max_ratio=1.25)
    return _near(lost_box, box, max_distance=1.0, max_ratio=1.6)


def _near(one: NDArray[np.float32], other: NDArray[np.float32], max_distance: float, max_ratio: float) -> bool:
    """Compare centres (in units of the first box's side) and sizes."""
    size, other_size = side_px(one), side_px(other)
    distance = float(np.hypot(*(centre_px(one) - centre_px(other))))
    return distance <= max_distance * size and max(size, other_size) <= max_ratio * min(size, other_size)


def _same_place(one: Mesh, other: Mesh) -> bool:
    return iou(bounding_box(one.points_px), bounding_box(other.points_px)) > 0.5


def _prominence(one: _Followed) -> float:
    """Frames seen × median size."""
    return len(one.observations) * float(np.median([side_px(o.box_xyxy_px) for o in one.observations]))


def _as_track(one: _Followed, number: int) -> FaceTrack:
    rows = one.observations
    return FaceTrack(
        id=number,
        frame_indices=np.array([row.frame_index for row in rows], np.int32),
        times_s=np.array([row.time_s for row in rows], np.float64),
        boxes_xyxy_px=np.stack([row.box_xyxy_px for row in rows]),
        landmarks_px=np.stack([row.landmarks_px for row in rows]),
        scores=np.array([row.score for row in rows], np.float32),
        yaw_deg=np.array([row.yaw_deg for row in rows], np.float32),
        pitch_deg=np.array([row.pitch_deg for row in rows], np.float32),
        roll_deg=np.array([row.roll_deg for row in rows], np.float32),
    )
