"""A photograph that turns, speaks and blinks: a filmed person for tests and demos whom nobody had to film.

The photograph is laid over a solid of triangles (the face mesh, and rings around it that are carried along less and
less), the solid is turned in perspective and bent, and every pixel is fetched from the photograph again. What the
person does is known in every frame, and so are the 468 landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from core.errors import FaceSetError
from core.faces.mesh import square_around_box, square_around_mesh
from core.faces.models import FaceModels, load_face_models
from core.faces.warp import cut
from core.swap.puppet_motion import Moment, draw_moments
from core.swap.puppet_shapes import (
    BESIDE_CHEEKS,
    CHIN,
    INNER_LOWER,
    INNER_UPPER,
    MOUTH_CORNERS,
    Solid,
    face_triangles,
    solid_of,
)
from core.types import MESH_POINTS

HEAD_SHARE = 0.40
"""Height of the face as a share of the picture's side: room for hair, neck and shoulders."""
CAMERA_EYES = 9.0
"""The camera's distance in distances of the eyes' outer corners, about 80 cm."""
SHUT_GAP = 0.03
"""Lips nearer than this, in distances of the eyes, are shut in the photograph: teeth are painted behind them."""
GRAIN = 1.5
SUBPIXEL_BITS = 4
DARK = (38.0, 16.0, 16.0)
LIT = np.array([0.0, -0.35, -0.9])
"""Where the photograph's light comes from, about: from above the camera."""

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Puppet:
    """A face that can be posed. `atlas` (2S, S, 3): the photograph, and beneath it what shows between the lips."""

    atlas: Picture
    solid: Solid
    size_px: int

    @classmethod
    def of(cls, photo: Picture, models: FaceModels, size_px: int = 480) -> Puppet:
        """Return the puppet of the largest face of a photograph (H, W, 3).

        Raises:
            FaceSetError: there is no face in it.
        """
        mesh = _largest_mesh(photo, models)
        height = float(np.ptp(mesh[:, 1]))
        side = height / HEAD_SHARE
        x, y = (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2
        scale = size_px / side
        to_crop = np.array([[scale, 0, size_px / 2 - scale * x], [0, scale, 0.47 * size_px - scale * y]])
        picture = _cut_with_edges(photo, to_crop, size_px)
        in_crop = np.column_stack([mesh[:, :2] * scale + to_crop[:, 2], mesh[:, 2] * scale])
        solid = solid_of(in_crop, size_px)
        return cls(np.vstack([picture, _mouth_picture(picture, solid)]), solid, size_px)

    def landmarks_px(self, moment: Moment) -> NDArray[np.float32]:
        """Return where the 468 landmarks are at this moment: (468, 2) in pixels of the picture."""
        return self._posed(moment)[:MESH_POINTS, :2].astype(np.float32)

    def draw(self, moment: Moment) -> Picture:
        """Return the picture (S, S, 3) of this moment, without grain."""
        posed = self._posed(moment)
        card, card_uv = self._mouth_card(moment)
        points = np.vstack([posed, card])
        where = np.vstack([self.solid.xyz_px[:, :2], card_uv])
        shade = np.concatenate([self._shade(moment), np.full(len(card), moment.light)])
        first = len(posed) + np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        face = face_triangles()
        behind_to_front = np.argsort(-posed[face, 2].mean(axis=1), kind="stable")
        triangles = np.vstack([BESIDE_CHEEKS, first, self.solid.around, face[behind_to_front]])
        return _drawn(self.atlas, triangles, points[:, :2], np.column_stack([where, shade]))

    def _posed(self, moment: Moment) -> Floats:
        """All points (V, 3) at this moment, in pixels of the picture."""
        solid = self.solid
        bent = solid.xyz_px + _expression(solid, moment)
        moved = self._turned(bent, moment)
        away = moved - np.column_stack([self._seen(solid.xyz_px), solid.xyz_px[:, 2]])
        return np.asarray(solid.xyz_px + solid.carried[:, None] * away)

    def _turned(self, xyz_px: Floats, moment: Moment) -> Floats:
        """Points (P, 3) of the photograph after the head has turned, as the camera sees them."""
        solid, eyes = self.solid, self.solid.eyes_px
        turn = _rotation(moment)
        space = self._unseen(xyz_px)
        pivot = self._unseen(solid.pivot_px[None])[0]
        shift = np.array([moment.right, moment.down, -CAMERA_EYES * moment.nearer]) * eyes
        turned = (space - pivot) @ turn.as_matrix().T + pivot + shift
        return np.column_stack([self._seen_space(turned), turned[:, 2]])

    def _unseen(self, xyz_px: Floats) -> Floats:
        """The points in space that the camera sees at these pixels and depths: z from the camera's picture plane."""
        distance = CAMERA_EYES * self.solid.eyes_px
        middle = self.size_px / 2
        return np.column_stack([(xyz_px[:, :2] - middle) * (1 + xyz_px[:, 2:] / distance), xyz_px[:, 2]])

    def _seen_space(self, space: Floats) -> Floats:
        distance = CAMERA_EYES * self.solid.eyes_px
        return np.asarray(space[:, :2] / (1 + space[:, 2:] / distance) + self.size_px / 2)

    def _seen(self, xyz_px: Floats) -> Floats:
        return self._seen_space(self._unseen(xyz_px))

    def _shade(self, moment: Moment) -> Floats:
        """How much brighter each point (V,) is than in the photograph."""
        normals = self.solid.normals
        turn = _rotation(moment)
        turned = normals @ turn.as_matrix().T
        change = 0.35 * (turned - normals) @ LIT + moment.side_light * turned[:, 0]
        return np.asarray((1 + (moment.light - 1) * self.solid.carried) * np.clip(1 + change, 0.4, 1.6))

    def _mouth_card(self, moment: Moment) -> tuple[Floats, Floats]:
        """A card behind the lips that keeps to the upper jaw: its corners (4, 3) and their places in the atlas."""
        solid, eyes = self.solid, self.solid.eyes_px
        left, right = solid.xyz_px[list(MOUTH_CORNERS), 0]
        top = solid.xyz_px[list(INNER_UPPER), 1].min() - 0.05 * eyes
        bottom = solid.xyz_px[CHIN, 1] + 0.3 * eyes
        flat = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        depth = solid.xyz_px[list(INNER_UPPER), 2].mean() + 0.06 * eyes
        # seen where it is in the photograph when nothing moves, so that teeth that were photographed stay in place
        card = self._turned(np.column_stack([flat, np.full(4, depth)]), moment)
        return card, flat + np.array([0, self.size_px])


def film(
    photo: Picture,
    *,
    seed: int,
    duration_s: float = 10.0,
    rate: Fraction = Fraction(25),
    size_px: int = 480,
    models: FaceModels | None = None,
) -> Iterator[tuple[float, Picture]]:
    """Yield times and pictures (S, S, 3) of the person of a photograph, who moves as drawn from `seed`.

    Args:
        photo: (H, W, 3) RGB; its largest face is taken.
        seed: of all motion; another seed is another clip, the same seed moves another photograph alike.
        duration_s: of the clip.
        rate: frames a second.
        size_px: side of the square pictures; the face is 0.4 of it high.
        models: those that find the face; loaded if not given.

    Raises:
        FaceSetError: there is no face in the photograph.
    """
    puppet = Puppet.of(photo, models or load_face_models(), size_px)
    grain = np.random.default_rng(seed + 1)
    for moment in draw_moments(seed, duration_s, rate):
        yield moment.time_s, with_grain(puppet.draw(moment), grain)


def with_grain(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Return the picture (H, W, 3) as a camera with a little noise takes it."""
    noise = rng.standard_normal(rgb.shape[:2], np.float32)[..., None] * GRAIN
    return np.clip(rgb + noise + 0.5, 0, 255).astype(np.uint8)


def _rotation(moment: Moment) -> Rotation:
    angles = [moment.roll_deg, -moment.yaw_deg, -moment.pitch_deg]  # as `head_pose` reads them
    return Rotation.from_euler("ZYX", angles, degrees=True)


def _largest_mesh(photo: Picture, models: FaceModels) -> Floats:
    boxes = models.finder.find(photo).boxes_xyxy_px
    if len(boxes) == 0:
        raise FaceSetError("There is no face in this photograph.")
    box = max(boxes, key=lambda one: float(np.prod(one[2:] - one[:2])))
    mesh = models.mesh.fit(photo, square_around_box(box))
    for _ in range(3):
        mesh = models.mesh.fit(photo, square_around_mesh(mesh.points_px))
    return np.asarray(mesh.points_px, np.float64)


def _cut_with_edges(photo: Picture, to_crop: Floats, size_px: int) -> Picture:
    """The square of the photograph; beyond its edges it goes on mirrored."""
    if to_crop[0, 0] < 1:
        margin = max(photo.shape[:2])
        wide = cv2.copyMakeBorder(photo, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
        moved = to_crop.copy()
        moved[:, 2] -= to_crop[0, 0] * margin
        return cut(np.asarray(wide, np.uint8), moved, size_px)
    size = (size_px, size_px)
    return np.asarray(
        cv2.warpAffine(photo, to_crop, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8
    )


def _expression(solid: Solid, moment: Moment) -> Floats:
    """Displacements (V, 3) of mouth, lids and brows."""
    shapes = solid.shapes
    opening = moment.mouth - solid.rest_mouth
    mouth = shapes["jaw"] * opening if opening > 0 else shapes["close"] * min(1.0, -opening / solid.rest_mouth)
    face = mouth + shapes["smile"] * moment.smile + shapes["brows"] * moment.brows
    return np.asarray(face + shapes["blink"] * moment.blink)


def _mouth_picture(picture: Picture, solid: Solid) -> Picture:
    """What is behind the lips, where it would be in the photograph: its own teeth or painted ones, then darkness."""
    eyes, lips = solid.eyes_px, solid.xyz_px[list(INNER_UPPER), :2]
    behind = np.full(picture.shape, DARK, np.float32)
    if solid.rest_mouth > SHUT_GAP:
        outline = np.vstack([lips, solid.xyz_px[list(INNER_LOWER[::-1]), :2]])
        shown: Any = np.zeros(picture.shape[:2], np.float32)
        cv2.fillPoly(shown, [np.rint(outline).astype(np.int32)], 1.0)
        teeth = picture.astype(np.float32)
    else:
        below = lips + [0, 0.09 * eyes] * np.sin(np.linspace(0, np.pi, len(lips)))[:, None] ** 0.5
        shown = np.zeros(picture.shape[:2], np.float32)
        cv2.fillPoly(shown, [np.rint(np.vstack([lips - [0, 0.1 * eyes], below[::-1]])).astype(np.int32)], 1.0)
        teeth = _painted_teeth(picture.shape[:2], lips, eyes)
    soft: Any = cv2.GaussianBlur(shown, (0, 0), 0.012 * eyes)[..., None]
    return np.asarray(np.clip(behind + soft * (teeth - behind), 0, 255), np.uint8)


def _painted_teeth(shape_hw: tuple[int, ...], lips: Floats, eyes: float) -> NDArray[np.float32]:
    """Teeth (H, W, 3) of an even light, darker to the sides and at their joints."""
    x = (np.arange(shape_hw[1], dtype=np.float32)[None] - lips[:, 0].mean()) / (0.085 * eyes)
    joints = 1 - 0.10 * np.exp(-(((x - np.rint(x)) / 0.09) ** 2))
    bright = joints * np.exp(-((x / 2.6) ** 2))
    row = bright[..., None] * np.array([205, 178, 146], np.float32)
    return np.asarray(np.broadcast_to(row, (*shape_hw, 3)), np.float32)


def _drawn(atlas: Picture, triangles: NDArray[np.int32], xy: Floats, values: Floats) -> Picture:
    """Draw triangles (T, 3) in their order over a square as wide as the atlas.

    Each of the points (P, 2) has three values (P, 3): its place x, y in the atlas and a shade that multiplies the
    colour fetched there.
    """
    size = atlas.shape[1]
    owner = np.zeros((size, size), np.int32)
    corners = np.rint(xy[triangles] * (1 << SUBPIXEL_BITS)).astype(np.int32)
    for number, corner in enumerate(corners):
        cv2.fillConvexPoly(owner, corner, number, cv2.LINE_8, SUBPIXEL_BITS)
    of = _slopes(xy[triangles], values[triangles])[owner]  # (S, S, 3 values, 3)
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    value = of[..., :, 0] * x[..., None] + of[..., :, 1] * y[..., None] + of[..., :, 2]
    map_x, map_y = np.ascontiguousarray(value[..., 0]), np.ascontiguousarray(value[..., 1])
    picture: Any = cv2.remap(atlas, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(picture * value[..., 2:] + 0.5, 0, 255), np.uint8)


def _slopes(xy: Floats, values: Floats) -> NDArray[np.float32]:
    """How the values (T, 3, 3) at the corners (T, 3, 2) go on: (T, 3, 3), by x, by y, and the rest."""
    one, two = (xy[:, k] - xy[:, 0] for k in (1, 2))
    by_one, by_two = (values[:, k] - values[:, 0] for k in (1, 2))
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)[:, None]
    by_x = (by_one * two[:, 1:] - by_two * one[:, 1:]) / area
    by_y = (by_two * one[:, :1] - by_one * two[:, :1]) / area
    rest = values[:, 0] - by_x * xy[:, 0, :1] - by_y * xy[:, 0, 1:]
    return np.stack([by_x, by_y, rest], axis=2).astype(np.float32)
