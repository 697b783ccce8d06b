"""Time by stage and peak memory of one check: `make bench`, or `python -m benchmarks.speed [CLIP]`.

Without a clip it films one: 10 s of one 220-px face at 1280×720, 30 frames/s, with a pulse. The first run loads the
networks and is not counted; of the others the median is printed; then the signals alone (`signal_speed`). Memory is
the peak of this process plus the peak of its decoding children, as the kernel counted them.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import signal_speed
from benchmarks.speed_clip import synthetic_clip
from core.pipeline import analyse
from core.report.figures import evidence_picture
from core.settings import VideoLimits
from core.types import Analysis
from core.video import open_clip

DECODING = "of these, decoding alone"
PICTURE = "evidence picture"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, help="a clip of your own instead of the synthetic one")
    parser.add_argument("--runs", type=int, default=3, help="warm runs, of which the median is taken (3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = arguments.clip or synthetic_clip(Path(folder))
        analysis = analyse(clip, VideoLimits())
        rows = [_measure(clip) for _ in range(max(arguments.runs, 1))]
        _print_table(analysis, rows)
        for face in analysis.faces[:1]:
            print()
            signal_speed.print_table(signal_speed.measure(clip, face, len(rows)), face)
    return 0


def _measure(clip: Path) -> dict[str, float]:
    began = time.perf_counter()
    analysis = analyse(clip, VideoLimits())
    whole_s = time.perf_counter() - began
    began = time.perf_counter()
    evidence_picture(analysis)
    picture_s = time.perf_counter() - began
    began = time.perf_counter()
    with open_clip(clip, VideoLimits()) as reader:
        for _ in reader:
            pass
    decoding_s = time.perf_counter() - began
    stages = dict(analysis.report.timings_s)
    return {**stages, DECODING: decoding_s, PICTURE: picture_s, "check, in all": whole_s + picture_s}


def _print_table(analysis: Analysis, rows: list[dict[str, float]]) -> None:
    video, report = analysis.report.video, analysis.report
    print(
        f"{report.seconds_analysed:.1f} s, {video.width_px}×{video.height_px}, "
        f"{report.frames_analysed} frames, {len(report.faces)} face(s), median of {len(rows)} warm runs\n"
    )
    print("| stage | s |\n|---|---|")
    for name in rows[0]:
        print(f"| {name} | {statistics.median(row[name] for row in rows):.2f} |")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\npeak memory: {own:.0f} MB in the analysis; at most {child:.0f} MB in its decoding child")


if __name__ == "__main__":
    raise SystemExit(main())
