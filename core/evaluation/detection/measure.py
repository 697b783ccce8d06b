"""One clip in one variant measured: the analysis that users get, and the baselines beside it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ClipError, FacepulseError
from core.evaluation.detection.records import UNEXPECTED, Answer, ClipRecord, FaceRecord
from core.evaluation.detection.variants import ORIGINAL, VARIANTS, reencode
from core.evaluation.detection.views import WHOLE, in_view
from core.settings import VideoLimits
from core.signals import even_trace
from core.signals.pulse import pulse_signal, voting_regions
from core.signals.quality import snr_db
from core.signals.skin_tone import ita_deg
from core.signals.spectrum import fundamental_hz, power_spectrum
from core.types import Analysis, Evidence, FaceMaterial, FaceSummary, RoiTrace
from core.verdict import Calibration, conclude

logger = logging.getLogger(__name__)

Analyse = Callable[[Path, VideoLimits], Analysis]
"""`core.pipeline.analyse` without its progress; it must be importable by name to run in several processes."""
Baseline = Callable[[FaceMaterial], Evidence]
"""A method that is measured beside ours and has no say in the verdict."""

BASELINE_MARK = "baseline "
"""How the version of a baseline's evidence begins."""
LEAST_PULSE_S = 4.0


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure of one file: a variant, for some views of the picture."""

    path: Path
    sha256: str
    versions: str
    variant: str
    views: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measurer:
    """How a task is measured. `calibration` is that of the analysis, for verdicts on parts of the picture."""

    analyse: Analyse
    limits: VideoLimits
    calibration: Calibration | None = None
    baselines: tuple[Baseline, ...] = ()

    def __call__(self, task: Task) -> ClipRecord:
        """Return the record of a task; a clip that cannot be analysed has a failure instead of faces.

        Raises:
            FacepulseError: what failed does not lie in the clip, such as missing weights.
        """
        try:
            return self._measured(task)
        except ClipError as error:
            failure = (error.code, str(error))
        except FacepulseError:
            raise
        except Exception as error:
            logger.info("the measuring of one clip failed", exc_info=True)
            failure = (UNEXPECTED, f"Something unexpected went wrong ({type(error).__name__}).")
        return ClipRecord(task.sha256, task.versions, task.variant, failure=failure)

    def _measured(self, task: Task) -> ClipRecord:
        if task.variant == ORIGINAL:
            return self._record(task, self.analyse(task.path, self.limits))
        with tempfile.TemporaryDirectory(prefix="facepulse-") as folder:
            again = reencode(task.path, VARIANTS[task.variant], Path(folder) / "clip.mp4", self.limits)
            return self._record(task, self.analyse(again, self.limits))

    def _record(self, task: Task, analysis: Analysis) -> ClipRecord:
        report, video = analysis.report, analysis.report.video
        scale = min(1.0, self.limits.analysis_max_side_px / max(video.width_px, video.height_px))
        faces = tuple(
            self._face(analysis, face, summary, video.width_px * scale)
            for face, summary in zip(analysis.faces, report.faces, strict=True)
        )
        return ClipRecord(
            sha256=task.sha256,
            versions=task.versions,
            variant=task.variant,
            width_px=video.width_px,
            height_px=video.height_px,
            seconds=round(report.seconds_analysed, 3),
            bit_rate_kbps=video.bit_rate_kbps,
            faces=faces,
            clip_evidence=tuple(e for e in report.verdict.evidence if e.track is None),
            answers={view: self._answer(analysis, faces, view) for view in sorted(task.views)},
            calibration_id=report.verdict.calibration_id,
        )

    def _face(self, analysis: Analysis, face: FaceMaterial, summary: FaceSummary, width_px: float) -> FaceRecord:
        boxes = face.track.boxes_xyxy_px
        told = tuple(e for e in analysis.report.verdict.evidence if e.track == face.track.id)
        return FaceRecord(
            summary=summary,
            centre_x=float(np.median(boxes[:, [0, 2]].mean(axis=1))) / width_px,
            ita_deg=ita_deg(face.trace),
            pos_snr_db=pos_snr_db(face.trace),
            evidence=(*told, *(baseline(face) for baseline in self.baselines)),
        )

    def _answer(self, analysis: Analysis, faces: tuple[FaceRecord, ...], view: str) -> Answer:
        verdict = analysis.report.verdict
        if view == WHOLE:
            return Answer(verdict.label.value, verdict.probability_fake)
        return concluded(in_view(faces, view), [e for e in verdict.evidence if e.track is None], self.calibration)


def concluded(
    faces: Sequence[FaceRecord], clip_evidence: Sequence[Evidence], calibration: Calibration | None
) -> Answer:
    """Return the verdict on these faces alone, with a calibration that may be another than the analysis had."""
    evidence = (*clip_evidence, *(e for face in faces for e in voting(face.evidence)))
    verdict = conclude(evidence, [face.summary for face in faces], calibration)
    return Answer(verdict.label.value, verdict.probability_fake)


def voting(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence without that of baselines, which have no say in a verdict."""
    return [e for e in evidence if not e.version.startswith(BASELINE_MARK)]


def pos_snr_db(trace: RoiTrace) -> float | None:
    """Return how far a pulse stands out in the plain POS wave of the whole face, in dB; None for under 4 s of face.

    No weighting of regions, no choice of windows, no gate: the baseline, not our reader. It is the SNR of the mean
    wave of the forehead and cheeks over the longest stretch without interruption.
    """
    if len(trace.times_s) < 2:
        return None
    even = even_trace(trace)
    longest = max(even.stretches(), key=lambda s: s.stop - s.start, default=slice(0, 0))
    if (longest.stop - longest.start) / even.rate_hz < LEAST_PULSE_S - 1e-6:
        return None
    waves = pulse_signal(even, "POS", [longest]).values[voting_regions(trace.region_names), longest]
    waves = waves[np.isfinite(waves).all(axis=1)]
    if len(waves) == 0:
        return None
    spectrum = power_spectrum(waves.mean(axis=0), even.rate_hz)
    return float(snr_db(spectrum, fundamental_hz(spectrum)))
