"""How often a mark is read where none was written: `python -m benchmarks.label_false_reads FOLDER… --out LINES`.

Every clip below the folders gives some frames of its first seconds, each read alone and all of them together; every
picture is read alone. One line of JSON a file goes to LINES; files that are there already are not read again, and the
table is printed from all lines. What is read is counted whether or not a demo with that id was ever made.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ClipError
from core.settings import VideoLimits
from core.video import open_clip
from core.watermark import MarkReader
from core.watermark.dwt_dct_svd import read_bits, read_blocks
from core.watermark.generators import likeliest_generator
from core.watermark.payload import BITS
from core.watermark.reader import SURE_FROM
from core.watermark.tiles import TileCollector

SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".jpg", ".jpeg", ".png", ".webp"})
STILLS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
SECONDS = 5.0
MARKS = ("svd", "tiles", "code", "generator")


def main() -> None:
    """Read, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=60, help="frames of each clip")
    parser.add_argument("--pictures", type=int, default=6000, help="most pictures, spread over all")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    done = {line["file"] for line in _lines(given.out)}
    with given.out.open("a", encoding="utf-8") as out:
        for path in _files(given.folders, given.pictures):
            if str(path) not in done:
                out.write(json.dumps({"file": str(path)} | _of_file(path, given.frames)) + "\n")
                out.flush()
    print(table(list(_lines(given.out))))


def table(lines: list[dict[str, Any]]) -> str:
    """Return what was read, as Markdown."""
    frames = sum(line["frames"] for line in lines)
    clips = [line for line in lines if line["frames"] > 1]
    rows = ["| read as | of single frames | of whole clips |", "|---|---|---|"]
    for mark in MARKS:
        alone, whole = sum(line[mark] for line in lines), sum(line[f"whole_{mark}"] for line in clips)
        rows.append(f"| {mark} | {alone} of {frames} | {whole} of {len(clips)} |")
    most = {name: max((line[name] for line in lines), default=0.0) for name in ("likeness", "sure", "like_generator")}
    sure = sum(line["sure"] >= SURE_FROM for line in lines)
    return "\n".join(
        [
            *rows,
            "",
            f"Likeness of the likeliest tile at most {most['likeness']:.3f}, bits of dwtDctSvd at most "
            f"{most['sure']:.2f} standard errors sure on average, a generator's message at most "
            f"{most['like_generator']:.1f} standard errors from chance. None in {frames} means at most 1 in "
            f"{frames / 3:.0f} (95 % confidence). Of {len(lines)} files {sure} have "
            f"a frame whose dwtDctSvd is {SURE_FROM:g} standard errors sure: there the checksum stands alone.",
        ]
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def _files(folders: list[Path], pictures: int) -> Iterator[Path]:
    found = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    stills = [path for path in found if path.suffix.lower() in STILLS]
    clips = [path for path in found if path.suffix.lower() not in STILLS]
    stills = stills[:: max(1, len(stills) // max(pictures, 1))][:pictures]
    a_clip = -(-len(stills) // max(len(clips), 1))  # in between, so that a run that is stopped has seen both
    for i, clip in enumerate(clips):
        yield clip
        yield from stills[i * a_clip : (i + 1) * a_clip]


def _of_file(path: Path, most: int) -> dict[str, Any]:
    counts: dict[str, Any] = dict.fromkeys((*MARKS, *(f"whole_{mark}" for mark in MARKS)), 0)
    frames = _frames(path, most)
    together, tiles = MarkReader(), TileCollector()
    likeness = sure = like_generator = 0.0
    for rgb in frames:
        alone = MarkReader()
        alone.add(rgb)
        together.add(rgb)
        tiles.add(rgb)
        found = alone.read()
        for mark in MARKS:
            counts[mark] += getattr(found, mark) is not None
        sure = max(sure, read_bits(read_blocks(rgb), BITS)[1])
        known = likeliest_generator([rgb])
        like_generator = max(like_generator, known.sure if known else 0.0)
    if frames:
        found, likeness = together.read() if len(frames) > 1 else found, tiles.likeness()
        counts |= {f"whole_{mark}": int(getattr(found, mark) is not None) for mark in MARKS}
    return {
        "frames": len(frames),
        "likeness": round(likeness, 4),
        "sure": round(sure, 3),
        "like_generator": round(like_generator, 3),
        **counts,
    }


def _frames(path: Path, most: int) -> list[NDArray[np.uint8]]:
    """Up to `most` frames of the first seconds, every n-th."""
    kept: list[tuple[int, NDArray[np.uint8]]] = []
    every = 1
    try:
        with open_clip(path, VideoLimits()) as clip:
            for frame in clip:
                if frame.time_s > SECONDS:
                    break
                if frame.index % every == 0:
                    kept.append((frame.index, frame.rgb))
                if len(kept) > most:
                    every *= 2
                    kept = [one for one in kept if one[0] % every == 0]
    except ClipError:
        return []
    return [rgb for _, rgb in kept]


if __name__ == "__main__":
    main()
