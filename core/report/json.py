"""The machine interface: a finished analysis as plain values, the same for terminal, web and stored reports.

docs/machine-interface.md describes every key and docs/check.schema.json checks it. Keys are added, never renamed.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from core.errors import FacepulseError
from core.types import Evidence, FaceSummary, PulseReading, PulseWindow, Report, VideoInfo

MISSING_CODE = "unexpected"


def report_json(
    report: Report,
    clip_name: str,
    *,
    case: int | None = None,
    checked_before: int | None = None,
    report_error: BaseException | None = None,
) -> dict[str, Any]:
    """Return the object of `facepulse check --json` for a clip that was answered.

    Args:
        report: the finished analysis.
        clip_name: what the clip was called by the one who asked; returned as "clip".
        case: the number under which this answer is in the log, if it is.
        checked_before: the number of the earlier case that this answer was taken from, if it was.
        report_error: why the page that was asked for could not be written; returned as a sentence.
    """
    verdict = report.verdict
    return {
        "clip": clip_name,
        "sha256": report.clip_sha256,
        "verdict": verdict.label.value,
        "probability_fake": _finite(verdict.probability_fake),
        "reasons": list(verdict.reasons),
        "faces": [_face_json(face) for face in report.faces],
        "evidence": [_evidence_json(evidence) for evidence in verdict.evidence],
        "timings_s": {stage: _finite(seconds) for stage, seconds in report.timings_s.items()},
        "weights": dict(report.weights),
        "error": None,
        "error_code": None,
        "case": case,
        "checked_before": checked_before,
        "report_error": None if report_error is None else error_fields(report_error)["error"],
        "calibration": verdict.calibration_id,
        "created_at": report.created_at.isoformat(),
        "versions": dict(report.versions),
        "video": _video_json(report),
    }


def error_json(clip_name: str, error: BaseException) -> dict[str, Any]:
    """Return the object of a clip that got no answer: `verdict` is null and `error` a sentence."""
    return {
        "clip": clip_name,
        "sha256": None,
        "verdict": None,
        "probability_fake": None,
        "reasons": [],
        "faces": [],
        "evidence": [],
        "timings_s": {},
        "weights": {},
        **error_fields(error),
        "case": None,
        "checked_before": None,
        "report_error": None,
        "calibration": None,
        "created_at": None,
        "versions": {},
        "video": None,
    }


def error_fields(error: BaseException) -> dict[str, str]:
    """Return `error` (a sentence for people) and `error_code` (a stable name for programs)."""
    if isinstance(error, FacepulseError):
        return {"error": str(error), "error_code": error.code}
    return {"error": f"Something unexpected went wrong ({type(error).__name__}).", "error_code": MISSING_CODE}


def pulse_json(reading: PulseReading) -> dict[str, Any]:
    """Return one face's pulse as in `facepulse pulse --json`, without "clip", "faces" and "error"."""
    return {
        "track": reading.track_id,
        "method": reading.method,
        "windows": [_window_json(window) for window in reading.windows],
        "bpm": _finite(reading.bpm),
        "snr_db": _finite(reading.snr_db),
        "respiration_bpm": _finite(reading.respiration_bpm),
        "abstained_because": reading.abstained_because,
    }


def _window_json(window: PulseWindow) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in asdict(window).items()}


def _face_json(face: FaceSummary) -> dict[str, Any]:
    return {
        "track": face.track,
        "times_s": _finite_list(face.times_s),
        "frames": face.frames,
        "size_px": _finite(face.size_px),
        "box_xyxy_px": _finite_list(face.box_xyxy_px),
        "yaw_deg": _finite_list(face.yaw_deg),
        "pulse_bpm": _finite(face.pulse_bpm),
        "pulse_snr_db": _finite(face.pulse_snr_db),
        "respiration_bpm": _finite(face.respiration_bpm),
        "pulse_abstained_because": face.pulse_abstained_because,
        "pulse_sdnn_ms": _finite(face.pulse_sdnn_ms),
        "pulse_rmssd_ms": _finite(face.pulse_rmssd_ms),
        "blinks_per_min": _finite(face.blinks_per_min),
        "blinks_abstained_because": face.blinks_abstained_because,
    }


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "detector": evidence.detector,
        "version": evidence.version,
        "track": evidence.track,
        "fake_score": _finite(evidence.fake_score),
        "quality": _finite(evidence.quality),
        "abstained_because": evidence.abstained_because,
        "measurements": [{"name": m.name, "value": _finite(m.value), "unit": m.unit} for m in evidence.measurements],
        "findings": list(evidence.findings),
        "declares_synthetic": evidence.declares_synthetic,
    }


def _video_json(report: Report) -> dict[str, Any]:
    video: VideoInfo = report.video
    return {
        "width_px": video.width_px,
        "height_px": video.height_px,
        "frame_rate_hz": _finite(float(video.frame_rate)),
        "duration_s": _finite(video.duration_s),
        "codec": video.codec,
        "container": video.container,
        "rotation_deg": video.rotation_deg,
        "bit_rate_kbps": _finite(video.bit_rate_kbps),
        "size_bytes": report.size_bytes,
        "frames_analysed": report.frames_analysed,
        "seconds_analysed": _finite(report.seconds_analysed),
    }


def _finite(value: float | None) -> float | None:
    """Return `value` as a Python float, None where it is not a number that JSON can hold."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def _finite_list(values: tuple[float, ...]) -> list[float | None]:
    return [_finite(value) for value in values]
