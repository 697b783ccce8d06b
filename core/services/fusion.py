"""Fit the fusion of detector scores: what `facepulse train fusion` does."""

from __future__ import annotations

from pathlib import Path

from core.errors import TrainingError
from core.evaluation.score_table import read_scores
from core.verdict.calibration import save_calibration
from core.verdict.fit import fit_fusion
from core.verdict.fuse import Calibration


def train_fusion(scores: Path, out: Path, *, seed: int) -> Calibration:
    """Fit a calibration on a table of out-of-fold scores and write it to `out`.

    Raises:
        DatasetError: the table cannot be read or makes no sense.
        TrainingError: it has too few people, or no score tells fakes from reals.
        OutputError: `out` cannot be written.
    """
    faces = read_scores(scores)
    try:
        calibration = fit_fusion(faces, seed=seed)
    except ValueError as error:
        raise TrainingError(f"The fusion cannot be fitted: {error}.") from error
    save_calibration(calibration, out)
    return calibration


def summary(calibration: Calibration) -> str:
    """Return what a fit rests on and what it reached, in lines for a person."""
    m = calibration.measured
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in calibration.weights.items())
    return "\n".join(
        [
            f"{calibration.id}: {m['real_faces']:.0f} real faces of {m['real_persons']:.0f} persons, "
            f"{m['fake_faces']:.0f} fakes of {m['fake_persons']:.0f}.",
            f"Weights of log-odds: {weights}.",
            f"Called fake from {calibration.fake_from:.3f}, free of signs up to {calibration.real_up_to:.3f}.",
            f"Held out by person: {m['false_alarms']:.0f} of the real faces called fake (at most "
            f"{m['false_alarm_bound']:.1%}, with 95 % confidence); {m['fakes_found']:.0%} of fakes found, "
            f"{m['fakes_missed']:.0%} called free of signs, {m['answered']:.0%} of faces answered.",
        ]
    )
