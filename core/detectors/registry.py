"""Every detector, by name. A new one is one file beside this and one line here."""

from __future__ import annotations

from core.detectors.appearance import AppearanceDetector
from core.detectors.base import ClipDetector, FaceDetector, FrameDetector
from core.detectors.cell_agreement import CellAgreementDetector
from core.detectors.mouth import MouthDetector
from core.detectors.provenance import ProvenanceDetector
from core.detectors.pulse import PulseDetector
from core.detectors.pulse_cnn import PulseCnnDetector
from core.detectors.temporal import TemporalDetector
from core.detectors.watermark import WatermarkDetector

FACE_DETECTORS: dict[str, FaceDetector] = {
    d.name: d
    for d in (
        PulseDetector(),
        PulseCnnDetector(),
        CellAgreementDetector(),
        AppearanceDetector(),
        TemporalDetector(),
        MouthDetector(),
    )
}
CLIP_DETECTORS: dict[str, ClipDetector] = {d.name: d for d in (ProvenanceDetector(),)}
FRAME_DETECTORS: dict[str, FrameDetector] = {d.name: d for d in (WatermarkDetector(),)}
