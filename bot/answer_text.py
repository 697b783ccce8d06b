"""A finished check as a few lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

import click

from bot import words
from bot.terminal import printable
from core.report.words import VERDICT_WORDS, blink_words, face_names
from core.types import Evidence, PulseReading, Report, VerdictLabel

WIDTH = 96
COLOURS = {
    VerdictLabel.LIKELY_FAKE: "red",
    VerdictLabel.LIKELY_REAL: "green",
    VerdictLabel.INCONCLUSIVE: "yellow",
    VerdictLabel.DECLARED_SYNTHETIC: "magenta",
}


def answer_text(
    report: Report,
    clip_name: str,
    *,
    case: int | None = None,
    checked_before: int | None = None,
    page: Path | None = None,
    colour: bool = False,
) -> str:
    """Return the answer in words: verdict, reasons, faces, scores; coloured if wanted."""
    label = report.verdict.label
    told = VERDICT_WORDS[label]
    headline = f" {told.icon}  {told.title}"
    lines = [
        printable(clip_name),
        click.style(headline, fg=COLOURS[label], bold=True) if colour else headline,
        *_wrapped(told.meaning, "    "),
    ]
    likelihood = words.likelihood_line(report)
    if likelihood:
        lines.append(f"    {likelihood}")
    lines += ["", "  Why", *_bullets(report.verdict.reasons)]
    lines += ["", "  Faces", *_bullets(_face_lines(report) or ["no face was found"])]
    scored = [_score_line(evidence, report) for evidence in report.verdict.evidence if evidence.fake_score is not None]
    if scored:
        lines += ["", "  Scores, from 0 (as filmed) to 1 (as made)", *_bullets(scored)]
    if page is not None:
        lines += ["", f"  Report: {printable(str(page))}"]
    return "\n".join([*lines, "", f"  {_footer(report, case, checked_before)}", ""])


def pulse_text(reading: PulseReading | None, clip_name: str) -> str:
    """Return the pulse of the most prominent face in words."""
    if reading is None:
        return f"{printable(clip_name)}\n  no face was found, so there is no pulse to read\n"
    if reading.bpm is None:
        return f"{printable(clip_name)}\n  no pulse read: {reading.abstained_because}\n"
    lines = [printable(clip_name), f"  {reading.bpm:.1f} beats a minute ({reading.method}{_snr(reading.snr_db)})"]
    if reading.respiration_bpm is not None:
        lines.append(f"  {reading.respiration_bpm:.1f} breaths a minute")
    for window in reading.windows:
        read = "not read" if window.bpm is None else f"{window.bpm:.1f} beats a minute"
        lines.append(f"    {window.start_s:6.1f} to {window.end_s:.1f} s: {read}, SNR {window.snr_db:.1f} dB")
    return "\n".join([*lines, ""])


def _face_lines(report: Report) -> list[str]:
    blinks = [blink_words(face) for face in report.faces]
    return [f"{line}; blinks {told}" for line, told in zip(words.face_lines(report), blinks, strict=True)]


def _score_line(evidence: Evidence, report: Report) -> str:
    on = "the clip" if evidence.track is None else face_names(report).get(evidence.track, "a face")
    return f"{evidence.detector} on {on}: {evidence.fake_score:.2f}"


def _footer(report: Report, case: int | None, checked_before: int | None) -> str:
    parts = [words.SCREENING_AID, f"took {words.duration(sum(report.timings_s.values()))}"]
    if checked_before is not None:
        parts[1] = f"checked before: case {checked_before}"
    if case is not None:
        parts.append(f"case {case}")
    return " · ".join(parts)


def _snr(snr_db: float | None) -> str:
    return "" if snr_db is None else f", SNR {snr_db:.1f} dB"


def _bullets(sentences: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for sentence in sentences:
        lines += textwrap.wrap(printable(sentence), WIDTH, initial_indent="   • ", subsequent_indent="     ")
    return lines


def _wrapped(sentence: str, indent: str) -> list[str]:
    return textwrap.wrap(printable(sentence), WIDTH, initial_indent=indent, subsequent_indent=indent)
