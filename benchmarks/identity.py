"""How well people are told apart by their faces: `python -m benchmarks.identity FOLDER`.

FOLDER has MANIFEST.tsv and the clips it names. Of every real face a few pictures of its first seconds are compared
with those of all others: within one clip, between clips of one person, and between people. People whose number is not
known (a name with "people" in it) are left out. Intervals: people are drawn again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import cluster_bootstrap
from core.evaluation.face_clips import FaceClip, read_face_clips
from core.evaluation.watched_faces import follow, frames_of
from core.faces import FaceModels, load_face_models
from core.swap.geometry import crop, face_matrix, moved
from core.swap.identity import SAME_PERSON, Identity, load_identity
from core.types import FaceObservation, FaceType, Frame

LOOKED_AT_S = 4.0
PICTURES = 4
LIMITS = (0.4, 0.45, SAME_PERSON, 0.55, 0.6)
DRAWS = 300


@dataclass(frozen=True, slots=True)
class Known:
    """N faces: their numbers (N, 128), whose they are and in which clip."""

    rows: NDArray[np.float32]
    people: NDArray[np.str_]
    clips: NDArray[np.str_]


class Pictures:
    """Keeps the numbers of every face a few times, as a face set of `size_px` would show it."""

    def __init__(self, identity: Identity, size_px: int) -> None:
        self._identity, self._size_px = identity, size_px
        self.kept: dict[int, list[NDArray[np.float32]]] = {}

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Take one face of one frame, if it is time for another."""
        rows = self.kept.setdefault(observation.track_id, [])
        if len(rows) < PICTURES and frame.time_s >= len(rows) * LOOKED_AT_S / PICTURES:
            matrix = face_matrix(observation.landmarks_px, FaceType.FULL, self._size_px)
            landmarks = moved(observation.landmarks_px, matrix)
            rows.append(self._identity.embed(crop(frame.rgb, matrix, self._size_px), landmarks))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=256, help="of the crops, in pixels (256)")
    given = parser.parse_args()
    clips = [clip for clip in read_face_clips(given.folder) if not clip.fake and "people" not in clip.person]
    known = _seen(clips, load_face_models(), load_identity(), given.size)
    print(f"{len(known.rows)} pictures of {len(set(known.people))} people in {len(set(known.clips))} clips")
    _tell(known, "two pictures of one clip", lambda a, b: known.clips[a] == known.clips[b])
    _tell(known, "two clips of one person", lambda a, b: known.clips[a] != known.clips[b])


def _seen(clips: list[FaceClip], models: FaceModels, identity: Identity, size_px: int) -> Known:
    rows, people, names = [], [], []
    for clip in clips:
        pictures = Pictures(identity, size_px)
        followed = follow(frames_of(clip, LOOKED_AT_S), models, pictures, rightmost=clip.face == "rightmost")
        if followed is None:
            print(f"no face: {clip.name}")
            continue
        final = {number: provisional for provisional, number in followed.final_ids.items()}
        for row in pictures.kept[final[followed.track.id]]:
            rows.append(row)
            people.append(clip.person)
            names.append(clip.name)
    return Known(np.stack(rows), np.array(people), np.array(names))


def _tell(known: Known, name: str, counts: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.bool_]]) -> None:
    """Print how well pairs of one person for which `counts` holds are told from pairs of two people."""

    def pairs(rows: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        first, second = (rows[side] for side in np.triu_indices(len(rows), 1))
        distances = np.linalg.norm(known.rows[first] - known.rows[second], axis=1)
        same = known.people[first] == known.people[second]
        return distances[same & counts(first, second) & (first != second)], distances[~same]

    def auc(rows: NDArray[np.intp]) -> float:
        same, other = pairs(rows)
        below = np.searchsorted(np.sort(same), other, "left") + np.searchsorted(np.sort(same), other, "right")
        return float(below.mean() / 2 / max(len(same), 1))

    same, other = pairs(np.arange(len(known.rows)))
    of = {person for person, clip in zip(known.people, known.clips, strict=True) if _again(known, person, clip)}
    print(f"\n{name}: {len(same)} pairs of one person, {len(other)} of two ({len(of)} people have several clips)")
    print(f"  AUC {_interval(known, auc)}")
    for limit in LIMITS:
        together = _interval(known, lambda rows, limit=limit: float((pairs(rows)[0] < limit).mean()))  # type: ignore[misc]
        mixed = _interval(known, lambda rows, limit=limit: float((pairs(rows)[1] < limit).mean()))  # type: ignore[misc]
        print(f"  below {limit:.2f}: one person {together}, two people {mixed}")


def _again(known: Known, person: str, clip: str) -> bool:
    return len(set(known.clips[known.people == person]) - {clip}) > 0


def _interval(known: Known, statistic: Callable[[NDArray[np.intp]], float]) -> str:
    found = cluster_bootstrap(list(known.people), statistic, draws=DRAWS)
    return f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


if __name__ == "__main__":
    main()
