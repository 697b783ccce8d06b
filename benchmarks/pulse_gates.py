"""How pulse reading and swap detection fade with size, bit rate, frame rate, duration, motion and light.

    python -m benchmarks.pulse_gates --data COLLECTION --cache FOLDER

Some paired clips are encoded again, smaller and harder, and watched anew; frame rate and duration are cut from the
traces. Pulse error is by POS against the finger clip of UBFC-rPPG in COLLECTION/pulse/ubfc, where that is there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress_over
from rich.table import Table as RichTable

from core.errors import DatasetError
from core.evaluation.datasets import ubfc_rppg
from core.evaluation.face_clips import FaceClip, read_face_clips
from core.evaluation.face_traces import SeenFace, main_face, seen_faces
from core.evaluation.metrics import Window, truth_rate
from core.evaluation.separation import auc_interval
from core.faces import FaceModels, load_face_models
from core.settings import VideoLimits
from core.signals import even_trace, read_pulse
from core.signals.agreement import cell_agreement
from core.types import RoiTrace
from core.video import open_clip
from core.video.encode import write_video

PAIRS = 14
"""Every clip encoded again takes seconds a setting: an even spread of the table's pairs."""
SETTINGS = ((23, 1.0), (28, 1.0), (34, 1.0), (40, 1.0), (23, 0.75), (23, 0.5))
"""(x264 CRF, scale)."""
WINDOW_S = 15.0


def main() -> None:
    """Print every curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    console, models = Console(width=140), load_face_models()
    clips = [c for c in read_face_clips(options.data) if c.half is not None]
    faces = [f for c in clips if (f := main_face(c, seen_faces(c, models, options.cache / "traces"))) is not None]
    _print_cut(console, faces)
    _print_strata(console, faces)
    _print_encoded(console, faces, models, options.cache)
    _print_pulse(console, options.data, options.cache, models)
    _print_clear_pulse(console, options.data / "pulse" / "evm_face.mp4", options.cache, models)


def agreement_of(trace: RoiTrace) -> float:
    """The mean of neighbours' agreement by CHROM and POS; NaN where it cannot be measured."""
    found = cell_agreement(even_trace(trace)) if len(trace.times_s) > 1 else None
    return float("nan") if found is None else (found.chrom + found.pos) / 2


def shortened(trace: RoiTrace, seconds: float) -> RoiTrace:
    """The first `seconds` of a trace."""
    return _picked(trace, trace.times_s <= trace.times_s[0] + seconds)


def thinned(trace: RoiTrace, every: int) -> RoiTrace:
    """Every `every`-th picture of a trace."""
    return _picked(trace, np.arange(len(trace.times_s)) % every == 0)


def _picked(trace: RoiTrace, keep: NDArray[np.bool_]) -> RoiTrace:
    return RoiTrace(
        trace.track_id,
        trace.region_names,
        trace.times_s[keep],
        trace.rgb[:, keep],
        trace.pixels[:, keep],
        trace.clipped[:, keep],
    )


def _row(table: RichTable, name: str, faces: list[SeenFace], change: Callable[[RoiTrace], RoiTrace]) -> None:
    values = np.array([agreement_of(change(face.trace)) for face in faces])
    known = np.isfinite(values)
    fake = np.array([face.clip.fake for face in faces])
    if not (known & fake).any() or not (known & ~fake).any():
        table.add_row(name, f"{known.sum()}", "", "", "")
        return
    persons = [face.clip.person for face, k in zip(faces, known, strict=True) if k]
    area = auc_interval(values[known], fake[known], persons)
    real, swapped = (np.percentile(values[known & k], (10, 50, 90)) for k in (~fake, fake))
    told = [" ".join(f"{v:.2f}" for v in part) for part in (real, swapped)]
    table.add_row(name, f"{known.sum()}", f"{area.value:.2f} [{area.low:.2f}, {area.high:.2f}]", *told)


def _curve(title: str) -> RichTable:
    return RichTable("", "faces", "AUC of agreement", "real 10 50 90 %", "swapped 10 50 90 %", title=title)


def _print_cut(console: Console, faces: list[SeenFace]) -> None:
    table = _curve("duration and frame rate, cut from the traces")
    for seconds in (2.1, 3.0, 4.0, 6.0, 8.0):
        long = [f for f in faces if f.seconds >= 8]
        _row(table, f"{seconds:.0f} s of clips of 8 s and more", long, lambda t, s=seconds: shortened(t, s))  # type: ignore[misc]
    for every in (1, 2, 3):
        _row(table, f"a {every}. of the pictures", faces, lambda t, e=every: thinned(t, e))  # type: ignore[misc]
    console.print(table)


def _print_strata(console: Console, faces: list[SeenFace]) -> None:
    table = _curve("by thirds of the pairs as they are")
    kinds: dict[str, Callable[[SeenFace], float]] = {
        "face px": lambda f: f.face_px,
        "motion, face widths/s": lambda f: f.motion_per_s,
        "turned, degrees": lambda f: f.yaw_deg,
        "bits a pixel": lambda f: f.bits_per_pixel,
        "brightness": lambda f: float(np.nanmedian(f.trace.rgb[:37])),
    }
    for name, value in kinds.items():
        all_values = np.array([value(f) for f in faces])
        for low, high in zip((0, 33, 67), (33, 67, 100), strict=True):
            a, b = np.percentile(all_values, (low, high))
            inside = [f for f, v in zip(faces, all_values, strict=True) if a <= v <= b]
            _row(table, f"{name} {a:.3g} to {b:.3g}", inside, lambda t: t)
    console.print(table)


