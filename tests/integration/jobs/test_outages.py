"""The log away, the disk full, the files read-only: one sentence, the part is named, and all goes on by itself."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import MediaStoreError, StoreError
from core.jobs.loop import Timing, Worker
from core.jobs.worker import run_worker
from core.media.counting import Counting
from core.media.local import LocalMedia
from core.services import requests
from core.services.analysis import Engine
from core.services.clock import utc_now
from core.services.folders import Folders
from core.services.operations import Operations
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.settings import Settings, VideoLimits
from core.store import Store, WorkerSeen, open_store
from core.store.sentences import UNREACHED
from core.types import Analysis, ProgressCallback
from tests.synth import engines
from tests.synth.logs import analyse, becomes
from tests.synth.outages import Outage
from tests.synth.postgres import PostgresServer
from tests.synth.raw import run_sql

TIMING = Timing(lease_s=30, tick_s=0.02, grace_s=5, again_s=0.02)
MEBIBYTE = 1 << 20
LOST_FOR_S = 60.0
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def settings(log_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=log_url)


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(monkeypatch)


def _mount(*arguments: str) -> None:
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"nothing can be mounted here: {error}")


def _unmount(place: Path) -> None:
    subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    _mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place))
    yield place
    _unmount(place)


def fill(disk: Path) -> Path:
    """Take up all room of a disk; deleting the file that this returns gives it back."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return ballast
    raise AssertionError


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*")]


class ReadOnly:
    """A folder that can be made read-only under `seen`, and writable again, while programs look into it."""

    def __init__(self, real: Path, seen: Path) -> None:
        self.seen = seen
        seen.mkdir()
        _mount("--bind", str(real), str(seen))

    def set(self, *, read_only: bool) -> None:
        _mount("-o", f"remount,bind,{'ro' if read_only else 'rw'}", str(self.seen))


@pytest.fixture
def locked_folder(tmp_path: Path) -> Iterator[ReadOnly]:
    (tmp_path / "real").mkdir()
    folder = ReadOnly(tmp_path / "real", tmp_path / "seen")
    yield folder
    _unmount(folder.seen)


async def ask(store: Store, folders: Folders, media: bytes = b"a clip") -> Check:
    return await requests.request_check(
        store, media, Asker(Origin.WEB), source_name="a.mp4", folders=folders, max_bytes=4 * MEBIBYTE
    )


async def over(store: Store, check: Check) -> Check:
    async with asyncio.timeout(60):
        async for state in requests.watch(store, check.id, poll_s=0.02):
            last = state.check
    return last


@asynccontextmanager
async def working(settings: Settings, engine: Engine, timing: Timing = TIMING) -> AsyncIterator[None]:
    stop = asyncio.Event()
    work = asyncio.create_task(run_worker(settings, stop, engine=engine, name="w1", timing=timing))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(work, 30)


def make_worker(store: Store, settings: Settings, engine: Engine) -> Worker:
    return Worker(
        store, engine=engine, folders=Folders(settings.data_dir), limits=settings.video, keep_figures_s=3600,
        name="w1", timing=TIMING, clock=utc_now,
    )  # fmt: skip


async def started(settings: Settings) -> None:
    async def has_started() -> bool:
        return (settings.data_dir / "started").exists()

    await becomes(has_started)


