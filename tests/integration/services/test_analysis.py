"""Checks made in this process are logged like all others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import ClipNotFoundError, UnreadableClipError
from core.services import analysis
from core.services.requests import Asker, CheckStatus, Origin, versions_key
from core.store import Store
from core.types import VerdictLabel
from tests.synth.logs import NOON, Clock, make_report, sha256_of

MEDIA = b"the bytes of a clip"
ASKER = Asker(Origin.CLI)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(MEDIA)
    return path


async def test_an_answer_is_logged_with_its_times(store: Store, clip: Path) -> None:
    clock = Clock(NOON + timedelta(seconds=4))

    logged = await analysis.log_answer(store, clip, make_report(MEDIA), asker=ASKER, started_at=NOON, clock=clock)

    assert await store.checks.get(logged.id) == logged
    assert (logged.status, logged.label, logged.source_name) == (CheckStatus.DONE, VerdictLabel.LIKELY_FAKE, "clip.mp4")
    assert (logged.requested_at, logged.started_at, logged.finished_at) == (NOON, NOON, clock.now)
    assert await store.checks.evidence(logged.id) == make_report(MEDIA).verdict.evidence


async def test_a_clip_is_recalled_only_when_it_was_answered(store: Store, clip: Path) -> None:
    assert await analysis.recall(store, clip, ASKER) is None
    logged = await analysis.log_answer(store, clip, make_report(MEDIA), asker=ASKER, started_at=NOON)

    again = await analysis.recall(store, clip, ASKER)

    assert again is not None
    assert (again.repeats_check_id, again.report(), again.status) == (logged.id, make_report(MEDIA), CheckStatus.DONE)


async def test_a_failure_is_logged_with_its_clip_and_sentence(store: Store, clip: Path) -> None:
    error = UnreadableClipError("This is not a video.")

    logged = await analysis.log_failure(store, clip, error, asker=ASKER, started_at=NOON)

    assert (logged.status, logged.error_code, logged.error_sentence) == (CheckStatus.FAILED, "unreadable", str(error))
    assert (logged.clip_sha256, logged.versions_key) == (sha256_of(MEDIA), versions_key())
    assert await analysis.recall(store, clip, ASKER) is None


async def test_a_file_that_is_not_there_is_logged_without_a_clip(store: Store, tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp4"

    logged = await analysis.log_failure(
        store, gone, ClipNotFoundError("There is no such file."), asker=ASKER, started_at=NOON
    )

    assert (logged.clip_sha256, logged.source_name, logged.error_code) == (None, "gone.mp4", "not_found")