def _print_encoded(console: Console, faces: list[SeenFace], models: FaceModels, cache: Path) -> None:
    names = sorted({f.clip.pair for f in faces})
    chosen = {names[i] for i in np.linspace(0, len(names) - 1, PAIRS).astype(int)}
    some = [f for f in faces if f.clip.pair in chosen]
    table = _curve(f"{PAIRS} pairs encoded again")
    _row(table, f"as they are, {_px(some)}", some, lambda t: t)
    for crf, scale in SETTINGS:
        again = []
        for face in progress_over(some, f"CRF {crf}, scale {scale}", transient=True):
            clip = replace(face.clip, path=_encoded(face.clip.path, crf, scale, cache / "encoded"))
            found = main_face(clip, seen_faces(clip, models, cache / "traces"))
            again += [found] if found is not None else []
        bits = float(np.median([f.bits_per_pixel for f in again]))
        _row(table, f"CRF {crf}, scale {scale}, {_px(again)}, {bits:.3f} bit/px", again, lambda t: t)
    console.print(table)


def _px(faces: list[SeenFace]) -> str:
    return f"{np.median([f.face_px for f in faces]):.0f} px"


def _encoded(path: Path, crf: int, scale: float, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{path.stem}-crf{crf}-x{scale}.mp4"
    if not out.exists():
        write_video(out, _scaled(path, scale), crf=crf, preset="veryfast", rate=Fraction(30))
    return out


def _scaled(path: Path, scale: float, seconds: float = 1e9) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    with open_clip(path, VideoLimits()) as reader:
        for frame in reader:
            if frame.time_s > seconds:
                return
            height, width = frame.rgb.shape[:2]
            size = (round(width * scale / 4) * 4, round(height * scale / 2) * 2)
            small = frame.rgb if scale == 1 else cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA)
            yield frame.time_s, np.asarray(small, np.uint8)


def _print_pulse(console: Console, data: Path, cache: Path, models: FaceModels) -> None:
    try:
        recordings = [r for r in ubfc_rppg(data / "pulse" / "ubfc") if isinstance(r.video, Path)]
    except DatasetError as error:
        console.print(f"No pulse curve: {error}")
        return
    table = RichTable("", "windows", "read", "error, read windows", "error, all windows", title="POS, 15 s windows")
    for crf, scale in ((None, 1.0), (28, 1.0), (34, 1.0), (23, 0.5)):
        errors: list[tuple[float, bool]] = []
        for recording in progress_over(recordings, f"CRF {crf}, scale {scale}", transient=True):
            path = recording.video
            if not isinstance(path, Path):
                continue
            if crf is not None:
                path = _encoded_pulse(recording.clip_id, path, crf, scale, cache / "encoded")
            clip = FaceClip(path, None, False, recording.subject, "real", recording.clip_id, "train")
            face = main_face(clip, seen_faces(clip, models, cache / "traces"))
            if face is not None:
                errors += _errors(shortened(face.trace, 31.0), recording.times_s, recording.ppg)
        told = np.array([e for e, _ in errors])
        read = np.array([r for _, r in errors], bool)
        name = "as it is" if crf is None else f"CRF {crf}, scale {scale}"
        of_read = f"{told[read].mean():.1f}" if read.any() else ""
        table.add_row(name, f"{len(told)}", f"{read.mean():.2f}", of_read, f"{told.mean():.1f}")
    console.print(table)


def _print_clear_pulse(console: Console, path: Path, cache: Path, models: FaceModels) -> None:
    """One clip with a very clear pulse, encoded harder and smaller, so that the gate is seen to close."""
    if not path.is_file():
        return
    table = RichTable("", "face px", "bits a pixel", "read", "SNR, dB", title="a clear pulse, POS over the whole clip")
    for crf, scale in ((None, 1.0), *SETTINGS, (23, 0.25)):
        coded = path if crf is None else _encoded(path, crf, scale, cache / "encoded")
        clip = FaceClip(coded, None, False, "clear", "real", "clear", "train")
        face = main_face(clip, seen_faces(clip, models, cache / "traces"))
        if face is None:
            continue
        _, reading = read_pulse(face.trace, "POS")
        told = "no" if reading.bpm is None else f"{reading.bpm:.1f}"
        snr = "" if reading.snr_db is None else f"{reading.snr_db:.1f}"
        name = "as it is" if crf is None else f"CRF {crf}, scale {scale}"
        table.add_row(name, f"{face.face_px:.0f}", f"{face.bits_per_pixel:.3f}", told, snr)
    console.print(table)


def _encoded_pulse(name: str, path: Path, crf: int, scale: float, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{name}-crf{crf}-x{scale}.mp4"
    if not out.exists():
        write_video(out, _scaled(path, scale, 31.0), crf=crf, preset="veryfast", rate=Fraction(30))
    return out


def _errors(trace: RoiTrace, times_s: NDArray[np.float64], ppg: NDArray[np.float64]) -> Iterator[tuple[float, bool]]:
    """Error in beats a minute of every 15 s window, and whether the reader trusted it; the best guess where not."""
    start = 0.0
    while start + WINDOW_S <= trace.times_s[-1]:
        window = Window(start, start + WINDOW_S)
        part = _picked(trace, (trace.times_s >= start) & (trace.times_s < window.end_s))
        truth = truth_rate(times_s, ppg, window)
        _, reading = read_pulse(part, "POS", window_s=WINDOW_S)
        if truth is not None and reading.windows:
            told = reading.windows[0].bpm
            guess = told if told is not None else _best_guess(part)
            yield abs(guess - truth.spectral_bpm), told is not None
        start += 5.0


def _best_guess(part: RoiTrace) -> float:
    from core.signals.local import common_hz  # noqa: PLC0415

    even = even_trace(part)
    big = even.rgb[:5]
    return 60 * common_hz(big, even.rate_hz)


if __name__ == "__main__":
    main()
