"""What the pages and the JSON interface show of a check: pure functions of a `CheckView`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot import words
from bot.desk import CheckView
from core.report.json import report_json
from core.report.words import VERDICT_WORDS, WHAT_THIS_IS, blink_words, face_names, measurement_words, pulse_words
from core.services.requests import CheckStatus

FIGURE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\.png")
FIRST_FIGURE = "evidence.png"
REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of the evidence and the words beside it."""

    url: str
    caption: str


def figures_shown(names: Iterable[str]) -> list[str]:
    """Return those of a check's files that are shown as figures, the summary first: PNG files and no others."""
    found = (name for name in names if FIGURE_NAME.fullmatch(name))
    return sorted(found, key=lambda name: (name != FIRST_FIGURE, name))


def figures(check_id: int, names: list[str]) -> list[Figure]:
    """Return the figures with their addresses and captions."""
    return [Figure(f"/checks/{check_id}/figures/{name}", _caption(name)) for name in names]


def _caption(name: str) -> str:
    if name == FIRST_FIGURE:
        return "The evidence in one picture"
    return name.removesuffix(".png").replace("_", " ").replace("-", " ").capitalize()


def progress_values(check: CheckView) -> dict[str, Any]:
    """Return how far a check is: `words`, `share` of the stage in 0..1, `left` in words (None: not known), `ahead`."""
    if check.status is CheckStatus.QUEUED:
        return {"words": words.queue_line(check.ahead), "share": None, "left": None, "ahead": check.ahead}
    return {
        "words": words.stage_words(check.progress),
        "share": words.share_done(check.progress),
        "left": words.time_left(check.progress),
        "ahead": 0,
    }


def check_json(check: CheckView, figure_names: list[str]) -> dict[str, Any]:
    """Return a check as the JSON interface gives it (docs/web-api.md)."""
    answer = None
    if check.report is not None:
        answer = report_json(check.report, check.filename, case=check.id, checked_before=check.checked_before)
    return {
        "id": check.id,
        "clip": check.filename,
        "status": check.status.value,
        "progress": None if check.is_over else progress_values(check),
        "error": check.error,
        "error_code": check.error_code,
        "figures": [figure.url for figure in figures(check.id, figure_names)],
        "answer": answer,
    }


def verdict_page(check: CheckView, figure_names: list[str], *, has_report: bool) -> dict[str, Any]:
    """Return what the page of an answer is filled with; the check has a report, `has_report` its page in a file."""
    report = check.report
    if report is None:
        raise ValueError("a check without a report has no verdict")
    return {
        "check": check,
        "report": report,
        "checked_before": check.checked_before,
        "wording": VERDICT_WORDS[report.verdict.label],
        "likelihood": words.likelihood_line(report),
        "face_names": face_names(report),
        "figures": figures(check.id, figure_names),
        "has_report": has_report,
        "versions": words.versions_line(report),
        "what_this_is": WHAT_THIS_IS,
        "pulse_words": pulse_words,
        "blink_words": blink_words,
        "measurement_words": measurement_words,
        "duration": words.duration,
    }
