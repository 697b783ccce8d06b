"""What people have: folders of photos, folders of pairs, collections of clips; brought into the canonical frame."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.face_clips import FaceClip
from core.evaluation.forge.faces import SourceFace, cut_face, face_in_photo, mesh_of_photo
from core.evaluation.forge.supply import Twins
from core.faces import FaceModels, FaceTracker
from core.faces.align import CROP_PX, similarity_to_crop
from core.settings import VideoLimits
from core.types import Frame
from core.video import open_clip

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
LEAST_DIFFERENCE = 2.5
"""Mean grey levels: below it the swap is hardly there, and the pair would teach noise."""
BETWEEN_FACES_S = 0.4
FACES_A_CLIP = 24
SAME_MOMENT_S = 0.05
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One face of a clip at one moment."""

    track: int
    time_s: float
    middle_x_px: float
    size_px: float
    face: SourceFace


def photo_faces(folder: Path, models: FaceModels, told: Told = lambda *_: None) -> list[SourceFace]:
    """Return the largest face of every photo below `folder`; photos in one subfolder are of one person.

    Raises:
        DatasetError: the folder has no photo with a face.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    found = []
    for number, path in enumerate(files):
        told(number, len(files))
        picture = _read(path)
        person = path.stem if path.parent == folder else f"{folder.name}/{path.parent.name}"
        face = None if picture is None else face_in_photo(picture, models, person)
        found += [] if face is None else [face]
    if not found:
        raise DatasetError(f"The folder {folder.name} has no photo in which a face is seen.")
    return found


def given_pairs(folder: Path, models: FaceModels, told: Told = lambda *_: None) -> tuple[list[Twins], list[SourceFace]]:
    """Return the pairs that PAIRS.tsv (columns real, fake) in `folder` names, in real/ and fake/, and the real faces.

    Both pictures of a pair show the same pixels before and after; they may be cut close to the face, and what the
    canonical crop wants around it is mirrored in.

    Raises:
        DatasetError: there is no such table, or no pair in it can be used.
    """
    table = folder / "PAIRS.tsv"
    if not table.is_file():
        raise DatasetError(f"The folder {folder.name} has no PAIRS.tsv that says which picture is a fake of which.")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    twins, faces = [], []
    for number, row in enumerate(rows):
        told(number, len(rows))
        real, fake = _read(folder / "real" / str(row.get("real"))), _read(folder / "fake" / str(row.get("fake")))
        pair = None if real is None or fake is None else _aligned_pair(real, fake, models, str(row["real"]))
        if pair is not None:
            twins.append(pair[0])
            faces.append(pair[1])
    if not twins:
        raise DatasetError(f"No pair of {folder.name} can be used.")
    return twins, faces


def clip_twins(left: FaceClip, right: FaceClip, models: FaceModels) -> tuple[list[Twins], list[SourceFace]]:
    """Return pairs of the same moments of a side-by-side clip, left half real, right half swapped, and its real faces.

    Raises:
        ClipError: the clip cannot be read.
    """
    real, fake = main_faces(left, models), main_faces(right, models)
    times = np.array([one.time_s for one in fake])
    twins = []
    for one in real:
        nearest = int(np.abs(times - one.time_s).argmin()) if len(times) else -1
        if nearest >= 0 and abs(times[nearest] - one.time_s) < SAME_MOMENT_S:
            twins.append(Twins(one.face.rgb, fake[nearest].face.rgb, same_pixels=False))
    return twins, [one.face for one in real[::4]]


def main_faces(clip: FaceClip, models: FaceModels) -> list[_Seen]:
    """Return the face that `clip` is about at moments `BETWEEN_FACES_S` apart, at most `FACES_A_CLIP`.

    Raises:
        ClipError: the clip cannot be read.
    """
    tracker, seen = FaceTracker(models), list[_Seen]()
    last_s = -np.inf
    with open_clip(clip.path, VideoLimits()) as reader:
        for frame in reader:
            half = _half(frame, clip.half)
            observations = tracker.step(half)
            if frame.time_s - last_s < BETWEEN_FACES_S - 1e-6:
                continue
            last_s = frame.time_s
            for one in observations:
                x0, _, x1, _ = (float(v) for v in one.box_xyxy_px)
                face = cut_face(half.rgb, one.landmarks_px, clip.person)
                seen.append(_Seen(one.track_id, frame.time_s, (x0 + x1) / 2, x1 - x0, face))
    wanted = _main_track(seen, clip.face)
    kept = [one for one in seen if one.track == wanted]
    return [kept[int(i)] for i in np.unique(np.linspace(0, len(kept) - 1, FACES_A_CLIP).astype(int))] if kept else []


def stranger_twins(reals: Sequence[SourceFace], fakes: Sequence[SourceFace], seed: int) -> list[Twins]:
    """Pair wholly generated faces with real ones at random: neither was made from the other."""
    rng = np.random.default_rng(seed)
    nan = float("nan")
    return [Twins(reals[int(rng.integers(len(reals)))].rgb, fake.rgb, nan, 1.0, same_pixels=False) for fake in fakes]


def _aligned_pair(
    real: NDArray[np.uint8], fake: NDArray[np.uint8], models: FaceModels, person: str
) -> tuple[Twins, SourceFace] | None:
    if real.shape != fake.shape or np.abs(real.astype(np.int16) - fake).mean() < LEAST_DIFFERENCE:
        return None
    mesh = mesh_of_photo(real, models)
    if mesh is None:
        return None
    face = cut_face(real, mesh.points_px[:, :2], person)
    matrix = similarity_to_crop(mesh.points_px[:, :2])
    both = [
        np.asarray(cv2.warpAffine(one, matrix, (CROP_PX, CROP_PX), borderMode=cv2.BORDER_REFLECT_101), dtype=np.uint8)
        for one in (real, fake)
    ]
    return Twins(both[0], both[1]), replace(face, rgb=both[0])


def _main_track(seen: Sequence[_Seen], which: str) -> int | None:
    """The track that the clip is about: the largest face, or the rightmost, by what it takes up over the whole clip."""
    tracks = {one.track for one in seen}

    def weight(track: int) -> float:
        mine = [one for one in seen if one.track == track]
        if which == "rightmost":
            lasting = len(mine) >= 0.15 * len(seen)  # not a face that was there for a moment
            return float(np.median([one.middle_x_px for one in mine])) if lasting else -1.0
        return float(sum(one.size_px for one in mine))

    return max(tracks, key=weight, default=None)


def _half(frame: Frame, half: str | None) -> Frame:
    if half is None:
        return frame
    middle = frame.rgb.shape[1] // 2
    part = frame.rgb[:, :middle] if half == "left" else frame.rgb[:, middle:]
    return replace(frame, rgb=np.ascontiguousarray(part))


def _read(path: Path) -> NDArray[np.uint8] | None:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    return None if picture is None else np.ascontiguousarray(picture[..., ::-1], np.uint8)
