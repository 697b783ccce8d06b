"""Asking for a check, watching it, taking it back."""

from __future__ import annotations

import subprocess
import sys
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import ClipNotFoundError, ClipTooLargeError, OutputError, StoreError
from core.services import requests
from core.services.folders import Folders
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.store import NewCheck, Store
from core.types import Progress, Stage, VerdictLabel
from tests.synth.logs import NOON, Clock, make_question, make_report, sha256_of
from tests.synth.outages import Outage

MEDIA = b"the bytes of a clip"
LEASE = timedelta(seconds=30)
ASKER = Asker(Origin.DISCORD, 1, 2, 3, 4)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def ask(store: Store, data_dir: Path, media: bytes | Path = MEDIA, max_bytes: int = 1000) -> Check:
    return await requests.request_check(
        store, media, ASKER, source_name="a.mp4", folders=Folders(data_dir), max_bytes=max_bytes, clock=Clock()
    )


def waiting(data_dir: Path) -> list[bytes]:
    return [path.read_bytes() for path in (data_dir / "incoming").glob("*")]


@pytest.mark.parametrize("as_file", [False, True])
async def test_a_new_clip_is_queued_with_its_bytes(store: Store, data_dir: Path, tmp_path: Path, as_file: bool) -> None:
    original = tmp_path / "a clip 🙂.mp4"
    original.write_bytes(MEDIA)

    check = await ask(store, data_dir, original if as_file else MEDIA)

    assert (check.status, check.asker, check.clip_sha256) == (CheckStatus.QUEUED, ASKER, sha256_of(MEDIA))
    assert (check.requested_at, check.versions_key) == (NOON, requests.versions_key())
    assert check.incoming_name is not None
    assert (data_dir / "incoming" / check.incoming_name).read_bytes() == MEDIA
    assert original.exists()


async def test_a_known_clip_is_answered_at_once_and_says_so(store: Store, data_dir: Path) -> None:
    known = make_question(MEDIA, versions_key=requests.versions_key())
    earlier = await store.checks.add_answered(known, make_report(MEDIA), NOON)

    check = await ask(store, data_dir)

    assert (check.status, check.repeats_check_id, check.report()) == (CheckStatus.DONE, earlier.id, make_report(MEDIA))
    assert check.label is VerdictLabel.LIKELY_FAKE
    assert waiting(data_dir) == []


async def test_a_clip_known_to_other_versions_is_analysed_again(store: Store, data_dir: Path) -> None:
    await store.checks.add_answered(make_question(MEDIA, versions_key="older"), make_report(MEDIA), NOON)

    assert (await ask(store, data_dir)).status is CheckStatus.QUEUED


async def test_a_clip_over_the_limit_is_not_taken(store: Store, data_dir: Path) -> None:
    with pytest.raises(ClipTooLargeError, match=r"a\.mp4 has .* MiB"):
        await ask(store, data_dir, max_bytes=len(MEDIA) - 1)

    assert await store.checks.unfinished(Origin.DISCORD) == ()
    assert waiting(data_dir) == []


async def test_a_file_that_is_not_there_is_not_asked_about(store: Store, data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ClipNotFoundError, match=r"gone\.mp4"):
        await ask(store, data_dir, tmp_path / "gone.mp4")

    assert await store.checks.unfinished(Origin.DISCORD) == ()


async def test_a_data_folder_that_cannot_be_written_is_a_sentence(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OutputError, match="not writable"):
        await ask(store, tmp_path / "file")

    assert await store.checks.unfinished(Origin.DISCORD) == ()


async def test_no_clip_stays_behind_when_the_log_fails(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(new: object) -> Check:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store.checks, "add", fails)

    with pytest.raises(StoreError, match="disk is full"):
        await ask(store, data_dir)
    assert waiting(data_dir) == []


async def test_a_clip_whose_row_may_have_been_written_before_the_log_was_lost_stays_for_the_sweep(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage, add = Outage(monkeypatch), store.checks.add

    async def lost_after_the_commit(new: NewCheck) -> Check:
        await add(new)
        outage.away = True
        raise StoreError("The connection was lost.")

    monkeypatch.setattr(store.checks, "add", lost_after_the_commit)
    with pytest.raises(StoreError, match="lost"):
        await ask(store, data_dir)
    outage.away = False

    assert len(await store.checks.unfinished(Origin.DISCORD)) == 1
    assert waiting(data_dir) == [MEDIA]


async def test_a_watcher_sees_queue_progress_and_answer(store: Store, data_dir: Path) -> None:
    other = await store.checks.add(make_question(requested_at=NOON - timedelta(seconds=1)))
    check = await ask(store, data_dir)
    progress = Progress(Stage.FRAMES, 5, 10, 2.0)
    seen = []

    async with aclosing(requests.watch(store, check.id, poll_s=0)) as states:
        async for state in states:
            seen.append((state.check.status, state.ahead, state.check.progress))
            if state.ahead == 1:
                await store.checks.cancel(other.id, NOON)
            elif state.ahead == 0:
                claim = await store.queue.claim("w", NOON, LEASE)
            elif state.check.status is CheckStatus.RUNNING and state.check.progress is None:
                assert claim is not None
                await store.queue.heartbeat(claim, NOON, LEASE, progress)
            elif state.check.status is CheckStatus.RUNNING:
                await store.queue.finish(claim, make_report(MEDIA), "v1", NOON)

    assert seen == [
        (CheckStatus.QUEUED, 1, None),
        (CheckStatus.QUEUED, 0, None),
        (CheckStatus.RUNNING, None, None),
        (CheckStatus.RUNNING, None, progress),
        (CheckStatus.DONE, None, None),
    ]


async def test_watching_a_check_that_is_not_there_is_a_sentence(store: Store) -> None:
    with pytest.raises(StoreError, match="no check number 7"):
        async for _ in requests.watch(store, 7):
            pass


async def test_a_queued_check_taken_back_leaves_no_clip(store: Store, data_dir: Path) -> None:
    check = await ask(store, data_dir)

    assert await requests.cancel(store, check.id, folders=Folders(data_dir))
    assert not await requests.cancel(store, check.id, folders=Folders(data_dir))

    assert waiting(data_dir) == []
    assert [state.check.status async for state in requests.watch(store, check.id)] == [CheckStatus.CANCELLED]


async def test_the_clip_of_a_running_check_is_left_to_its_worker(store: Store, data_dir: Path) -> None:
    check = await ask(store, data_dir)
    await store.queue.claim("w", NOON, LEASE)

    assert await requests.cancel(store, check.id, folders=Folders(data_dir))

    assert waiting(data_dir) == [MEDIA]


@pytest.mark.parametrize("module", ["core.services.requests", "core.services.history", "core.store", "core.jobs.local"])
def test_asking_loads_no_analysis(module: str) -> None:
    heavy = {"torch", "cv2", "av", "scipy", "onnxruntime", "matplotlib", "core.pipeline", "core.video"}
    code = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
