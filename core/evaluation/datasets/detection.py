"""Datasets of real and fake clips, each read from its official layout by a file of its own.

A loader is `(root, split) -> Collection`; it looks for everything that the layout promises before it returns. `split`
only says whether the official lists are needed: choosing is `chosen`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import DatasetError
from core.evaluation.datasets.celeb_df import celeb_df
from core.evaluation.datasets.clip_table import MANIFEST, clip_table
from core.evaluation.datasets.deeperforensics import deeperforensics
from core.evaluation.datasets.dfdc import dfdc, dfdc_preview
from core.evaluation.datasets.faceforensics import deepfakedetection, faceforensics
from core.evaluation.datasets.fakeavceleb import fakeavceleb
from core.evaluation.datasets.labelled import Collection

DetectionLoader = Callable[[Path, str | None], Collection]


def _table(root: Path, split: str | None = None) -> Collection:
    return clip_table(root)


DETECTION_DATASETS: dict[str, DetectionLoader] = {
    "table": _table,
    "faceforensics": faceforensics,
    "deepfakedetection": deepfakedetection,
    "celeb-df": celeb_df,
    "dfdc": dfdc,
    "dfdc-preview": dfdc_preview,
    "deeperforensics": deeperforensics,
    "fakeavceleb": fakeavceleb,
}
"""Name on the command line -> loader."""

# DeeperForensics before FaceForensics++: it may hold a copy of the latter's originals
MARKS: tuple[tuple[str, str], ...] = (
    (MANIFEST, "table"),
    ("manipulated_videos", "deeperforensics"),
    ("original_sequences/youtube", "faceforensics"),
    ("original_sequences/actors", "deepfakedetection"),
    ("Celeb-synthesis", "celeb-df"),
    ("dataset.json", "dfdc-preview"),
    ("meta_data.csv", "fakeavceleb"),
    ("metadata.json", "dfdc"),
    ("*/metadata.json", "dfdc"),
)
"""What is found in a root -> which dataset it is."""


def load_clips(path: Path, dataset: str | None = None, split: str | None = None) -> Collection:
    """Return the clips of a table or dataset that are to be measured.

    Args:
        path: a table (TSV), or the root of a dataset.
        dataset: a name in `DETECTION_DATASETS`; by default it is recognised by what lies in the root.
        split: train, val, test or any other that the dataset knows, or "all"; by default test where there is one,
            else all.

    Raises:
        DatasetError: nothing is there, it is not known or not complete, or has no clip in the split.
    """
    name = dataset or recognise(path)
    if name not in DETECTION_DATASETS:
        raise DatasetError(f"There is no dataset called {name}; known are {', '.join(DETECTION_DATASETS)}.")
    return chosen(DETECTION_DATASETS[name](path, split), split)


def recognise(path: Path) -> str:
    """Return the name of the dataset at `path`.

    Raises:
        DatasetError: there is nothing, or nothing that is known.
    """
    if path.is_file():
        return "table"
    if not path.is_dir():
        raise DatasetError("There is no dataset or table of clips at the path given.")
    for mark, name in MARKS:
        if next(iter(path.glob(mark)), None) is not None:
            return name
    raise DatasetError("The folder is in no layout that is known; name it with --dataset, or write a table of clips.")


def chosen(collection: Collection, split: str | None) -> Collection:
    """Return the clips of a split; see `load_clips`.

    Raises:
        DatasetError: there are none.
    """
    there = sorted({clip.split for clip in collection.clips if clip.split})
    wanted = split or ("test" if "test" in there else "all")
    if wanted == "all":
        return collection
    kept = collection.only(lambda clip: clip.split == wanted)
    if not kept.clips:
        known = f"it has {', '.join(there)}" if there else "it has no official splits: use --split all"
        raise DatasetError(f"{collection.dataset} has no clip in the split {wanted}; {known}.")
    return kept
