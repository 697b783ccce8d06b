"""The frozen data that flows through the house: checked at birth, arrays read-only, units in names."""

from core.types.clip import Clip, Frame, VideoInfo
from core.types.evidence import Evidence, Measurement, Verdict, VerdictLabel
from core.types.faces import MESH_POINTS, AlignedFaces, EyeTrace, FaceObservation, FaceTrack, MouthTrace
from core.types.guild import LANGUAGES, ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk
from core.types.report import (
    Analysis,
    FaceMaterial,
    FaceSummary,
    KeyFrame,
    Progress,
    ProgressCallback,
    Report,
    Stage,
)
from core.types.signals import PulseReading, PulseSignal, PulseWindow, RoiTrace
from core.types.swap import (
    ConsentBasis,
    ConsentRecord,
    ConsentScope,
    DrawnFaces,
    FaceSet,
    FaceType,
    MergedFrame,
    Provenance,
    SwapFace,
    TrainedSwap,
)

__all__ = [
    "LANGUAGES",
    "MESH_POINTS",
    "ActionKind",
    "ActionMode",
    "AlignedFaces",
    "Analysis",
    "AnswerPlace",
    "Clip",
    "ConsentBasis",
    "ConsentRecord",
    "ConsentScope",
    "DrawnFaces",
    "Evidence",
    "EyeTrace",
    "FaceMaterial",
    "FaceObservation",
    "FaceSet",
    "FaceSummary",
    "FaceTrack",
    "FaceType",
    "Frame",
    "GuildSettings",
    "KeyFrame",
    "Measurement",
    "MergedFrame",
    "MouthTrace",
    "Progress",
    "ProgressCallback",
    "Provenance",
    "PulseReading",
    "PulseSignal",
    "PulseWindow",
    "Report",
    "RoiTrace",
    "Stage",
    "SwapFace",
    "TrainedSwap",
    "Verdict",
    "VerdictLabel",
    "VideoInfo",
    "WhoMayAsk",
]
