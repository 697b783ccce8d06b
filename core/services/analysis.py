"""Running one analysis and putting its answer into the log: whole, or as a failure with its sentence.

What analyses is handed in as an `Engine`, so that this module needs no video library to be imported.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from core import versions
from core.errors import ClipNotFoundError, FacepulseError, OutputError, StoreError
from core.services import copies
from core.services.clock import Clock, utc_now
from core.services.copies import Eye
from core.services.folders import GONE, Folders, measure
from core.settings import VideoLimits
from core.store import INTERNAL, Asker, Check, ClipLook, NewCheck, Store
from core.types import Analysis, Progress, ProgressCallback, Report, Stage

logger = logging.getLogger(__name__)

INTERNAL_CODE = INTERNAL
INTERNAL_SENTENCE = "Something went wrong inside Facepulse while it checked this clip; the log has the details."

RETRY_AFTER_S = 5.0, 30.0
"""Pauses before the second and the third attempt at a check that failed for reasons that may pass."""

_OPENING = Progress(Stage.OPENING, 0, None, None)

Analyse = Callable[[Path, VideoLimits, ProgressCallback], Analysis]


@dataclass(frozen=True, slots=True)
class Engine:
    """What a check is made with.

    `analyse(path, limits, progress)` gives the analysis; `draw(analysis, folder, clip_name)` writes the evidence
    picture, the report page and its figures into a folder that exists; `prepare()` loads what every analysis needs,
    so that the first one does not wait for it. `eye` looks at clips to find copies again; without one none is found.
    """

    analyse: Analyse
    draw: Callable[[Analysis, Path, str], None]
    prepare: Callable[[], object]
    eye: Eye | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one analysis gave: its report, and what the clip looks like, as far as that could be seen."""

    report: Report
    look: ClipLook | None = None


def analyse_and_draw(
    engine: Engine, check: Check, folders: Folders, limits: VideoLimits, progress: ProgressCallback
) -> Answer:
    """Analyse the waiting clip of `check`, put its figures in place and return the answer. Takes seconds to minutes.

    Figures that cannot be drawn or written are logged and left out: the answer does not depend on them.

    Raises:
        FacepulseError: the clip cannot be analysed, or `progress` raised CancelledError.
    """
    if check.incoming_name is None:
        raise ClipNotFoundError(GONE)
    with folders.clip(check.incoming_name, limits.max_bytes, lambda: progress(_OPENING)) as path:
        analysis = engine.analyse(path, limits, progress)
        progress(Progress(Stage.FIGURES, 0, 1, None))
        try:
            with folders.drawing(check.id) as figures:
                engine.draw(analysis, figures, check.source_name)
        except Exception:
            logger.exception("check %d: the figures could not be made", check.id)
        look = None if engine.eye is None else copies.look_at(engine.eye, path, limits)
    return Answer(analysis.report, look)


def failure_of(error: BaseException) -> tuple[str, str]:
    """Return the code and the sentence under which an error is logged."""
    if isinstance(error, FacepulseError):
        return error.code, str(error)
    return INTERNAL_CODE, INTERNAL_SENTENCE


def may_pass(error: BaseException) -> bool:
    """Whether the same analysis may well succeed a little later: the trouble is this machine's and not the clip's."""
    return not isinstance(error, FacepulseError) or isinstance(error, OutputError | StoreError)


async def retry_later(store: Store, claim: Check, error: BaseException, clock: Clock = utc_now) -> bool:
    """Put a claimed check back to be tried again after a pause; False when it was cancelled or given away.

    The pause is `RETRY_AFTER_S` by the number of attempts.
    """
    pause_s = RETRY_AFTER_S[min(claim.attempts, len(RETRY_AFTER_S)) - 1]
    return await store.queue.retry_later(claim, clock() + timedelta(seconds=pause_s), *failure_of(error))


async def store_report(store: Store, claim: Check, report: Report, clock: Clock = utc_now) -> bool:
    """Answer a claimed check; False, and nothing written, when it was cancelled or given to another worker."""
    return await store.queue.finish(claim, report, versions.versions_key(), clock())


async def remember_look(store: Store, eye: Eye | None, claim: Check, look: ClipLook | None) -> int | None:
    """Keep what the clip of a claimed check looks like, before its answer is there; return what it is a copy of.

    Trouble with that is logged: the answer does not depend on it.
    """
    try:
        return None if eye is None else await copies.remember(store, eye, claim, look)
    except StoreError:
        logger.exception("check %d: its clip cannot be remembered by its look", claim.id)
        return None


async def store_failure(store: Store, claim: Check, error: BaseException, clock: Clock = utc_now) -> bool:
    """Close a claimed check with the sentence of `error`; False when it was cancelled or given to another worker."""
    return await store.queue.fail(claim, *failure_of(error), clock())


async def repeat_if_known(store: Store, claim: Check, clock: Clock = utc_now) -> bool:
    """Answer a claimed check from the log when the same clip was analysed since it was asked; say whether it was."""
    if claim.clip_sha256 is None:
        return False
    earlier = await store.checks.find_answer(claim.clip_sha256, versions.versions_key())
    return earlier is not None and await store.queue.finish_repeat(claim, earlier, clock())


async def recall(store: Store, path: Path, asker: Asker, clock: Clock = utc_now) -> Check | None:
    """Answer a clip that is analysed in this process from the log: a new row that repeats the earlier check, or None.

    Raises:
        ClipNotFoundError: the file cannot be read; nothing was logged.
        StoreError: the log cannot be read or written.
    """
    new = await _question(path, asker, clock())
    earlier = await store.checks.find_answer(str(new.clip_sha256), new.versions_key)
    return None if earlier is None else await store.checks.add_repeat(new, earlier)


async def log_answer(
    store: Store, path: Path, report: Report, *, asker: Asker, started_at: datetime, clock: Clock = utc_now
) -> Check:
    """Log an analysis that was made in this process, question and answer at once.

    Raises:
        StoreError: the log cannot be written; nothing of the answer is in it.
    """
    new = NewCheck(_name(path), asker, started_at, versions.versions_key(), report.clip_sha256, report.size_bytes)
    return await store.checks.add_answered(new, report, clock())


async def log_failure(
    store: Store, path: Path, error: BaseException, *, asker: Asker, started_at: datetime, clock: Clock = utc_now
) -> Check:
    """Log a clip that could not be analysed in this process, and why.

    Raises:
        StoreError: the log cannot be written.
    """
    try:
        new = await _question(path, asker, started_at)
    except ClipNotFoundError:
        new = NewCheck(_name(path), asker, started_at, versions.versions_key(), None, None)
    return await store.checks.add_failed(new, *failure_of(error), clock())


async def _question(path: Path, asker: Asker, asked_at: datetime) -> NewCheck:
    sha256, size_bytes = await asyncio.to_thread(measure, path)
    return NewCheck(_name(path), asker, asked_at, versions.versions_key(), sha256, size_bytes)


def _name(path: Path) -> str:
    """Return the name of a file as text that can be stored: a name may be any bytes, not only UTF-8."""
    return os.fsencode(path.name).decode(errors="replace")
