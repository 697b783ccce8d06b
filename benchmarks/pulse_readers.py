"""The readers that the pulse benchmark compares, each a function from one clip to one rate a window."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from core.errors import DatasetError
from core.evaluation.metrics import Window
from core.signals import METHODS, even_trace, pulse_signal, read_pulse
from core.signals.filters import band_pass
from core.signals.learned import LEARNED, Weights
from core.signals.pulse import voting_regions
from core.signals.quality import region_weights, snr_db
from core.signals.spectrum import fundamental_hz, peak_hz, power_spectrum, refined_hz, whitened
from core.types import RoiTrace

SEEN_SHARE = 0.95
"""Share of a window in which a region must have been seen to have a say in it."""
SAME_START_S = 0.5
PRODUCT = "read_pulse, may abstain"
IN_SAMPLE = ", in-sample"
"""Ends the name of a row whose reader was trained on these very people: no result, and only shown as such."""
LEARNED_ROWS = ("learned, best guess", "read_pulse, best guess", PRODUCT)
TRAINED_ON = {"ubfc-rppg": frozenset(f"subject{n}" for n in (3, 4, 11, 12, 15, 17, 18))}
"""Dataset -> the subjects that the shipped weights were trained on: models/cards/pulse_reader.md."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One reader's answer for one window: `bpm` None where it gave none; more `confidence` is more trust."""

    bpm: float | None
    confidence: float


SILENT = Rate(None, 0.0)
ReadWave = Callable[[NDArray[np.float64], float], Rate]


def read_all(
    trace: RoiTrace | None,
    windows: Sequence[Window],
    face_size_px: float,
    weights: Weights | None = None,
    label: str = "",
) -> dict[str, list[Rate]]:
    """Return reader -> rates (W,): every method plain and on all regions, the trained reader, and the product.

    Without a trace, because no face was found, the readers are the same and all are silent.

    Args:
        trace: of the main face.
        windows: in seconds of the clip.
        face_size_px: larger side of its box.
        weights: of the trained reader; those shipped, by default.
        label: what to add to the names of the rows that the trained reader has a part in.
    """
    plains = {f"{method}, plain mean": method for method in METHODS}
    together = {f"{method}, all regions": method for method in METHODS}
    learned = [f"{row}{label}" for row in LEARNED_ROWS]
    if trace is None:
        return {reader: [SILENT] * len(windows) for reader in (*plains, *together, *learned)}
    _, alone = _product(trace, windows, face_size_px, weights, LEARNED)
    answered, forced = _product(trace, windows, face_size_px, weights, None)
    return {
        **{reader: plain(trace, method, windows) for reader, method in plains.items()},
        **{reader: weighed(trace, method, windows) for reader, method in together.items()},
        **dict(zip(learned, (alone, forced, answered), strict=True)),
    }


def mean_of_regions(trace: RoiTrace) -> RoiTrace:
    """Return a trace of one region, the mean colour of the large regions: what a plain method is given."""
    rows = voting_regions(trace.region_names)
    pixels = np.where(np.isfinite(trace.rgb[rows]).all(axis=2), trace.pixels[rows], 0.0)
    total = pixels.sum(axis=0)
    summed = (np.nan_to_num(trace.rgb[rows]) * pixels[..., None]).sum(axis=0)
    rgb = np.where(total[:, None] > 0, summed / np.maximum(total, 1e-9)[:, None], np.nan)
    clipped = (trace.clipped[rows] * pixels).sum(axis=0) / np.maximum(total, 1e-9)
    return RoiTrace(trace.track_id, ("face",), trace.times_s, rgb[None], total[None], clipped[None])


def plain(trace: RoiTrace, method: str, windows: Sequence[Window]) -> list[Rate]:
    """Return the strongest frequency of the method's wave of the face's mean colour, for every window with a face."""
    even = even_trace(mean_of_regions(trace))
    wave = np.nan_to_num(pulse_signal(even, method).values[0])
    parts = [_inside(even.times_s, window) for window in windows]
    return [peak_of(wave[part], even.rate_hz) if _usable(even.seen, part).all() else SILENT for part in parts]


def weighed(trace: RoiTrace, method: str, windows: Sequence[Window]) -> list[Rate]:
    """Return the rate of all regions together as `read_pulse` takes it, for every window with a face: no gate."""
    even = even_trace(trace)
    waves = np.nan_to_num(pulse_signal(even, method).values)
    return [_together(waves, even.seen, _inside(even.times_s, window), even.rate_hz) for window in windows]


def _inside(times_s: NDArray[np.float64], window: Window) -> NDArray[np.bool_]:
    return (times_s >= window.start_s - 1e-6) & (times_s < window.end_s - 1e-6)


