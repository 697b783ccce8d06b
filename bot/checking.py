"""Checking clips from a terminal: asked, answered or told why not, one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from bot.answer_text import answer_text
from bot.cases import CaseLog
from bot.terminal import answers, may_colour, native_notes_hidden, progress_bar, say, say_error
from core.errors import OutputError, StoreError
from core.report.json import error_json, report_json
from core.report.output import require_writable
from core.services.clock import utc_now
from core.settings import Settings, VideoLimits, read_settings
from core.types import Analysis, Progress, ProgressCallback, Report, Stage

ALL_ANSWERED, SOME_UNREAD, WRONG_CALL = 0, 1, 2


class WrongCallError(click.ClickException):
    """A call that cannot be right, found before any clip is looked at."""

    exit_code = WRONG_CALL


@dataclass(frozen=True, slots=True)
class Answer:
    """What one clip got: the report, its numbers in the log, and the page that was written or why it was not."""

    report: Report
    case: int | None = None
    checked_before: int | None = None
    page: Path | None = None
    page_error: Exception | None = None


def check_clips(
    clips: Sequence[str], *, as_json: bool, report_dir: Path | None = None, fresh: bool = False, use_log: bool = True
) -> int:
    """Check every clip, print each answer as soon as there is one, and return the exit status.

    Args:
        clips: paths as they were given; they are shown like that.
        as_json: one JSON object a line on standard output, else words.
        report_dir: where to write the page and figures; this and `fresh` never answer from the log.
        fresh: analyse again what the log has an answer for.
        use_log: look into the log and write to it.

    Raises:
        WrongCallError: `report_dir` cannot be written.
        SettingsError: a setting is not valid.
    """
    settings = read_settings()
    folders = _report_folders(report_dir, clips)
    log = CaseLog(settings.resolved_database_url, settings.video.max_bytes, say) if use_log else None
    checker = _Checker(settings, log, recall=not fresh and report_dir is None, quiet=as_json)
    status = ALL_ANSWERED
    with answers() as out:
        for clip, folder in zip(clips, folders, strict=True):
            try:
                answer = checker.check(Path(clip), folder)
            except Exception as error:
                status = SOME_UNREAD
                say_error(error, about=clip)
                if as_json:
                    print_json(error_json(clip, error), out)
            else:
                _print_answer(clip, answer, out, as_json=as_json)
                if answer.page_error is not None:
                    status = SOME_UNREAD
                    say_error(answer.page_error, about=clip)
    return status


def analyse(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Analyse one clip with the real engine, which is loaded only now: answers from the log do not need it."""
    with native_notes_hidden():
        from core import pipeline  # noqa: PLC0415

        tools = pipeline.load_tools()
    return pipeline.analyse(path, limits, progress, tools)


def print_json(answer: dict[str, Any], out: TextIO) -> None:
    """Print one object on one line, in ASCII: readable by every program in every locale."""
    print(json.dumps(answer, allow_nan=False), file=out, flush=True)


def require_folder(folder: Path) -> None:
    """See that a folder can be written to before the work begins.

    Raises:
        WrongCallError: it cannot.
    """
    try:
        require_writable(folder)
    except OutputError as error:
        raise WrongCallError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Checker:
    settings: Settings
    log: CaseLog | None
    recall: bool
    quiet: bool

    def check(self, path: Path, folder: Path | None) -> Answer:
        """Answer one clip, from the log or by an analysis, which is then logged."""
        if self.log is not None and self.recall and (known := _recalled(self.log, path)) is not None:
            return known
        started_at = utc_now()
        try:
            analysis, page, page_error = self._analysed(path, folder)
        except Exception as error:
            if self.log is not None:
                self.log.add_failure(path, error, started_at)
            raise
        case = None if self.log is None else self.log.add_answer(path, analysis.report, started_at)
        return Answer(analysis.report, case, None, page, page_error)

    def _analysed(self, path: Path, folder: Path | None) -> tuple[Analysis, Path | None, Exception | None]:
        """Return the analysis and its page; a page that cannot be written costs no answer, so why is returned too."""
        with progress_bar(path.name, wanted=not self.quiet) as progress:
            analysis = analyse(path, self.settings.video, progress)
            if folder is None:
                return analysis, None, None
            from core.report.page import write_report  # noqa: PLC0415  (loads matplotlib)

            progress(Progress(Stage.FIGURES, 0, None, None))
            try:
                return analysis, write_report(analysis, folder, path.name), None
            except Exception as error:
                return analysis, None, error


def _recalled(log: CaseLog, path: Path) -> Answer | None:
    found = log.recall(path)
    if found is None:
        return None
    try:
        report = found.report()
    except StoreError:  # written by another version: as good as no answer
        return None
    return None if report is None else Answer(report, found.id, found.repeats_check_id)


def _print_answer(clip: str, answer: Answer, out: TextIO, *, as_json: bool) -> None:
    if as_json:
        numbers = {"case": answer.case, "checked_before": answer.checked_before}
        print_json(report_json(answer.report, clip, **numbers, report_error=answer.page_error), out)
        return
    text = answer_text(
        answer.report,
        clip,
        case=answer.case,
        checked_before=answer.checked_before,
        page=answer.page,
        colour=may_colour(out),
    )
    print(text, file=out, flush=True)


def _report_folders(report_dir: Path | None, clips: Sequence[str]) -> list[Path | None]:
    """Return the folder of each clip's report: `report_dir` for one clip, one inside it for each of several."""
    if report_dir is None:
        return [None] * len(clips)
    require_folder(report_dir)
    return [report_dir] if len(clips) == 1 else [report_dir / name for name in different_names(clips)]


def different_names(clips: Sequence[str]) -> Iterator[str]:
    """Yield the stem of each clip, with a number behind it where it came before."""
    taken: set[str] = set()
    for clip in clips:
        stem, number = Path(clip).stem, 1
        if not stem.strip("."):  # "..": the folder above
            stem = "clip"
        name = stem
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        yield name
