"""Re-encoded copies are found among the clips of the same server, told, and forgotten with their clips."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.errors import StoreError, UnreadableClipError
from core.jobs.worker import run_worker
from core.services import copies, requests
from core.services.analysis import remember_look
from core.services.copies import Eye
from core.services.folders import Folders
from core.settings import Settings, VideoLimits
from core.store import Check, ClipLook, NewCheck, Store
from core.store.looks import CLIP_LOOKS
from core.types import VerdictLabel
from tests.synth import engines
from tests.synth.logs import NOON, becomes
from tests.synth.moderation import GUILD, OTHER_GUILD, answered, asked_by


def by_its_bytes(path: Path, limits: VideoLimits) -> ClipLook:
    """Takes the last byte of a file for its look."""
    return ClipLook(1, 10.0, path.read_bytes()[-1:])


def bytes_apart(one: ClipLook, other: ClipLook) -> float:
    return abs(one.signs[0] - other.signs[0])


EYE = Eye(by_its_bytes, bytes_apart, 2.0, 0.3)


def look(signs: int, duration_s: float = 10.0, version: int = 1) -> ClipLook:
    return ClipLook(version, duration_s, bytes([signs]))


async def seen(
    store: Store, name: bytes, looks_like: ClipLook, guild_id: int | None = GUILD
) -> tuple[Check, int | None]:
    """An answered check of a clip, and what it is found to be a copy of."""
    check = await answered(store, name, asker=asked_by(guild_id=guild_id))
    return check, await copies.remember(store, EYE, check, looks_like)


async def test_the_nearest_earlier_clip_is_the_one_it_is_a_copy_of(store: Store) -> None:
    await seen(store, b"one", look(100))
    second, _ = await seen(store, b"two", look(110))
    third, found = await seen(store, b"three", look(111))

    assert found == second.id
    assert await store.looks.copy_of(third.id) == second.id
    assert await store.looks.copy_of(second.id) is None


@pytest.mark.parametrize("other", [look(103), look(100, 10.4), look(100, version=2)])
async def test_clips_that_look_or_last_otherwise_are_no_copies(store: Store, other: ClipLook) -> None:
    await seen(store, b"one", look(100))

    assert (await seen(store, b"two", other))[1] is None


async def test_the_same_clip_is_no_copy_of_itself(store: Store) -> None:
    await seen(store, b"one", look(100))

    assert (await seen(store, b"one", look(100)))[1] is None


async def test_clips_of_another_server_or_person_are_not_looked_at(store: Store) -> None:
    await seen(store, b"one", look(100), OTHER_GUILD)
    await seen(store, b"two", look(100), None)
    assert (await seen(store, b"three", look(100)))[1] is None

    stranger = await answered(store, b"four", asker=asked_by(requester_id=99, guild_id=None))
    assert await copies.remember(store, EYE, stranger, look(100)) is None
    _, own = await seen(store, b"five", look(100), None)
    assert own == 2


async def test_a_check_that_repeats_a_copys_answer_is_about_a_copy_too(store: Store) -> None:
    first, _ = await seen(store, b"one", look(100))
    copy, _ = await seen(store, b"two", look(100))
    question = NewCheck("again.mp4", asked_by(), NOON, copy.versions_key, copy.clip_sha256, 3)
    repeat = await store.checks.add_repeat(question, copy)

    assert await store.looks.copy_of(repeat.id) == first.id


async def test_a_look_goes_with_its_clip(store: Store) -> None:
    await seen(store, b"one", look(100))
    copy, _ = await seen(store, b"two", look(100))
    await store.expiry.expire(GUILD, NOON + timedelta(days=1), NOON)

    assert await store.looks.copy_of(copy.id) is None
    fresh = await answered(store, b"three", asker=asked_by())
    assert await store.looks.like(fresh, look(100), 0.3) == ()
    async with store.looks._database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(CLIP_LOOKS)) == 0


async def test_a_worker_finds_the_copy_before_it_gives_the_answer(store: Store, tmp_path: Path, log_url: str) -> None:
    settings = Settings(data_dir=tmp_path, database_url=log_url, discord_token=None)
    engine = replace(engines.QUICK, eye=EYE)
    for media in (b"first clip A", b"the copy B", b"something else z"):
        await requests.request_check(
            store, media, asked_by(), source_name="clip.mp4", folders=Folders(tmp_path), max_bytes=100
        )
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(settings, stop, engine=engine, name="w"))

    async def all_over() -> bool:
        checks = [await store.checks.get(number) for number in (1, 2, 3)]
        return all(check is not None and check.is_final for check in checks)

    await becomes(all_over)
    stop.set()
    await working

    assert [await store.looks.copy_of(number) for number in (1, 2, 3)] == [None, 1, None]
    copy = await store.checks.get(2)
    assert copy is not None
    assert copy.repeats_check_id is None, "a copy gets an answer of its own"
    assert copy.label is VerdictLabel.LIKELY_FAKE


async def test_a_clip_that_cannot_be_looked_at_is_answered_all_the_same(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(path: Path, limits: VideoLimits) -> ClipLook:
        raise UnreadableClipError("No.")

    with caplog.at_level(logging.INFO):
        assert copies.look_at(replace(EYE, look=refuses), Path("clip"), VideoLimits()) is None
    assert "cannot be remembered" in caplog.text
    check = await answered(store, b"one", asker=asked_by())
    assert await copies.remember(store, EYE, check, None) is None


async def test_trouble_of_the_log_does_not_cost_the_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: object) -> None:
        raise StoreError("The database is busy; try again in a moment.")

    check = await answered(store, b"one", asker=asked_by())
    monkeypatch.setattr(store.looks, "keep", fails)

    assert await remember_look(store, EYE, check, look(1)) is None
    assert "cannot be remembered" in caplog.text


def test_the_real_engine_looks_at_clips(short_clip: Path) -> None:
    from core.services.engine import ENGINE

    assert ENGINE.eye is not None
    limits = VideoLimits()
    own = ENGINE.eye.look(short_clip, limits)
    assert own is not None
    assert own.duration_s == pytest.approx(2.0, abs=0.1)
    assert ENGINE.eye.apart(own, own) == 0
    assert ENGINE.eye.apart(own, replace(own, signs=b"damaged")) == float("inf")
