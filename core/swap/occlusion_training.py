"""From a few labelled faces to masks: hidden ones are made of them, a network learns, and is measured on others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError, OutputError, SwapModelError
from core.swap.consent import require_consent
from core.swap.face_set import read_picture
from core.swap.mask_labels import painted, read_labels
from core.swap.masks import Mask
from core.swap.material import MASKS
from core.swap.occluders import hidden
from core.swap.occlusion import Occlusion
from core.types import ConsentScope, FaceSet
from models.occlusion import SIDE_PX, OcclusionViewer, weights_of
from models.train.occlusion import Batch, OcclusionConfig, train_occlusion

FEWEST_LABELLED = 4
HELD_OUT_SHARE = 0.2
HIDDEN_SHARE = 0.8
"""Of the faces of a batch something is put before so many; the others are as they were labelled."""
TRIALS = 4
"""Hidden faces made of each one held out, for measuring."""
LEAST_HIDDEN = 0.01
"""Share of a face that a thing hides for the face to be measured on."""
MARGIN = 0.97
"""Of the mesh's hull what counts: its edge is not sure to a pixel."""


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """A face of 128 px: picture (S, S, 3), what of it can be seen (S, S) in 0..1, landmarks (468, 2) in the crop."""

    rgb: NDArray[np.uint8]
    visible: Mask
    landmarks_px: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MaskQuality:
    """How well masks were on faces that were not trained on, hidden by known things.

    Intersection over union within the face's hull, the mean over `trials`: of what can be seen, and of what hides it.
    `untrained` is the first for a mask that takes nothing to be hidden.
    """

    visible_iou: float
    hidden_iou: float
    untrained: float
    faces: int
    trials: int


@dataclass(frozen=True, slots=True)
class TrainedMasks:
    """What a training made: the file, how good it is (None: too few faces to hold any out), and on how many faces."""

    path: Path
    quality: MaskQuality | None
    faces: int


