"""What is kept goes when its time is over: rows become counts, files are deleted."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import StoreError
from core.services import retention
from core.services.evidence import UNFLAGGED_FOR, EvidenceFolder
from core.services.folders import Folders
from core.services.guilds import Guilds
from core.services.retention import Swept, retain, sweep
from core.services.reviews import CaseFilter, CaseState, FlagKind, Reviews
from core.services.statistics import Statistics
from core.store import Asker, Check, Origin, Store
from tests.synth.logs import NOON, Clock, make_question
from tests.synth.moderation import ANN, GUILD, MOD, OTHER_GUILD, answered, asked_by
from tests.synth.raw import run_sql

DAY = timedelta(days=1)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store, Clock(NOON + timedelta(hours=1)))


async def swept(store: Store, folders: Folders, days: float) -> Swept:
    return await sweep(store, folders, Clock(NOON + days * DAY))


async def is_kept(store: Store, check: Check) -> bool:
    found = await store.checks.get(check.id)
    assert found is not None
    return found.expired_at is None


async def decide(reviews: Reviews, check: Check) -> None:
    await reviews.decide(check.id, guild_id=GUILD, by=MOD, state=CaseState.UPHELD, reason="seen", reason_required=False)


async def test_a_check_expires_after_the_days_of_its_server(store: Store, folders: Folders) -> None:
    await Guilds(store).change(GUILD, by=MOD, retention_days=7)
    short, long = await answered(store), await answered(store, b"b", asker=asked_by(guild_id=OTHER_GUILD))

    assert await swept(store, folders, 6.9) == Swept(0, 0)
    assert await swept(store, folders, 7.1) == Swept(1, 0)
    assert (await is_kept(store, short), await is_kept(store, long)) == (False, True)
    assert await swept(store, folders, 7.1) == Swept(0, 0)
    assert await swept(store, folders, 90.1) == Swept(1, 0)


async def test_what_expired_is_a_count_and_nothing_else(
    store: Store, folders: Folders, reviews: Reviews, log_url: str
) -> None:
    check = await answered(store, name="holiday.mp4")
    await reviews.flag(check.id, kind=FlagKind.MEMBER, by=ANN, note="odd")
    await decide(reviews, check)
    with folders.drawing(check.id) as figures:
        (figures / "evidence.png").touch()

    await swept(store, folders, 91)

    found = await store.checks.get(check.id)
    assert found is not None
    assert found.asker == Asker(Origin.DISCORD, guild_id=GUILD)
    assert (found.source_name, found.clip_sha256, found.report_json, found.probability_fake) == ("", None, None, None)
    assert (found.status, found.label, found.requested_at) == (check.status, check.label, NOON)
    assert folders.figure_names(check.id) == ()
    for table in ("evidence", "clips", "disputes"):
        assert run_sql(log_url, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert run_sql(log_url, "SELECT decided_by, flagged_by, reason FROM cases") == [(None, None, None)]
    assert run_sql(log_url, "SELECT CAST(details_json AS TEXT) FROM audit") == [("{}",)]
    assert await reviews.find(CaseFilter(GUILD)) == ()


async def test_the_counts_of_a_server_do_not_change_when_checks_expire(
    store: Store, folders: Folders, reviews: Reviews
) -> None:
    check = await answered(store)
    await reviews.flag(check.id, kind=FlagKind.AUTOMATIC)
    await decide(reviews, check)
    await store.checks.add_failed(make_question(asker=asked_by()), "unreadable", "Not a video.", NOON)
    statistics = Statistics(store, Clock(NOON + 100 * DAY))
    before = await statistics.of_guild(GUILD, NOON)

    assert (await swept(store, folders, 91)).checks == 2

    assert await statistics.of_guild(GUILD, NOON) == before
    assert (before.totals.likely_fake, before.totals.failed, before.upheld) == (1, 1, 1)


async def test_a_case_that_nobody_decided_goes_with_its_check(store: Store, folders: Folders, reviews: Reviews) -> None:
    check = await answered(store)
    await reviews.flag(check.id, kind=FlagKind.AUTOMATIC)

    await swept(store, folders, 91)

    assert await reviews.next_open(GUILD) is None
    assert (await Statistics(store, Clock(NOON + 91 * DAY)).of_guild(GUILD, NOON)).open_cases == 0


async def test_direct_messages_expire_and_what_the_operator_asked_stays(store: Store, folders: Folders) -> None:
    private = await answered(store, asker=Asker(Origin.DISCORD, ANN, channel_id=9))
    local = await answered(store, b"b", asker=Asker(Origin.WEB))

    await swept(store, folders, 91)

    assert (await is_kept(store, private), await is_kept(store, local)) == (False, True)


async def test_a_clip_that_somebody_else_asked_about_stays_known(store: Store, folders: Folders, log_url: str) -> None:
    await answered(store)
    newer = await answered(store, at=NOON + 50 * DAY)

    assert (await swept(store, folders, 91)).checks == 1

    assert run_sql(log_url, "SELECT sha256 FROM clips") == [(newer.clip_sha256,)]


async def test_a_question_without_an_answer_does_not_expire(store: Store, folders: Folders) -> None:
    waiting = await store.checks.add(make_question(asker=asked_by()))

    assert await swept(store, folders, 4000) == Swept(0, 0)
    assert await is_kept(store, waiting)


async def test_more_checks_than_fit_into_one_transaction_all_expire(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.expiry.AT_ONCE", 2)
    for number in range(5):
        await answered(store, bytes([number]))

    assert (await swept(store, folders, 91)).checks == 5


async def test_evidence_stays_while_a_case_is_open_and_goes_with_its_decision(
    store: Store, folders: Folders, reviews: Reviews
) -> None:
    await Guilds(store).change(GUILD, by=MOD, keep_evidence=True)
    evidence = EvidenceFolder(folders.media)
    still_open, decided, unflagged = [await answered(store, bytes([number])) for number in range(3)]
    for check in (still_open, decided, unflagged):
        evidence.keep(GUILD, check.id, b"clip")
    for check in (still_open, decided):
        await reviews.flag(check.id, kind=FlagKind.AUTOMATIC)
    await decide(reviews, decided)

    def kept() -> list[int]:
        return sorted(evidence.kept().get(GUILD, []))

    await swept(store, folders, 1)
    assert kept() == [still_open.id, unflagged.id]
    await swept(store, folders, UNFLAGGED_FOR / DAY + 0.01)
    assert kept() == [still_open.id]
    await swept(store, folders, 91)
    assert kept() == []


async def test_evidence_of_checks_that_are_not_there_or_have_no_answer_goes(store: Store, folders: Folders) -> None:
    await Guilds(store).change(GUILD, by=MOD, keep_evidence=True)
    failed = await store.checks.add_failed(make_question(asker=asked_by()), "unreadable", "Not a video.", NOON)
    running = await store.checks.add(make_question(asker=asked_by()))
    evidence = EvidenceFolder(folders.media)
    for number in (failed.id, running.id, 999):
        evidence.keep(GUILD, number, b"clip")

    assert await swept(store, folders, 0.1) == Swept(0, 2)
    assert evidence.kept() == {GUILD: [running.id]}


async def test_a_server_that_turns_evidence_off_keeps_only_what_is_under_review(
    store: Store, folders: Folders, reviews: Reviews
) -> None:
    evidence = EvidenceFolder(folders.media)
    still_open, unflagged = await answered(store), await answered(store, b"b")
    for check in (still_open, unflagged):
        evidence.keep(GUILD, check.id, b"clip")
    await reviews.flag(still_open.id, kind=FlagKind.AUTOMATIC)

    await swept(store, folders, 0.1)

    assert evidence.kept() == {GUILD: [still_open.id]}


async def test_the_service_sweeps_again_after_trouble(
    store: Store, folders: Folders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sweeps = asyncio.Semaphore(0)

    async def fail_once(*_: object) -> Swept:
        sweeps.release()
        if not caplog.records:
            raise StoreError("The database is busy.")
        return Swept(3, 0)

    monkeypatch.setattr(retention, "sweep", fail_once)
    with caplog.at_level(logging.INFO):
        loop = asyncio.create_task(retain(store, folders, every_s=0.0))
        for _ in range(3):
            await sweeps.acquire()
        loop.cancel()
        await asyncio.wait([loop])

    assert "the next one tries again" in caplog.text
    assert "3 checks and 0 demos expired" in caplog.text
