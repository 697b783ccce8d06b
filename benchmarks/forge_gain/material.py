"""Reading the material once: arrays in a folder, and the two halves of people."""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.face_clips import FaceClip
from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.material import given_pairs, main_faces, photo_faces
from core.evaluation.forge.studio import StudioPair, studio_pairs
from core.evaluation.forge.supply import Twins
from core.faces import FaceModels
from core.faces.align import CROP_PX
from core.swap.model import load_model
from core.swap.poses import trained_poses
from core.types import MESH_POINTS

HELD_OUT_PERCENT = 15
"""Of the given pairs, by the name of the source clip; the network that all arms start from left out the same."""
STYLES_SEED = 1

Say = Callable[[str], None]
Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Swap:
    """A line of SWAPS.tsv."""

    model: Path
    driver: Path
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a trained swap makes of its driver: merged in many ways to learn from, and plainly to test."""

    swap: Swap
    to_learn: list[StudioPair]
    to_test: list[StudioPair]


def read_swaps(table: Path) -> list[Swap]:
    """Return the lines of SWAPS.tsv; relative paths are taken from its folder.

    Raises:
        DatasetError: it is missing, or lacks a column.
    """
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        here = table.parent
        return [Swap(here / row["model"], here / row["driver"], row["source"], row["target"]) for row in rows]
    except (OSError, KeyError) as error:
        raise DatasetError(f"{table.name} needs the columns model, driver, source and target.") from error


def halves(clips: Sequence[FaceClip], swaps: Sequence[Swap], alike: Iterable[Sequence[str]] = ()) -> dict[str, int]:
    """Return the half, 0 or 1, of every person and target: nobody is linked across, and both have about as much.

    Args:
        clips: the collection; a swapped half links who was filmed with who is shown.
        swaps: likewise.
        alike: names that are one person.
    """
    links = [(clip.person, clip.target) if clip.half else (clip.person,) for clip in clips]
    groups = _Groups([*links, *((one.source, one.target) for one in swaps), *alike])
    what = [("swapped" if clip.half else "filmed", clip.person) for clip in clips]
    counts: dict[str, Counter[str]] = {}
    for kind, person in (*what, *(("own", one.source) for one in swaps)):
        counts.setdefault(groups.of(person), Counter())[kind] += 1
    total = sum(counts.values(), Counter())
    shares = {name: np.array([has[kind] / total[kind] for kind in sorted(total)]) for name, has in counts.items()}
    held, half_of = np.zeros((2, len(total))), dict[str, int]()
    for name in sorted(shares, key=lambda one: (-shares[one].sum(), one)):
        half_of[name] = int((held @ shares[name]).argmin())  # where there is less of what this group has
        held[half_of[name]] += shares[name]
    return {name: half_of.get(groups.of(name), 0) for name in groups}


class _Groups:
    """Names that are linked, directly or by others."""

    def __init__(self, links: Iterable[Sequence[str]]) -> None:
        self._leader: dict[str, str] = {}
        for names in links:
            for name in names:
                self._leader[self.of(name)] = self.of(names[0])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._leader))

    def of(self, name: str) -> str:
        """Return the name of the group that a name is in."""
        while (leader := self._leader.setdefault(name, name)) != name:
            name = leader
        return name


class Store:
    """Arrays of a folder, mapped into memory: several trainings share them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def has(self, name: str) -> bool:
        """Whether `keep` was called with this name, and ended."""
        return (self.root / name / "done").is_file()

    def keep(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        for key, values in arrays.items():
            np.save(folder / f"{key}.npy", values)
        (folder / "done").touch()

    def get(self, name: str) -> Arrays:
        """Return what was kept."""
        return {path.stem: np.load(path, mmap_mode="r") for path in sorted((self.root / name).glob("*.npy"))}


def keep_photos(store: Store, name: str, folder: Path, models: FaceModels) -> None:
    """Keep the faces of a folder of photos."""
    store.keep(name, _of_faces(photo_faces(folder, models)))


def keep_pairs(store: Store, name: str, folder: Path, models: FaceModels) -> None:
    """Keep the pairs of a folder."""
    twins, faces = given_pairs(folder, models)
    store.keep(name, {**_of_faces(faces), "fake": np.stack([pair.fake for pair in twins])})


def keep_clip(store: Store, clip: FaceClip, models: FaceModels) -> None:
    """Keep the main face of a clip, or of its half, at moments spread over it."""
    seen = main_faces(clip, models)
    store.keep(
        clip_name(clip),
        {
            **_of_faces([one.face for one in seen]),
            "time_s": np.array([one.time_s for one in seen]),
            "face_px": np.array([one.size_px for one in seen]),
        },
    )


def swapped(swap: Swap, models: FaceModels) -> Swapped:
    """Return moments of the driver's clip, filmed and swapped; they stay in memory."""
    drawing, poses = load_model(swap.model), trained_poses(swap.model)
    coverage = None if poses is None else poses.at
    learnt, tested = (
        studio_pairs(drawing, swap.driver, models, rng, coverage=coverage)
        for rng in (np.random.default_rng(STYLES_SEED), None)
    )
    return Swapped(swap, learnt, tested)


def clip_name(clip: FaceClip) -> str:
    """Return what a clip's arrays are called."""
    return f"clip--{clip.path.parent.name}--{clip.name.replace(':', '--')}"


def faces_of(arrays: Arrays, person: str | None = None) -> list[SourceFace]:
    """Return kept faces; `person` in place of the names that were kept."""
    people = arrays["person"]
    return [
        SourceFace(rgb, landmarks, str(people[row]) if person is None else person)
        for row, (rgb, landmarks) in enumerate(zip(_rgb(arrays), _landmarks(arrays), strict=True))
    ]


def held_out(name: str) -> bool:
    """Whether a given pair is left out of all training."""
    return zlib.crc32(name.encode()) % 100 < HELD_OUT_PERCENT


def pairs_of(arrays: Arrays, *, held: bool) -> list[tuple[SourceFace, Twins]]:
    """Return the given pairs that are held out, or those that are not, each with its real face."""
    fakes = np.asarray(arrays["fake"])
    return [
        (face, Twins(face.rgb, fake))
        for face, fake in zip(faces_of(arrays), fakes, strict=True)
        if held_out(face.person) is held
    ]


def every(count: int, items: Sequence[SourceFace]) -> list[SourceFace]:
    """Return every `count`-th of them."""
    return list(islice(items, None, None, count))


def _of_faces(faces: Sequence[SourceFace]) -> Arrays:
    return {
        "rgb": np.stack([one.rgb for one in faces]) if faces else np.zeros((0, CROP_PX, CROP_PX, 3), np.uint8),
        "landmarks": np.stack([one.landmarks_px for one in faces])
        if faces
        else np.zeros((0, MESH_POINTS, 2), np.float32),
        "person": np.array([one.person for one in faces], str),
    }


def _rgb(arrays: Arrays) -> NDArray[np.uint8]:
    return arrays["rgb"].view(np.uint8)


def _landmarks(arrays: Arrays) -> NDArray[np.float32]:
    return arrays["landmarks"].view(np.float32)
