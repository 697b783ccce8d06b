"""The page of a finished analysis: one HTML file that stands alone, and its figures as PNG files beside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.report import words
from core.report.figures import PictureFile, report_figures
from core.report.output import write_files
from core.types import Analysis

PAGE_NAME = "report.html"


def write_report(analysis: Analysis, directory: Path, clip_name: str) -> Path:
    """Write `report.html` and its figures into `directory` (made if need be) and return the page's path.

    Everything is drawn and written next to its place first and then moved, the page last: what was there before
    stays whole when something fails.

    Raises:
        OutputError: the directory cannot be made or written.
    """
    figures = report_figures(analysis)
    files = {figure.file_name: figure.png for figure in figures}
    files[PAGE_NAME] = render_page(analysis, figures, clip_name).encode(
        errors="replace"
    )  # a file's name may be any bytes
    write_files(directory, files)
    return directory / PAGE_NAME


def render_page(analysis: Analysis, figures: Sequence[PictureFile], clip_name: str) -> str:
    """Return the page as HTML; the figures are inside it, so that the one file can be sent on."""
    report = analysis.report
    return (
        _templates()
        .get_template(PAGE_NAME)
        .render(
            clip_name=clip_name,
            report=report,
            words=words.VERDICT_WORDS[report.verdict.label],
            what_this_is=words.WHAT_THIS_IS,
            names=words.face_names(report),
            figures=[(figure, base64.b64encode(figure.png).decode()) for figure in figures],
            not_possible=_not_possible(analysis),
        )
    )


def _not_possible(analysis: Analysis) -> list[str]:
    """Return what could not be measured and why, a sentence each."""
    report = analysis.report
    names = words.face_names(report)
    missing = [
        f"Pulse of {names[face.track]}: {face.pulse_abstained_because}."
        for face in report.faces
        if face.pulse_abstained_because
    ]
    for evidence in report.verdict.evidence:
        if evidence.abstained_because:
            of = "" if evidence.track is None else f" on {names.get(evidence.track, 'a face')}"
            missing.append(f"Detector {evidence.detector}{of}: {evidence.abstained_because.rstrip('.')}.")
    if not report.faces:
        missing.insert(0, "No face was found, so nothing that looks at faces could say anything.")
    return missing


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("core.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pulse_words"] = words.pulse_words
    environment.filters["blink_words"] = words.blink_words
    environment.filters["likelihood_words"] = words.likelihood_words
    environment.filters["measurement_words"] = words.measurement_words
    return environment
