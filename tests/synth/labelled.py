"""Made-up clips for evaluations: a file says in JSON what an analysis of it is to answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import UnreadableClipError
from core.evaluation.datasets.labelled import Label, LabelledClip
from core.settings import VideoLimits
from core.types import Analysis, Evidence, Verdict, VerdictLabel
from tests.synth.analyses import make_analysis


def write_clip(path: Path, *scores: float | None, label: str = "inconclusive", p: float | None = None) -> Path:
    """Write a "clip" of which a detector gives each face one of `scores`; returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"path": path.name, "scores": scores, "label": label, "p": p}))
    return path


def fake_analyse(path: Path, limits: VideoLimits) -> Analysis:
    """Answer as the file says; a file that is no JSON cannot be read."""
    try:
        told: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise UnreadableClipError("The file is damaged or is not a video.") from error
    analysis = make_analysis(faces=len(told["scores"]), path=path, duration_s=6.0)
    evidence = tuple(
        Evidence("appearance", "1", track, score, 1.0, (), None if score is not None else "too small")
        for track, score in enumerate(told["scores"])
    )
    calibration = None if told["p"] is None else "made-up"
    verdict = Verdict(VerdictLabel(told["label"]), told["p"], evidence, ("A reason.",), calibration)
    return replace(analysis, report=replace(analysis.report, verdict=verdict))


@dataclass
class Counting:
    """An analysis that remembers what it was asked; `stop_after` clips it is interrupted, as by Ctrl-C."""

    stop_after: int | None = None

    def __post_init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, path: Path, limits: VideoLimits) -> Analysis:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked.append(path.name)
        return fake_analyse(path, limits)


def labelled(path: Path, label: Label, person: str, generator: str = "", **others: Any) -> LabelledClip:
    """A labelled clip whose id is the file's name."""
    return LabelledClip(others.pop("id", path.name), path, label, person, generator, **others)
