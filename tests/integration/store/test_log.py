"""The history lists what was asked for, newest first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.services import history
from core.store import Asker, CheckStatus, HistoryFilter, Origin, Store
from core.types import VerdictLabel
from tests.synth.logs import NOON, make_question, make_report, sha256_of

HOUR = timedelta(hours=1)


@pytest.fixture
async def log(store: Store) -> Store:
    """Five checks: 1 fake (cli), 2 inconclusive (Discord, an hour later), 3 failed, 4 queued, 5 repeats 1."""
    fake = await store.checks.add_answered(make_question(b"a"), make_report(b"a"), NOON + timedelta(seconds=7.5))
    await store.checks.add_answered(
        make_question(b"b", requested_at=NOON + HOUR, asker=Asker(Origin.DISCORD, 11, 22, 33, 44)),
        make_report(b"b", VerdictLabel.INCONCLUSIVE),
        NOON + HOUR,
    )
    await store.checks.add_failed(
        make_question(clip_sha256=None, size_bytes=None, requested_at=NOON + 2 * HOUR), "clip", "No.", NOON + 2 * HOUR
    )
    await store.checks.add(make_question(b"c", requested_at=NOON + 3 * HOUR, asker=Asker(Origin.DISCORD, 12, 22)))
    await store.checks.add_repeat(make_question(b"a", requested_at=NOON + 4 * HOUR), fake)
    return store


@pytest.mark.parametrize(
    ("wanted", "cases"),
    [
        (HistoryFilter(), [5, 4, 3, 2, 1]),
        (HistoryFilter(limit=2), [5, 4]),
        (HistoryFilter(limit=2, offset=3), [2, 1]),
        (HistoryFilter(verdict=VerdictLabel.LIKELY_FAKE), [5, 1]),
        (HistoryFilter(verdict=VerdictLabel.LIKELY_REAL), []),
        (HistoryFilter(status=CheckStatus.FAILED), [3]),
        (HistoryFilter(origin=Origin.DISCORD), [4, 2]),
        (HistoryFilter(guild_id=22, requester_id=11), [2]),
        (HistoryFilter(since=NOON + HOUR, until=NOON + 3 * HOUR), [3, 2]),
        (HistoryFilter(sha256_prefix=sha256_of(b"a")[:9].upper()), [5, 1]),
        (HistoryFilter(sha256_prefix="%"), []),
        (HistoryFilter(verdict=VerdictLabel.LIKELY_FAKE, until=NOON + HOUR), [1]),
    ],
)
async def test_every_condition_is_kept(log: Store, wanted: HistoryFilter, cases: list[int]) -> None:
    assert [row.id for row in await history.find(log, wanted)] == cases


async def test_a_line_tells_who_asked_what_was_found_and_how_long_it_took(log: Store) -> None:
    repeat, waiting, failed, discord, fake = await history.find(log, HistoryFilter())

    assert (fake.label, fake.probability_fake, fake.took_s) == (VerdictLabel.LIKELY_FAKE, 0.93, 7.5)
    assert discord.asker == Asker(Origin.DISCORD, 11, 22, 33, 44)
    assert (failed.status, failed.error_sentence, failed.clip_sha256) == (CheckStatus.FAILED, "No.", None)
    assert (waiting.status, waiting.took_s, waiting.label) == (CheckStatus.QUEUED, None, None)
    assert (repeat.repeats_check_id, repeat.label) == (fake.id, VerdictLabel.LIKELY_FAKE)


async def test_one_check_is_found_with_its_report(log: Store) -> None:
    check = await history.get(log, 1)

    assert check is not None
    assert check.report() == make_report(b"a")
    assert await history.get(log, 99) is None
