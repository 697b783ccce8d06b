"""From records to rows of a table: one labelled clip in one variant, with the score of every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from core.evaluation.datasets.labelled import LabelledClip
from core.evaluation.detection.measure import concluded
from core.evaluation.detection.records import Answer, ClipRecord, FaceRecord
from core.evaluation.detection.run import ByClip
from core.evaluation.detection.views import in_view, view_of
from core.signals.skin_tone import GROUPS, skin_tone_group
from core.types import Evidence, VerdictLabel
from core.verdict import Calibration

FUSED, CONSTANT, POS_SNR = "fused verdict", "constant", "POS SNR"
SIZES_PX = (64.0, 96.0, 160.0, 256.0)
SIZE_NAMES = ("under 64 px", "64 to 96 px", "96 to 160 px", "160 to 256 px", "256 px and more")
TONE_NAMES = tuple(name for _, name in GROUPS)
UNKNOWN = "not measured"
UNREADABLE = Answer("unreadable", None)
SAYS_FAKE = frozenset({VerdictLabel.LIKELY_FAKE.value, VerdictLabel.DECLARED_SYNTHETIC.value})
SAYS_REAL = frozenset({VerdictLabel.LIKELY_REAL.value})


@dataclass(frozen=True, slots=True)
class Unit:
    """One labelled clip in one variant. `scores` has only the methods that gave one."""

    clip: LabelledClip
    variant: str
    answer: Answer
    scores: Mapping[str, float]
    faces: tuple[FaceRecord, ...]
    clip_evidence: tuple[Evidence, ...]
    failure: str | None

    @property
    def face(self) -> FaceRecord | None:
        """The face that most of the clip shows; None where there is none."""
        return max(self.faces, key=lambda face: (face.prominence, -face.summary.track), default=None)

    @property
    def answered(self) -> bool:
        """Whether the verdict takes a side."""
        return self.answer.label in SAYS_FAKE | SAYS_REAL

    @property
    def called_fake(self) -> bool:
        """Whether the verdict says fake, or that the file declares it."""
        return self.answer.label in SAYS_FAKE

    @property
    def right(self) -> bool:
        """Whether the verdict takes the right side."""
        return self.answered and self.called_fake == self.clip.fake

    @property
    def size_group(self) -> str:
        """The bin of its face's size."""
        if self.face is None:
            return UNKNOWN
        return SIZE_NAMES[int(np.searchsorted(SIZES_PX, self.face.summary.size_px, side="right"))]

    @property
    def tone_group(self) -> str:
        """The skin-tone group of its face."""
        if self.face is None or self.face.ita_deg is None:
            return UNKNOWN
        return skin_tone_group(self.face.ita_deg)


def units_of(
    clips: Sequence[LabelledClip],
    variants: Sequence[str],
    records: ByClip,
    peers: Mapping[str, Mapping[str, float]],
    calibration: Calibration | None = None,
) -> tuple[Unit, ...]:
    """Return the rows in the order of the clips, variant by variant.

    Args:
        clips: each with a record for each variant.
        variants: the untouched clip among them.
        records: by clip and variant.
        peers: scores of other methods, by method and clip id; they count for the untouched clip alone.
        calibration: concludes from the evidence anew; by default the answers are those of the analysis.
    """
    base_rate = float(np.mean([clip.fake for clip in clips])) if clips else 0.0
    found = []
    for variant in variants:
        for clip in clips:
            given = {name: scores[clip.id] for name, scores in peers.items() if clip.id in scores}
            extra = given if variant == variants[0] else {}
            found.append(_unit(clip, variant, records[clip.id, variant], {CONSTANT: base_rate, **extra}, calibration))
    return tuple(found)


def methods_of(units: Sequence[Unit]) -> tuple[str, ...]:
    """Return every method that looked at a face or scored a clip: the verdict first, the plainest baselines last."""
    scored = {name for unit in units for name in unit.scores}
    asked = {e.detector for unit in units for face in unit.faces for e in face.evidence}
    return (FUSED, *sorted((scored | asked) - {FUSED, POS_SNR, CONSTANT}), POS_SNR, CONSTANT)


def _unit(
    clip: LabelledClip, variant: str, record: ClipRecord, given: dict[str, float], calibration: Calibration | None
) -> Unit:
    if record.failure is not None:
        # a method of no eyes needs no readable clip, and a peer's score was made elsewhere
        return Unit(clip, variant, UNREADABLE, given, (), (), record.failure[1])
    view = view_of(clip)
    faces = in_view(record.faces, view)
    answer = record.answers[view] if calibration is None else concluded(faces, record.clip_evidence, calibration)
    unit = Unit(clip, variant, answer, {}, faces, record.clip_evidence, None)
    scores = _detector_scores(chain(record.clip_evidence, *(face.evidence for face in faces)))
    if unit.face is not None and unit.face.pos_snr_db is not None:
        scores[POS_SNR] = -unit.face.pos_snr_db  # the weaker the pulse, the likelier a fake
    if answer.probability is not None:
        scores[FUSED] = answer.probability
    return replace(unit, scores={**scores, **given})


def _detector_scores(evidence: chain[Evidence]) -> dict[str, float]:
    """The highest score that each detector gave any face: a clip is as fake as its likeliest face."""
    scores: dict[str, float] = {}
    for e in evidence:
        if e.fake_score is not None:
            scores[e.detector] = max(scores.get(e.detector, 0.0), e.fake_score)
    return scores


def clip_rows(units: Sequence[Unit]) -> str:
    """Return a tab-separated table: a line a clip and variant, a column a method, empty where it abstained."""
    methods = [name for name in methods_of(units) if name != CONSTANT]
    head = ("id", "variant", "label", "person", "generator", "answer", "face_px", "ita_deg", *methods)
    return "".join("\t".join(cells) + "\n" for cells in (head, *(_cells(unit, methods) for unit in units)))


def _cells(unit: Unit, methods: Sequence[str]) -> tuple[str, ...]:
    clip, face = unit.clip, unit.face
    size = "" if face is None else f"{face.summary.size_px:.0f}"
    tone = "" if face is None or face.ita_deg is None else f"{face.ita_deg:.1f}"
    scores = (f"{unit.scores[name]:.6g}" if name in unit.scores else "" for name in methods)
    return (
        clip.id, unit.variant, clip.label, clip.person, clip.generator, unit.answer.label, size, tone, *scores,
    )  # fmt: skip
