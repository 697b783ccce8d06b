"""A calibration from scores: weights, and thresholds set on real faces that the weights did not see.

The scores themselves must come from detectors that had not seen the person (out of fold), or every figure flatters.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from core.types import Evidence
from core.verdict.fuse import CLEARING, Calibration, score_log_odds
from models.linear import ridge_logistic

FALSE_ALARMS = 0.01
MISSED_FAKES = 0.05
MOST_FOLDS = 20
RIDGE = 1.0
TAIL_SHARE = 0.1
"""The upper tenth of the real faces tells how fast their log-odds fall off."""
CONFIDENCE = 0.95
CLEARED_SHARE = 2 / 3
"""Share of real faces that stay under the limit of a `CLEARING` measurement: the upper third is not called clean."""
LEAST_FAKE, MOST_REAL = 0.8, 0.3
"""Probabilities that a label needs whatever the thresholds allow: between them nothing is likely."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredFace:
    """One face with what every detector said of it, and what it is.

    `evidence` holds scores given by detectors that had not seen `person` in training. `generator` is "" for a real
    face. `clip` names the face, and is unique.
    """

    clip: str
    fake: bool
    person: str
    generator: str
    evidence: tuple[Evidence, ...]


def fit_fusion(
    faces: Sequence[ScoredFace],
    *,
    seed: int = 0,
    false_alarms: float = FALSE_ALARMS,
    missed_fakes: float = MISSED_FAKES,
) -> Calibration:
    """Fit weights by ridge-penalised logistic regression, and thresholds on faces held out by person.

    Fakes and reals weigh the same, so the probability is that for even odds beforehand, and a face of which nothing
    is known stands at one half: there is no bias, or the quality of the input would be taken for evidence where the
    fakes of the table are sharper than its real clips. Detectors that help against their own scores (a negative
    weight) are left out. Cross-fitting over persons gives every face log-odds from weights that did not see its
    person; on those the weights are rescaled (Platt's slope), and the thresholds are set:

    - `fake_from`: an exponential tail through the upper tenth of the real faces, with the upper end of the interval
      of its scale, gives the log-odds that `false_alarms` of real faces pass; never below the highest real face. With
      fewer than 1 / `false_alarms` real faces a distribution-free (conformal) threshold would be infinite, so this
      one leans on that tail: `measured["false_alarms"]` are real faces that pass a threshold set without their person,
      `measured["false_alarm_bound"]` is what that count supports (Clopper and Pearson).
    - `real_up_to`: the split-conformal quantile below which at most `missed_fakes` of the fakes lie.

    - `clear_up_to`: the quantile of a `CLEARING` measurement that `CLEARED_SHARE` of the real faces stay under, where
      the table has it; no fake is needed for that.

    Neither threshold passes `LEAST_FAKE` and `MOST_REAL`, however well the scores separate.

    Args:
        faces: out-of-fold scores; those without any score are not used.
        seed: of the draw of persons into folds.
        false_alarms: share of real faces that may be called fake.
        missed_fakes: share of fakes that may be called free of signs.

    Raises:
        ValueError: there are not both fakes and reals of at least two persons each, a detector has two versions, or
            no detector tells fake from real at all.
    """
    used = [face for face in faces if any(e.fake_score is not None for e in face.evidence)]
    versions = _versions(used)
    fake = np.array([face.fake for face in used], bool)
    person = np.array([face.person for face in used], str)
    if min(len(set(person[fake])), len(set(person[~fake]))) < 2:
        raise ValueError("a fusion is fitted on fakes and reals of at least two persons each")
    design = np.array([_features(face, list(versions)) for face in used])
    kept, coefficients = _fit(design, fake)
    if not kept:
        raise ValueError("no detector tells the fakes from the reals")
    held_out = _cross_fitted(design, fake, person, seed)
    slope = _slope(held_out, fake)
    totals = slope * held_out
    passed, tail = _fake_threshold(totals[~fake], false_alarms)
    fake_from = max(passed, _logit(LEAST_FAKE))
    real_up_to = min(_real_threshold(totals[fake], missed_fakes), _logit(MOST_REAL))
    names = [list(versions)[i] for i in kept]
    limits = _clearing_limits([face for face in used if not face.fake], names)
    return Calibration(
        id=_identity(used, seed, false_alarms, missed_fakes),
        versions={name: versions[name] for name in names},
        weights={name: float(slope * coefficients[2 * i]) for name, i in zip(names, kept, strict=True)},
        offsets={name: float(slope * coefficients[2 * i + 1]) for name, i in zip(names, kept, strict=True)},
        bias=0.0,
        fake_from=_sigmoid(fake_from),
        real_up_to=_sigmoid(real_up_to),
        tail_log_odds=tail,
        clear_up_to=limits,
        measured=_measured(
            fake,
            person,
            totals >= fake_from,
            (totals <= real_up_to) & _clear(used, limits),
            _alarms(totals[~fake], person[~fake], false_alarms),
        ),
    )


