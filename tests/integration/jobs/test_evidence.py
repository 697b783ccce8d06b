"""Clips are deleted after their check, except where a server keeps them as evidence."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from core.services import requests
from core.services.analysis import Engine
from core.services.evidence import EvidenceFolder
from core.services.folders import Folders
from core.services.guilds import Guilds
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.store import Store
from tests.integration.jobs.test_loop import MEDIA, make_worker
from tests.synth import engines
from tests.synth.logs import Clock
from tests.synth.moderation import GUILD, MOD, OTHER_GUILD, asked_by


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "data")


@pytest.fixture
async def keeping(store: Store) -> None:
    await Guilds(store).change(GUILD, by=MOD, keep_evidence=True)


async def ask(store: Store, folders: Folders, asker: Asker, media: bytes = MEDIA) -> Check:
    return await requests.request_check(
        store, media, asker, source_name="a.mp4", folders=folders, max_bytes=1000, clock=Clock()
    )


async def work(store: Store, folders: Folders, engine: Engine = engines.QUICK) -> None:
    assert await make_worker(store, folders, Clock(), engine).work_once(asyncio.Event())


def evidence_of(folders: Folders, check: Check, guild_id: int = GUILD) -> bytes | None:
    return EvidenceFolder(folders.media).read(guild_id, check.id)


def incoming(folders: Folders) -> list[Path]:
    return list((folders.data_dir / "incoming").glob("*"))


@pytest.mark.usefixtures("keeping")
async def test_a_server_that_keeps_evidence_has_the_clip_after_its_check(store: Store, folders: Folders) -> None:
    check = await ask(store, folders, asked_by())
    await work(store, folders)

    assert evidence_of(folders, check) == MEDIA
    assert incoming(folders) == []


@pytest.mark.usefixtures("keeping")
@pytest.mark.parametrize("asker", [asked_by(guild_id=OTHER_GUILD), Asker(Origin.DISCORD, 1), Asker(Origin.WEB)])
async def test_nobody_elses_clip_is_kept(store: Store, folders: Folders, asker: Asker) -> None:
    await ask(store, folders, asker)
    await work(store, folders)

    assert not (folders.data_dir / "evidence").exists()
    assert incoming(folders) == []


@pytest.mark.usefixtures("keeping")
async def test_the_clip_is_kept_before_the_answer_can_be_read(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = await ask(store, folders, asked_by())
    finish, seen = store.queue.finish, []

    async def looking(*args: object) -> bool:
        seen.append(evidence_of(folders, check))
        return await finish(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store.queue, "finish", looking)
    await work(store, folders)

    assert seen == [MEDIA]


@pytest.mark.usefixtures("keeping")
async def test_a_clip_that_cannot_be_checked_is_not_kept(store: Store, folders: Folders) -> None:
    check = await ask(store, folders, asked_by())
    await work(store, folders, engines.REFUSING)

    assert evidence_of(folders, check) is None
    assert incoming(folders) == []


@pytest.mark.usefixtures("keeping")
async def test_a_check_taken_back_at_the_last_moment_leaves_no_clip(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = await ask(store, folders, asked_by())
    finish = store.queue.finish

    async def too_late(*args: object) -> bool:
        await requests.cancel(store, check.id, folders=folders)
        return await finish(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store.queue, "finish", too_late)
    await work(store, folders)

    found = await store.checks.get(check.id)
    assert found is not None
    assert found.status is CheckStatus.CANCELLED
    assert evidence_of(folders, check) is None
    assert incoming(folders) == []


@pytest.mark.usefixtures("keeping")
async def test_an_answer_from_the_history_keeps_the_clip_too(store: Store, folders: Folders) -> None:
    elsewhere = await ask(store, folders, asked_by(guild_id=OTHER_GUILD))
    meanwhile = await ask(store, folders, asked_by())
    await work(store, folders)
    await work(store, folders)
    later = await ask(store, folders, asked_by())

    assert [check.repeats_check_id for check in (later,)] == [elsewhere.id]
    assert (evidence_of(folders, meanwhile), evidence_of(folders, later)) == (MEDIA, MEDIA)
    assert evidence_of(folders, elsewhere, OTHER_GUILD) is None


@pytest.mark.usefixtures("keeping")
async def test_evidence_that_cannot_be_kept_does_not_cost_the_answer(
    store: Store, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    check = await ask(store, folders, asked_by())
    (folders.data_dir / "evidence").write_text("in the way")
    with caplog.at_level(logging.ERROR):
        await work(store, folders)

    found = await store.checks.get(check.id)
    assert found is not None
    assert found.status is CheckStatus.DONE
    assert "could not be kept as evidence" in caplog.text