class TestALogThatIsAway:
    async def test_what_an_analysis_found_meanwhile_is_kept_and_stored_when_it_is_back(
        self, store: Store, settings: Settings, outage: Outage
    ) -> None:
        asked = await ask(store, Folders(settings.data_dir))
        async with working(settings, engines.WAITING):
            await started(settings)
            outage.away = True
            (settings.data_dir / "go").touch()

            async def refused_often() -> bool:
                return outage.refused > 10

            await becomes(refused_often)
            outage.away = False
            check = await over(store, asked)

        assert (check.status, check.attempts) == (CheckStatus.DONE, 1)
        assert (settings.data_dir / "started").read_text().splitlines() == ["started"]

    async def test_an_idle_worker_goes_on_by_itself(self, store: Store, settings: Settings, outage: Outage) -> None:
        async with working(settings, engines.QUICK):
            outage.away = True
            await asyncio.sleep(0)

            async def refused() -> bool:
                return outage.refused > 2 or settings.resolved_database_url.startswith("postgresql")

            await becomes(refused)
            outage.away = False
            check = await over(store, await ask(store, Folders(settings.data_dir)))

        assert check.status is CheckStatus.DONE

    @pytest.mark.parametrize("database", ["postgresql"])
    async def test_a_worker_of_many_machines_joins_the_queue_anew_when_it_is_back(
        self, store: Store, settings: Settings, outage: Outage, log_url: str
    ) -> None:
        async def joined() -> bool:
            return len(run_sql(log_url, "SELECT id FROM procrastinate_workers")) == 1

        async with working(settings, engines.QUICK, replace(TIMING, lease_s=0.9)):
            await becomes(joined)
            before = run_sql(log_url, "SELECT id FROM procrastinate_workers")
            outage.away = True

            async def refused() -> bool:
                return outage.refused > 2

            await becomes(refused)
            outage.away = False

            async def joined_anew() -> bool:
                return run_sql(log_url, "SELECT id FROM procrastinate_workers") not in ([], before)

            await becomes(joined_anew)
            check = await over(store, await ask(store, Folders(settings.data_dir)))

        assert check.status is CheckStatus.DONE

    async def test_who_could_not_reach_it_takes_nobody_for_dead(
        self, store: Store, settings: Settings, outage: Outage
    ) -> None:
        asked = await ask(store, Folders(settings.data_dir))
        claim = await store.queue.claim_one(asked.id, "alive", utc_now() - timedelta(minutes=2), timedelta(seconds=30))
        assert claim is not None
        worker, stop = make_worker(store, settings, engines.QUICK), asyncio.Event()
        outage.away = True
        run = asyncio.create_task(worker.run(stop))

        async def refused() -> bool:
            return outage.refused > 1

        await becomes(refused)
        outage.away = False

        assert await worker.take_from_the_dead() == 0
        assert await store.queue.heartbeat(claim, utc_now(), timedelta(seconds=30), None)
        stop.set()
        await run
        found = await store.checks.get(asked.id)
        assert found is not None
        assert (found.status, found.worker) == (CheckStatus.RUNNING, "alive")

    async def test_it_is_not_ready_and_says_which_part(self, store: Store, outage: Outage) -> None:
        await store.workers.beat(WorkerSeen("w", "box", utc_now()))
        operations = Operations(store, None)
        outage.away = True
        assert not (await operations.readiness()).database

        outage.away = False
        assert (await operations.readiness()).is_ready


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_server_that_is_killed_and_away_for_a_minute_loses_nothing(tmp_path: Path) -> None:
    # Not in a folder of pytest: the path of a socket must be short, and the server's own user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="facepulse-pg-"))
    server = await asyncio.to_thread(PostgresServer, folder / "data", hasty=False)
    try:
        settings = Settings(data_dir=tmp_path / "data", database_url=server.url(server.fresh()))
        async with open_store(settings.resolved_database_url) as store, working(settings, engines.WAITING, Timing()):
            folders = Folders(settings.data_dir)
            asked = [await ask(store, folders, clip) for clip in (b"in work", b"waiting")]
            await started(settings)
            await asyncio.to_thread(server.kill)
            (settings.data_dir / "go").touch()
            with pytest.raises(StoreError, match=UNREACHED[:20]):
                await ask(store, folders, b"meanwhile")
            await asyncio.sleep(LOST_FOR_S)
            await asyncio.to_thread(server.start_again)
            async with asyncio.timeout(120):
                answered = [await _patiently_over(store, check) for check in asked]
    finally:
        await asyncio.to_thread(server.close)
        shutil.rmtree(folder, ignore_errors=True)

    assert [(check.status, check.attempts) for check in answered] == [(CheckStatus.DONE, 1)] * 2


async def _patiently_over(store: Store, check: Check) -> Check:
    while True:
        try:
            found = await store.checks.get(check.id)
        except StoreError:
            found = None
        if found is not None and found.is_final:
            return found
        await asyncio.sleep(0.2)