def upper_bound(events: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The highest share that is compatible with `events` of `trials` (Clopper and Pearson 1934, one-sided)."""
    if trials == 0 or events >= trials:
        return 1.0
    return float(beta.ppf(confidence, events + 1, trials - events))


def _versions(faces: Sequence[ScoredFace]) -> dict[str, str]:
    pairs = sorted({(e.detector, e.version) for face in faces for e in face.evidence if e.fake_score is not None})
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("every detector has one version in the table")
    return dict(pairs)


def _features(face: ScoredFace, names: list[str]) -> list[float]:
    """For each detector quality × log-odds of its score, and its quality; zeros where it abstained."""
    row = [0.0] * (2 * len(names))
    for e in face.evidence:
        if e.fake_score is not None:
            at = 2 * names.index(e.detector)
            row[at], row[at + 1] = e.quality * score_log_odds(e), e.quality
    return row


def _fit(design: Floats, fake: NDArray[np.bool_]) -> tuple[list[int], Floats]:
    """Indices of the detectors kept, and the coefficients of all columns: zero for those that were left out."""
    kept = list(range(design.shape[1] // 2))
    found = np.zeros(design.shape[1])
    while kept:
        columns = [c for i in kept for c in (2 * i, 2 * i + 1)]
        found = np.zeros(design.shape[1])
        found[columns] = ridge_logistic(design[:, columns], fake, RIDGE, free=0)
        worst = min(kept, key=lambda i: found[2 * i])
        if found[2 * worst] > 0:
            break
        kept.remove(worst)
    return kept, found if kept else np.zeros(design.shape[1])


def _cross_fitted(design: Floats, fake: NDArray[np.bool_], person: NDArray[np.str_], seed: int) -> Floats:
    """Log-odds of every face from weights that were fitted without its person."""
    people = np.random.default_rng(seed).permutation(np.unique(person))
    totals = np.zeros(len(fake))
    for part in np.array_split(people, min(MOST_FOLDS, len(people))):
        test = np.isin(person, part)
        if (~test & fake).any() and (~test & ~fake).any():
            totals[test] = design[test] @ _fit(design[~test], fake[~test])[1]
    return totals


def _slope(totals: Floats, fake: NDArray[np.bool_]) -> float:
    """Slope in 0.1..1 that calibrates held-out log-odds: what was learned is never made bolder."""
    return float(np.clip(ridge_logistic(totals[:, None], fake, 1e-3, free=0)[0], 0.1, 1.0))


def _fake_threshold(real: Floats, share: float) -> tuple[float, float]:
    """Log-odds that `share` of real faces pass, and the scale of their tail."""
    from_ = float(np.quantile(real, 1 - TAIL_SHARE))
    above = real[real > from_] - from_
    scale = float(above.mean()) if len(above) else 0.0
    scale *= 1 + 1 / math.sqrt(max(len(above), 1))  # the upper end of the interval of its mean, one standard error
    extrapolated = from_ + scale * math.log(TAIL_SHARE / share)
    return max(extrapolated, float(real.max()) + 1e-6), scale


def _real_threshold(fake: Floats, share: float) -> float:
    """Log-odds below which the next fake lies with probability `share` at most (split-conformal)."""
    rank = math.floor(share * (len(fake) + 1))
    return float(np.sort(fake)[rank - 1]) if rank >= 1 else float(fake.min()) - 1.0


def _clearing(face: ScoredFace, name: str) -> float | None:
    """The value of a `CLEARING` measurement of a face, None where the table does not have it."""
    return next((m.value for e in face.evidence for m in e.measurements if m.name == name), None)


def _clearing_limits(reals: Sequence[ScoredFace], detectors: Sequence[str]) -> dict[str, float]:
    limits = {}
    for name in (CLEARING[detector] for detector in detectors if detector in CLEARING):
        values = [value for face in reals if (value := _clearing(face, name)) is not None]
        if values:
            limits[name] = float(np.quantile(values, CLEARED_SHARE))
    return limits


def _clear(faces: Sequence[ScoredFace], limits: dict[str, float]) -> NDArray[np.bool_]:
    """Which faces may be called free of signs; as `core.verdict.fuse.clears`, in which a face without score passes."""
    scored = [{CLEARING[e.detector] for e in face.evidence if e.detector in CLEARING} & set(limits) for face in faces]
    found = [
        all((value := _clearing(face, name)) is not None and value <= limits[name] for name in names)
        for face, names in zip(faces, scored, strict=True)
    ]
    return np.array(found, bool)


def _measured(
    fake: NDArray[np.bool_],
    person: NDArray[np.str_],
    called_fake: NDArray[np.bool_],
    called_real: NDArray[np.bool_],
    alarms: int,
) -> dict[str, float]:
    reals = int((~fake).sum())
    return {
        "real_faces": float(reals),
        "real_persons": float(len(set(person[~fake]))),
        "fake_faces": float(fake.sum()),
        "fake_persons": float(len(set(person[fake]))),
        "false_alarms": float(alarms),
        "false_alarm_bound": round(upper_bound(alarms, reals), 6),
        "fakes_found": round(float(called_fake[fake].mean()), 6),
        "fakes_missed": round(float(called_real[fake].mean()), 6),
        "answered": round(float((called_fake | called_real).mean()), 6),
    }


def _alarms(real: Floats, person: NDArray[np.str_], share: float) -> int:
    """Real faces that pass a threshold which was set without their person."""
    found = 0
    for one in np.unique(person):
        others = real[person != one]
        passed = max(_fake_threshold(others, share)[0], _logit(LEAST_FAKE))
        found += int((real[person == one] >= passed).sum())
    return found


def _identity(faces: Sequence[ScoredFace], *settings: float) -> str:
    """A name that is equal for two fits of the same table with the same settings."""
    rows = sorted(
        [
            face.clip,
            face.fake,
            face.person,
            [[e.detector, e.version, e.fake_score, e.quality] for e in face.evidence],
            [_clearing(face, name) for name in CLEARING.values()],
        ]
        for face in faces
    )
    digest = hashlib.sha256(json.dumps([rows, settings], default=str).encode()).hexdigest()
    return f"fusion-{digest[:12]}"


def _sigmoid(log_odds: float) -> float:
    return float(1 / (1 + math.exp(-log_odds)))


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
