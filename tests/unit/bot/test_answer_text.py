"""The answer in a terminal."""

from __future__ import annotations

from dataclasses import replace

from bot.answer_text import answer_text
from tests.synth.analyses import make_analysis, with_report


def test_every_face_is_told_with_its_blinks_or_why_there_are_none() -> None:
    analysis = make_analysis(faces=2)
    first, second = analysis.report.faces
    faces = (replace(first, blinks_per_min=13.7), replace(second, blinks_abstained_because="too short"))

    lines = " ".join(answer_text(with_report(analysis, faces=faces).report, "clip.mp4").split())

    assert "; blinks 14 a minute" in lines
    assert "; blinks not counted: too short" in lines
