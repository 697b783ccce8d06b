"""DeeperForensics-1.0 (Jiang et al. 2020).

    manipulated_videos/<variant>/000_M004.mp4     the FaceForensics++ sequence 000 with the face of actor M004
    lists/splits/train.txt, val.txt, test.txt     names of manipulated videos
    source_videos/…                               footage of the actors; not the real part, say its authors

Variants are end_to_end, reenact_postprocess, and end_to_end with perturbations (_level_1 to _level_5, _random_level,
_mix_2_distortions to _mix_4_distortions). The real part is FaceForensics++'s original sequences at c23, which cannot
be published with it: link or copy its folder `original_sequences` into the root, or a folder `target_videos`.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import DatasetError
from core.evaluation.datasets.faceforensics import youtube_originals
from core.evaluation.datasets.labelled import SPLITS, Collection, Label, LabelledClip, gathered, read_lines, videos
from core.evaluation.datasets.recording import folder, present

NAME = "DeeperForensics-1.0"
GENERATOR = "DF-VAE"
_FAKE = re.compile(r"(\d+)_([MW]\d+)")
_VARIANT = re.compile(r"end_to_end_(.+)")


def deeperforensics(root: Path, split: str | None = None) -> Collection:
    """Return every manipulated video and the originals that they were made from.

    Raises:
        DatasetError: the manipulated videos, their real part or (unless `split` is "all") its list are missing.
    """
    made = present(folder(root, NAME) / "manipulated_videos", root, NAME)
    split_of = _official_splits(root, needed=split or "test")
    fakes = [_fake(root, path, split_of) for part in sorted(made.iterdir()) for path in videos(part)]
    splits = {clip.person: clip.split for clip in fakes}
    return gathered(NAME, [*fakes, *(_real(root, path, splits) for path in _originals(root))])


def _fake(root: Path, path: Path, split_of: dict[str, str]) -> LabelledClip:
    match = _FAKE.fullmatch(path.stem)
    if match is None:
        raise DatasetError(f"{NAME} cannot be read: {path.relative_to(root).as_posix()} is not named as published.")
    perturbed = _VARIANT.fullmatch(path.parent.name)
    return LabelledClip(
        id=path.relative_to(root).as_posix(),
        path=path,
        label=Label.FAKE,
        person=match[1],
        generator=GENERATOR if path.parent.name.startswith("end_to_end") else f"{GENERATOR}:{path.parent.name}",
        group=match[1],
        compression=perturbed[1] if perturbed else "",
        dataset=NAME,
        split=split_of.get(path.name, ""),
    )


def _real(root: Path, path: Path, splits: dict[str, str]) -> LabelledClip:
    return LabelledClip(
        id=path.relative_to(root).as_posix(),
        path=path,
        label=Label.REAL,
        person=path.stem,
        group=path.stem,
        dataset=NAME,
        split=splits.get(path.stem, ""),
    )


def _originals(root: Path) -> list[Path]:
    found = videos(root / "target_videos") or youtube_originals(root, "c23")
    if not found:
        raise DatasetError(
            f"{NAME} has no real clips of its own: put FaceForensics++'s original_sequences (youtube, c23) into its "
            "folder."
        )
    return found


def _official_splits(root: Path, *, needed: str) -> dict[str, str]:
    found = {}
    for split in SPLITS:
        path = root / "lists" / "splits" / f"{split}.txt"
        if path.is_file():
            found.update({Path(line.split()[0]).name: split for line in read_lines(path, root, NAME)})
        elif split == needed:
            raise DatasetError(
                f"{NAME} is incomplete: lists/splits/{split}.txt is missing; with --split all every clip is measured."
            )
    return found
