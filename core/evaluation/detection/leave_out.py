"""Leave one generator out: the fusion fitted again without it, asked about people that it did not see either.

Only the fusion is fitted again. A detector's own training is not: its scores of clips that it was trained on flatter,
so the clips given here should be ones that no detector saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.detection.figures import auc_interval_of, clopper_pearson
from core.evaluation.detection.measure import concluded, voting
from core.evaluation.detection.records import Answer
from core.evaluation.detection.table import Bootstrap
from core.evaluation.detection.units import Unit
from core.evaluation.detection.variants import ORIGINAL
from core.types import VerdictLabel
from core.verdict.fit import ScoredFace, fit_fusion

FOLDS = 5


def leave_one_generator_out(units: Sequence[Unit], bootstrap: Bootstrap) -> list[dict[str, Any]]:
    """Return a row for each generator: AUC and answers of a fusion that saw neither it nor the people asked about.

    Persons are dealt into `FOLDS` parts by the seed. For each generator and part the fusion is fitted on the other
    parts without the generator, and asked about the part's real clips and that generator's fakes.

    Raises:
        DatasetError: there are fewer than two generators, or not both kinds of scored clips.
    """
    asked = [u for u in units if u.variant == ORIGINAL and u.face is not None]
    families = sorted({u.clip.family for u in asked if u.clip.fake})
    if len(families) < 2:
        raise DatasetError("Leaving one generator out takes fakes of at least two generators with a face in them.")
    parts = _parts(asked, bootstrap.seed)
    return [_row(family, asked, parts, bootstrap) for family in families]


def _parts(units: Sequence[Unit], seed: int) -> NDArray[np.intp]:
    """The part (N,) of each unit, by its person."""
    people = np.random.default_rng(seed).permutation(sorted({u.clip.person for u in units}))
    of_person = {str(person): i % FOLDS for i, person in enumerate(people)}
    return np.array([of_person[u.clip.person] for u in units], np.intp)


def _row(family: str, units: Sequence[Unit], parts: NDArray[np.intp], bootstrap: Bootstrap) -> dict[str, Any]:
    asked: list[Unit] = []
    answers: list[Answer] = []
    unfitted = 0
    for part in range(FOLDS):
        test = [
            u for u, p in zip(units, parts, strict=True) if p == part and (not u.clip.fake or u.clip.family == family)
        ]
        train = [u for u, p in zip(units, parts, strict=True) if p != part and u.clip.family != family]
        try:
            calibration = fit_fusion([scored_face(u) for u in train], seed=bootstrap.seed)
        except ValueError:  # too few people, or no detector that helps: nothing can be said of this part
            unfitted += len(test)
            continue
        for unit in test:
            asked.append(unit)
            answers.append(concluded(unit.faces, unit.clip_evidence, calibration))
    return {"generator": family, "not_fitted": unfitted, **_figures(asked, answers, bootstrap)}


def _figures(units: Sequence[Unit], answers: Sequence[Answer], bootstrap: Bootstrap) -> dict[str, Any]:
    both = list(zip(units, answers, strict=True))
    there = [(u, a.probability) for u, a in both if a.probability is not None]
    auc = auc_interval_of(
        np.array([p for _, p in there], np.float64),
        np.array([u.clip.fake for u, _ in there], np.bool_),
        [u.clip.person for u, _ in there],
        draws=bootstrap.draws,
        seed=bootstrap.seed,
    )
    reals = [a.label for u, a in both if not u.clip.fake]
    fakes = [a.label for u, a in both if u.clip.fake]
    alarms = clopper_pearson(reals.count(VerdictLabel.LIKELY_FAKE), len(reals))
    answered = [a.label != VerdictLabel.INCONCLUSIVE for a in answers]
    return {
        "real": len(reals),
        "fake": len(fakes),
        "scored": len(there),
        "auc": [auc.value, auc.low, auc.high],
        "coverage": float(np.mean(answered)) if answered else float("nan"),
        "reals_called_fake": reals.count(VerdictLabel.LIKELY_FAKE),
        "false_alarm_rate": [alarms.value, alarms.low, alarms.high],
        "fakes_called_fake": fakes.count(VerdictLabel.LIKELY_FAKE),
        "fakes_called_real": fakes.count(VerdictLabel.LIKELY_REAL),
        "alarms": [
            {"id": u.clip.id, "probability": a.probability}
            for u, a in both
            if not u.clip.fake and a.label == VerdictLabel.LIKELY_FAKE
        ],
    }


def scored_face(unit: Unit) -> ScoredFace:
    """Return the most prominent face of a clip with all that was said of it and of the clip."""
    evidence = (*unit.clip_evidence, *(unit.face.evidence if unit.face is not None else ()))
    return ScoredFace(unit.clip.id, unit.clip.fake, unit.clip.person, unit.clip.generator, tuple(voting(evidence)))