class Fills:
    """An engine that finds the disk full when it comes to draw."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self.ballast: Path | None = None
        self.engine = Engine(self._analyse, self._draw, engines.nothing_to_load)

    def _analyse(self, path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
        return analyse(path, limits, progress)

    def _draw(self, analysis: Analysis, folder: Path, clip_name: str) -> None:
        self.ballast = fill(self._disk)
        (folder / "evidence.png").write_bytes(bytes(MEBIBYTE))


class TestAFullDisk:
    @on_sqlite
    async def test_a_clip_that_cannot_be_kept_is_one_sentence_and_nothing_is_logged(
        self, store: Store, small_disk: Path
    ) -> None:
        folders, ballast = Folders(small_disk), fill(small_disk)
        with pytest.raises(MediaStoreError) as refused:
            await ask(store, folders, bytes(MEBIBYTE))
        assert str(refused.value).count(". ") == 0
        assert await store.checks.unfinished(Origin.WEB) == ()
        assert names_in(small_disk / "incoming") == []

        ballast.unlink()
        assert (await ask(store, folders, bytes(MEBIBYTE))).status is CheckStatus.QUEUED

    async def test_a_log_that_cannot_grow_is_one_sentence_and_goes_on_when_there_is_room(
        self, sqlite_url: str, tmp_path: Path, small_disk: Path
    ) -> None:
        shutil.copy(tmp_path / "facepulse.sqlite3", small_disk / "log.sqlite3")
        async with open_store(f"sqlite+aiosqlite:///{small_disk / 'log.sqlite3'}") as store:
            folders, operations = Folders(tmp_path / "elsewhere"), Operations(store, None)
            await store.workers.beat(WorkerSeen("w", "box", utc_now()))
            ballast = fill(small_disk)
            with pytest.raises(StoreError, match=r"^The database cannot be written: the disk is full\.$"):
                for number in range(200):  # until what was reserved is used up
                    await ask(store, folders, f"clip {number}".encode())
            assert not (await operations.readiness()).database

            ballast.unlink()
            assert (await operations.readiness()).is_ready
            assert (await ask(store, folders, b"after that")).status is CheckStatus.QUEUED

    @on_sqlite
    async def test_figures_that_find_no_room_do_not_cost_the_answer(
        self, store: Store, settings: Settings, small_disk: Path
    ) -> None:
        settings = settings.model_copy(update={"data_dir": small_disk})
        filling = Fills(small_disk)
        asked = await ask(store, Folders(small_disk))
        async with working(settings, filling.engine):
            check = await over(store, asked)

        assert (check.status, check.attempts) == (CheckStatus.DONE, 1)
        assert not (small_disk / "outgoing" / str(check.id)).exists()

    @on_sqlite
    async def test_it_is_told_as_trouble_with_the_media(
        self, store: Store, settings: Settings, small_disk: Path
    ) -> None:
        operations = Operations(store, None, media=Counting(LocalMedia(small_disk)))
        ballast = fill(small_disk)
        state = await operations.readiness()
        assert (state.database, state.media) == (True, False)

        ballast.unlink()
        assert (await operations.readiness()).media


class TestReadOnlyFiles:
    async def test_a_log_that_may_only_be_read_is_one_sentence_and_written_again_when_it_may(
        self, sqlite_url: str, tmp_path: Path, locked_folder: ReadOnly
    ) -> None:
        shutil.copy(tmp_path / "facepulse.sqlite3", tmp_path / "real" / "log.sqlite3")
        async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'real' / 'log.sqlite3'}") as owner:
            await owner.workers.beat(WorkerSeen("w", "box", utc_now()))  # keeps what a reader needs beside the file
            locked_folder.set(read_only=True)
            async with open_store(f"sqlite+aiosqlite:///{locked_folder.seen / 'log.sqlite3'}") as store:
                folders, operations = Folders(tmp_path / "elsewhere"), Operations(store, None)
                with pytest.raises(StoreError, match=r"^The database cannot be written: .* read-only\.$"):
                    await ask(store, folders)
                assert not (await operations.readiness()).database

                locked_folder.set(read_only=False)
                assert (await operations.readiness()).is_ready
                assert (await ask(store, folders)).status is CheckStatus.QUEUED

    @on_sqlite
    async def test_a_data_folder_that_may_only_be_read_is_one_sentence_and_used_again_when_it_may(
        self, store: Store, locked_folder: ReadOnly
    ) -> None:
        folders, media = Folders(locked_folder.seen), Counting(LocalMedia(locked_folder.seen))
        operations = Operations(store, None, media=media)
        locked_folder.set(read_only=True)
        with pytest.raises(MediaStoreError, match=r"the data folder is not writable\.$"):
            await ask(store, folders)
        state = await operations.readiness()
        assert (state.database, state.media) == (True, False)

        locked_folder.set(read_only=False)
        assert (await operations.readiness()).media
        assert (await ask(store, folders)).status is CheckStatus.QUEUED