def labelled_faces(face_sets: Sequence[FaceSet]) -> list[LabelledFace]:
    """Return the labelled faces of sets whose people allowed training.

    Raises:
        ConsentError: a person did not.
        FaceSetError: sets are cut differently, too few faces are labelled, or a picture is damaged.
    """
    if len({one.face_type for one in face_sets}) > 1:
        raise FaceSetError("The face sets are cut otherwise from each other; masks are trained on one kind.")
    faces: list[LabelledFace] = []
    for one in face_sets:
        require_consent(one, ConsentScope.TRAINING)
        labels = read_labels(one.path)
        for face in one.faces:
            if face.name in labels:
                rgb = cv2.resize(read_picture(one, face), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
                visible = painted(face, labels[face.name], one.size_px, SIDE_PX)
                landmarks = face.landmarks_px * np.float32(SIDE_PX / one.size_px)
                faces.append(LabelledFace(np.asarray(rgb, np.uint8), visible, landmarks))
    if len(faces) < FEWEST_LABELLED:
        raise FaceSetError(
            f"{len(faces)} faces are labelled; at least {FEWEST_LABELLED} are needed: `facepulse swap mask label`."
        )
    return faces


def train_masks(
    face_sets: Sequence[FaceSet],
    out: Path,
    config: OcclusionConfig,
    progress: Callable[[int, float], None] = lambda step, loss: None,
) -> TrainedMasks:
    """Train masks on the labelled faces of sets and write them to `out`, which appears only when it is whole.

    Every fifth labelled face is held out and measured on with things before it; then the network is what was
    trained without these.

    Raises:
        ConsentError, FaceSetError: as `labelled_faces`.
        OutputError: the file cannot be written.
    """
    faces = labelled_faces(face_sets)
    held_out = faces[:: round(1 / HELD_OUT_SHARE)] if len(faces) >= 2 * FEWEST_LABELLED else []
    trained_on = [face for face in faces if not any(face is other for other in held_out)]
    network = train_occlusion(lambda step: batch_of(trained_on, config, step), config, progress)
    face_type = face_sets[0].face_type
    quality = measured(Occlusion(OcclusionViewer(network, config.device), face_type), held_out) if held_out else None
    words = {"face_type": face_type.value, "sets": " ".join(one.id for one in face_sets), "faces": str(len(trained_on))}
    if quality is not None:
        words |= {"visible_iou": f"{quality.visible_iou:.3f}", "hidden_iou": f"{quality.hidden_iou:.3f}"}
    _write(out, weights_of(network, words))
    return TrainedMasks(out, quality, len(trained_on))


def measured(occlusion: Occlusion, faces: Sequence[LabelledFace]) -> MaskQuality:
    """Return how well masks see what hides faces that they were not trained on, when known things are before them."""
    shares = shares_of(occlusion, faces)
    visible_iou, hidden_iou, untrained = (float(value) for value in shares.mean(axis=0))
    return MaskQuality(visible_iou, hidden_iou, untrained, len(faces), len(shares))


def shares_of(occlusion: Occlusion, faces: Sequence[LabelledFace], seed: int = 10_000) -> NDArray[np.float64]:
    """Return the three figures of `MaskQuality` for each of N hidden faces, (N, 3); the same ones for equal faces."""
    shares = []
    for number, face in enumerate(faces):
        whole = (face.visible > 0.5) & _hull(face.landmarks_px, MARGIN)
        for trial in range(TRIALS):
            rng = np.random.default_rng([seed, number, trial])
            rgb, visible = hidden(face.rgb, face.visible, face.landmarks_px, rng, _another(faces, number, rng).rgb)
            truth, seen = whole & (visible > 0.5), whole & (occlusion.visible(rgb) > 0.5)
            if (whole & ~truth).sum() >= LEAST_HIDDEN * whole.sum():
                shares.append((iou(truth, seen), iou(whole & ~truth, whole & ~seen), iou(truth, whole)))
    return np.array(shares, np.float64).reshape(-1, 3)


def apply_masks(face_set: FaceSet, occlusion: Occlusion, progress: Callable[[int], None] = lambda done: None) -> int:
    """Write beside each picture of a set what hides its face, for training to leave out; return how many.

    A face that was labelled by hand gets what was drawn.

    Raises:
        SwapModelError: the masks were trained on faces that are cut otherwise.
        FaceSetError: a picture is damaged.
        OutputError: the masks cannot be written.
    """
    if occlusion.face_type is not face_set.face_type:
        kinds = f"{occlusion.face_type.value} and {face_set.face_type.value}"
        raise SwapModelError(f"The masks and the face set have faces that are cut otherwise: {kinds}.")
    labels = read_labels(face_set.path)
    for number, face in enumerate(face_set.faces, start=1):
        rgb = read_picture(face_set, face)
        if face.name in labels:
            visible = painted(face, labels[face.name], face_set.size_px, face_set.size_px)
        else:
            visible = occlusion.visible(rgb)
        _, data = cv2.imencode(".png", np.rint(255 * visible).astype(np.uint8))
        _write(face_set.path / MASKS / face.name, data.tobytes())
        progress(number)
    return len(face_set.faces)


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return intersection over union of two shapes; 1 where both are empty."""
    together = int((one | other).sum())
    return int((one & other).sum()) / together if together else 1.0


def batch_of(faces: Sequence[LabelledFace], config: OcclusionConfig, step: int) -> Batch:
    """Return the pictures of one step: always the same for equal faces, seeds and steps."""
    rng = np.random.default_rng([config.seed, step])
    made = [_varied(faces, rng) for _ in range(config.faces)]
    rgb, visible, counts = zip(*made, strict=True)
    return np.stack(rgb), np.stack(visible), np.stack(counts)


def _varied(faces: Sequence[LabelledFace], rng: np.random.Generator) -> tuple[NDArray[np.uint8], Mask, Mask]:
    """A face turned, mirrored and scaled, mostly with something before it, in another light and quality.

    Also what of it can be seen, and where that counts: within the mesh's hull, since what lies outside is cut away
    by the mesh in any case.
    """
    number = int(rng.integers(len(faces)))
    face = faces[number]
    rgb, visible = face.rgb, face.visible
    if rng.random() < HIDDEN_SHARE:
        rgb, visible = hidden(rgb, visible, face.landmarks_px, rng, _another(faces, number, rng).rgb)
    size = rgb.shape[0]
    turn, zoom, flip = rng.normal(0, 0.15), np.exp(rng.normal(0, 0.12)), rng.choice([-1.0, 1.0])
    linear = zoom * np.array([[flip * np.cos(turn), -np.sin(turn)], [flip * np.sin(turn), np.cos(turn)]])
    middle = np.full(2, size / 2)
    matrix = np.column_stack([linear, middle - linear @ middle + rng.normal(0, 0.03 * size, 2)])
    moved = cv2.warpAffine(rgb, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    hull = _hull(face.landmarks_px, MARGIN).astype(np.float32)
    seen, counts = (np.asarray(cv2.warpAffine(one, matrix, (size, size)), np.float32) for one in (visible, hull))
    return _filmed(np.asarray(moved, np.uint8), rng), np.clip(seen, 0, 1), np.clip(counts, 0, 1)


def _filmed(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Another camera, light and codec."""
    out: NDArray[Any] = _other_colours(rgb, rng) * rng.uniform(0.7, 1.3, 3) * rng.uniform(0.6, 1.3)
    out = (out - 128) * rng.uniform(0.7, 1.3) + 128 + rng.uniform(-20, 20)
    if rng.random() < 0.4:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.8)))
    picture = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return picture


def _other_colours(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Sometimes another hue, more or less colour, or channels that change places: skin has no one colour."""
    out, chance = rgb.astype(np.float32), rng.random()
    if chance < 0.2:
        out = out[..., rng.permutation(3)]
    elif chance < 0.6:
        grey = out.mean(axis=2, keepdims=True)
        out = grey + (out - grey) * rng.uniform(0, 1.6)
    return np.asarray(out, np.float32)


def _another(faces: Sequence[LabelledFace], number: int, rng: np.random.Generator) -> LabelledFace:
    return faces[(number + int(rng.integers(1, len(faces)))) % len(faces)] if len(faces) > 1 else faces[0]


def _hull(landmarks_px: NDArray[np.float32], growth: float) -> NDArray[np.bool_]:
    """The inside of a mesh's outline, so much larger, seen from its middle: (S, S)."""
    hull = cv2.convexHull(landmarks_px)[:, 0]
    grown = (hull - hull.mean(axis=0)) * growth + hull.mean(axis=0)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    return np.asarray(cv2.fillConvexPoly(mask, np.rint(grown).astype(np.int32), (1,)), bool)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"The masks cannot be written to {path.parent}.") from error