def _usable(seen: NDArray[np.bool_], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which regions (R,) were seen in nearly all of a window."""
    return seen[:, inside].mean(axis=1) >= SEEN_SHARE if inside.any() else np.zeros(len(seen), bool)


def _together(waves: NDArray[np.float64], seen: NDArray[np.bool_], inside: NDArray[np.bool_], rate_hz: float) -> Rate:
    """The rate of the sum of the waves (R, N) within a window, each by the inverse of its noise."""
    usable = _usable(seen, inside)
    if not usable.any():
        return SILENT
    part = waves[usable][:, inside]
    weights = region_weights(whitened(power_spectrum(part[:, None], rate_hz)))[:, 0]
    return beat_of(weights @ part, rate_hz)


def beat_of(wave: NDArray[np.float64], rate_hz: float) -> Rate:
    """Return the rate of a wave (N,) as `read_pulse` takes it, from its whitened spectrum, with its SNR in dB."""
    spectrum = power_spectrum(wave, rate_hz)
    white = whitened(spectrum)
    hz = fundamental_hz(white)
    return Rate(60 * float(refined_hz(spectrum, hz)), float(snr_db(white, hz)))


def peak_of(wave: NDArray[np.float64], rate_hz: float) -> Rate:
    """Return the rate of a wave (N,) with its SNR in dB: the strongest frequency, as published figures take it.

    No rule for strong second harmonics: on a weak wave noise at half the rate would pass for a beat.
    """
    spectrum = power_spectrum(wave, rate_hz)
    hz = peak_hz(spectrum)
    return Rate(60 * float(hz), float(snr_db(spectrum, hz)))


def _product(
    trace: RoiTrace, windows: Sequence[Window], face_size_px: float, weights: Weights | None, method: str | None
) -> tuple[list[Rate], list[Rate]]:
    """What `read_pulse` says of the windows, with its abstentions and without; all have one length and distance."""
    if not windows:
        return [], []
    length = windows[0].end_s - windows[0].start_s
    step = windows[1].start_s - windows[0].start_s if len(windows) > 1 else length
    _, reading = read_pulse(trace, method, window_s=length, step_s=step, face_size_px=face_size_px, weights=weights)
    answered, forced = [], []
    for window in windows:
        near = [one for one in reading.windows if abs(one.start_s - window.start_s) <= SAME_START_S]
        answered.append(Rate(near[0].bpm, near[0].confidence) if near else SILENT)
        forced.append(Rate(near[0].best_guess_bpm, near[0].confidence) if near else SILENT)
    return answered, forced


def load_folds(folder: Path | None) -> dict[str, Weights]:
    """Return subject -> weights that were trained without that subject, from `<subject>.safetensors` in `folder`.

    Raises:
        DatasetError: the folder has no such file.
    """
    if folder is None:
        return {}
    found = {path.stem: load_file(path) for path in sorted(folder.glob("*.safetensors"))}
    if not found:
        raise DatasetError("The folder of folds holds no weights named after the subject they were trained without.")
    return found


def weights_for(subject: str, dataset: str, folds: Mapping[str, Weights]) -> tuple[Weights | None, str]:
    """Return the weights to read `subject` with (None: those shipped), and what its rows' names must add."""
    if subject in folds:
        return folds[subject], ""
    return None, IN_SAMPLE if subject in TRAINED_ON.get(dataset, ()) else ""


@dataclass(frozen=True, slots=True)
class Peers:
    """What other packages read of the same clips: clip -> reader -> what it wrote."""

    names: tuple[str, ...]
    answers: dict[str, dict[str, dict[str, Any]]]

    def read(self, clip_id: str, windows: Sequence[Window]) -> dict[str, list[Rate]]:
        """Return reader -> rates (W,): the wave's strongest frequency, our reading of it, and the peer's own rate.

        Three, since how a wave is read can matter more than who made it.
        """
        rates: dict[str, list[Rate]] = {}
        for name in self.names:
            answer = self.answers.get(clip_id, {}).get(name)
            silent = [SILENT] * len(windows)
            rates[name] = _of_wave(answer, windows, peak_of) if answer else silent
            rates[f"{name}, read as ours"] = _of_wave(answer, windows, beat_of) if answer else silent
            rates[f"{name}, own rate"] = _own(answer, windows) if answer else silent
        return rates


def load_peers(paths: Sequence[Path]) -> Peers:
    """Read the files that the scripts in benchmarks/peers wrote.

    Raises:
        DatasetError: a file is missing or is not such a file.
    """
    names: list[str] = []
    answers: dict[str, dict[str, dict[str, Any]]] = {}
    for path in paths:
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            models: dict[str, dict[str, dict[str, Any]]] = written["models"]
            package = written["package"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path.name} is not a file of peers' readings.") from error
        for model, clips in models.items():
            names.append(f"{model} ({package})")
            for clip_id, answer in clips.items():
                answers.setdefault(clip_id, {})[names[-1]] = answer
    return Peers(tuple(names), answers)


def _of_wave(answer: dict[str, Any], windows: Sequence[Window], reading: ReadWave) -> list[Rate]:
    rate_hz = float(answer["rate_hz"])
    wave = band_pass(np.asarray(answer["wave"], np.float64), rate_hz)
    times_s = float(answer["start_s"]) + np.arange(len(wave)) / rate_hz
    rates = []
    for window in windows:
        part = wave[_inside(times_s, window)]
        whole = len(part) >= SEEN_SHARE * (window.end_s - window.start_s) * rate_hz
        rates.append(reading(part, rate_hz) if whole else SILENT)
    return rates


def _own(answer: dict[str, Any], windows: Sequence[Window]) -> list[Rate]:
    by_start = {round(float(one["start_s"]), 2): one["bpm"] for one in answer["own"]}
    return [Rate(by_start.get(round(window.start_s, 2)), float("nan")) for window in windows]
