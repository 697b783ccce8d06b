"""What of a label survives what happens to videos: `python -m benchmarks.label_survival --out LINES`.

Labelled clips are made of two photographs in the public domain (NASA's Eileen Collins, the US Navy's Grace Hopper),
filmed as puppets, in several sizes; with --clips also of the first seconds of other clips, which are only measured.
Each is changed in every way of `CHANGES`, and read as a check reads it. No face is swapped: the label does not know.
One line of JSON a clip and change goes to LINES; what is there already is not done again. The table is printed from all
lines, with 95 % intervals (Wilson).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.stats import binomtest

from benchmarks.video_changes import CHANGES, Frames, to_short_side
from core.detectors.provenance import UnreadableCredentialsError, read_credentials
from core.errors import ClipError, LabelError
from core.settings import VideoLimits
from core.swap import puppet
from core.swap.certificate import local_signer
from core.swap.label import write_labelled
from core.swap.metadata import read_words
from core.swap.public_faces import PUBLIC_FACES
from core.types import ConsentBasis, ConsentRecord, ConsentScope, FaceType, MergedFrame, Provenance, TrainedSwap
from core.video import open_clip
from core.video.encode import write_video
from core.watermark import FoundMarks, MarkReader
from core.watermark.code import is_well_read

SIZES = ((1280, 720), (854, 480), (720, 1280))
SEEDS = (1, 2)
DURATION_S, RATE = 1.2, Fraction(25)
STILLS = 4
PRESET = "veryfast"
FILE = "the file"
JPEGS = {f"one frame as JPEG {quality}": quality for quality in (90, 70, 50)}
MARKS = ("svd", "tiles", "code", "any")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=Path, help="a folder of other clips to be labelled and measured besides")
    parser.add_argument("--most", type=int, default=10, help="of these clips")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    done = {(line["clip"], line["change"]) for line in _lines(given.out)}
    with given.out.open("a", encoding="utf-8") as out, tempfile.TemporaryDirectory() as folder:
        for name, frames in (*_public_clips(), *_other_clips(given.clips, given.most)):
            left = [change for change in (FILE, *CHANGES, *JPEGS) if (name, change) not in done]
            for line in _measured(name, frames(), left, Path(folder)) if left else ():
                out.write(json.dumps(line) + "\n")
                out.flush()
    print(table([line for line in _lines(given.out) if line["public"]]))
    if others := [line for line in _lines(given.out) if not line["public"]]:
        print("\nOther clips:\n\n" + table(others))


def table(lines: list[dict[str, Any]]) -> str:
    """Return how often each mark was read after each change, as Markdown."""
    rows = ["| after | dwtDctSvd | tiles | code | any of them |", "|---|" + "---|" * 4]
    for change in dict.fromkeys(line["change"] for line in lines):
        of = [line for line in lines if line["change"] == change]
        cells = [_share(sum(line[mark] for line in of), sum(line["n"] for line in of)) for mark in MARKS]
        rows.append(f"| {change} | {' | '.join(cells)} |")
    clips, wrong = len({line["clip"] for line in lines}), sum(line["wrong"] for line in lines)
    files, copies = (
        [bool(line["credentials"] and line["words"]) for line in lines if (line["change"] == FILE) == whole]
        for whole in (True, False)
    )
    told = (
        f"{clips} clips. Credentials and words of the container are in {sum(files)} of {len(files)} files and in "
        f"{sum(copies)} of {len(copies)} copies. Another id than the demo's was read {wrong} times."
    )
    return "\n".join([*rows, "", told])


def _share(hits: int, of: int) -> str:
    """Hits and their interval (Wilson, 95 %)."""
    if of == 0:
        return "–"
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits}/{of} ({interval.low:.0%} to {interval.high:.0%})"


def _measured(name: str, frames: Frames, wanted: list[str], folder: Path) -> Iterator[dict[str, Any]]:
    public = name.split(maxsplit=1)[0] in PUBLIC_FACES
    demo_id = next(filter(is_well_read, (hashlib.sha256(name.encode()).hexdigest()[i : i + 8] for i in range(57))))
    try:
        made = write_labelled(
            _merged(frames), folder / "demo.mp4", _provenance(demo_id), rate=RATE, audio=None,
            signer=local_signer(folder),
        )  # fmt: skip
    except LabelError as error:
        print(f"{name}: {error}")
        return
    decoded = _decoded(made.path)
    for change in wanted:
        if change in JPEGS:
            hits = _of_stills(decoded, JPEGS[change], demo_id)
        elif change in CHANGES:
            apply, crf = CHANGES[change]
            copy = write_video(folder / "copy.mp4", apply(decoded), crf=crf, preset=PRESET, rate=RATE)
            hits = _of_file(copy, demo_id)
        else:
            hits = _of_file(made.path, demo_id)
        yield {"clip": name, "public": public, "change": change} | hits


def _of_file(path: Path, demo_id: str) -> dict[str, Any]:
    reader = MarkReader()
    for _, rgb in _decoded(path):
        reader.add(rgb)
    try:
        signed = read_credentials(path)
    except UnreadableCredentialsError:
        signed = None
    has = {
        "credentials": int(signed is not None and signed.intact and signed.demo_id == demo_id),
        "words": int(demo_id in read_words(path).demo_ids),
    }
    return {"n": 1, **_hits([reader.read()], demo_id), **has}


def _of_stills(frames: Frames, quality: int, demo_id: str) -> dict[str, Any]:
    found = []
    for _, rgb in frames[:: max(1, len(frames) // STILLS)][:STILLS]:
        packed = cv2.imencode(".jpg", rgb[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
        reader = MarkReader()
        reader.add(np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1]))
        found.append(reader.read())
    return {"n": len(found), **_hits(found, demo_id), "credentials": 0, "words": 0}


def _hits(found: list[FoundMarks], demo_id: str) -> dict[str, int]:
    hits = {mark: sum(getattr(one, mark) == demo_id for one in found) for mark in MARKS[:-1]}
    hits["any"] = sum(demo_id in one.ids for one in found)
    return hits | {"wrong": sum(other != demo_id for one in found for other in one.ids)}


def _merged(frames: Frames) -> Iterator[MergedFrame]:
    height, width = frames[0][1].shape[:2]
    side = 0.4 * min(height, width)
    box = [width / 2 - side * 0.4, height / 2 - side / 2, width / 2 + side * 0.4, height / 2 + side / 2]
    for time_s, rgb in frames:
        yield MergedFrame(time_s, rgb, np.array([box], np.float32))


def _provenance(demo_id: str) -> Provenance:
    now = datetime.now(UTC)
    consent = ConsentRecord("nobody", "measured, not kept", now, frozenset(ConsentScope), ConsentBasis.RENDERED)
    swap = TrainedSwap("00" * 32, "0" * 16, "0" * 16, 0, "none", 96, FaceType.FULL, consent)
    return Provenance(demo_id, swap, "00" * 32, "benchmark", now)


def _public_clips() -> Iterator[tuple[str, Callable[[], Frames]]]:
    for seed in SEEDS:
        for face in PUBLIC_FACES:
            for width, height in SIZES:
                yield f"{face} {width}x{height} {seed}", lambda f=face, w=width, h=height, s=seed: _filmed(f, w, h, s)


def _filmed(face: str, width: int, height: int, seed: int) -> Frames:
    """A puppet before a wall whose light and grain change a little."""
    side = min(width, height)
    rng = np.random.default_rng(seed)
    wall = cv2.resize(rng.integers(90, 170, (9, 16, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    frames = []
    for time_s, rgb in puppet.film(
        PUBLIC_FACES[face].read(), seed=seed, duration_s=DURATION_S, rate=RATE, size_px=side
    ):
        picture = np.clip(wall + rng.normal(0, 2, wall.shape), 0, 255).astype(np.uint8)
        y, x = (height - side) // 2, (width - side) // 2
        picture[y : y + side, x : x + side] = rgb
        frames.append((time_s, picture))
    return frames


def _other_clips(folder: Path | None, most: int) -> Iterator[tuple[str, Callable[[], Frames]]]:
    paths = [] if folder is None else sorted(path for path in folder.rglob("*") if path.suffix in {".mp4", ".mkv"})
    for i, path in enumerate(paths[:: max(1, len(paths) // most)][:most]):
        yield f"other {i}", lambda p=path: _opening_of(p)


def _opening_of(path: Path) -> Frames:
    """The first second or so, blown up to 480 lines where there are fewer."""
    frames = [(t, rgb) for t, rgb in _decoded(path, DURATION_S)]
    return to_short_side(frames, 480) if min(frames[0][1].shape[:2]) < 480 else frames


def _decoded(path: Path, until_s: float = math.inf) -> Frames:
    limits = VideoLimits().model_copy(update={"analysis_max_side_px": 1920})
    frames = []
    try:
        with open_clip(path, limits) as clip:
            for frame in clip:
                if frame.time_s >= until_s:
                    break
                frames.append((frame.time_s, frame.rgb))
    except ClipError as error:
        print(f"{path.name}: {error}")
    return frames


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
