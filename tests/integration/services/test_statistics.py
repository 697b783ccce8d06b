"""Counts of a server by day."""

from datetime import date, timedelta

from core.services.reviews import CaseState, FlagKind, Reviews
from core.services.statistics import Counts, Statistics
from core.store import Store
from core.types import VerdictLabel
from tests.synth.logs import NOON, Clock, make_question
from tests.synth.moderation import GUILD, MOD, OTHER_GUILD, answered, asked_by

DAY = timedelta(days=1)


async def test_every_day_is_counted_also_empty_ones(store: Store) -> None:
    for label, days, times in (
        (VerdictLabel.LIKELY_FAKE, 0, 2),
        (VerdictLabel.LIKELY_REAL, 0, 1),
        (VerdictLabel.INCONCLUSIVE, 2, 3),
        (VerdictLabel.DECLARED_SYNTHETIC, 2, 1),
    ):
        for _ in range(times):
            await answered(store, label=label, at=NOON + days * DAY)
    await store.checks.add_failed(make_question(asker=asked_by()), "unreadable", "Not a video.", NOON)
    await store.checks.add(make_question(asker=asked_by()))
    await answered(store, asker=asked_by(guild_id=OTHER_GUILD))

    found = await Statistics(store, Clock(NOON + 2 * DAY)).of_guild(GUILD, NOON)

    assert [(day.day, day.total) for day in found.days] == [
        (date(2026, 5, 4), 4), (date(2026, 5, 5), 0), (date(2026, 5, 6), 4),
    ]  # fmt: skip
    assert (found.days[0].likely_fake, found.days[0].likely_real, found.days[0].failed) == (2, 1, 1)
    assert found.totals == Counts(2, 1, 3, 1, 1)


async def test_what_was_before_the_moment_does_not_count(store: Store) -> None:
    await answered(store, at=NOON - timedelta(seconds=1))
    await answered(store, at=NOON)

    found = await Statistics(store, Clock(NOON)).of_guild(GUILD, NOON)

    assert (found.totals.total, [day.total for day in found.days]) == (1, [1])


async def test_the_median_wait_leaves_out_repeats(store: Store) -> None:
    statistics = Statistics(store, Clock(NOON + DAY))
    assert (await statistics.of_guild(GUILD, NOON)).median_wait_s is None
    for wait_s in (2.0, 30.0, 4.0):
        first = await answered(store, wait_s=wait_s)
    for _ in range(5):
        await store.checks.add_repeat(make_question(asker=asked_by()), first)

    found = await statistics.of_guild(GUILD, NOON)

    assert found.median_wait_s == 4.0
    assert found.totals.likely_fake == 8


async def test_cases_are_counted_open_now_and_decided_since(store: Store) -> None:
    clock = Clock(NOON)
    reviews = Reviews(store, clock)
    for number, state in enumerate((CaseState.UPHELD, CaseState.UPHELD, CaseState.DISMISSED, None)):
        check = await answered(store, bytes([number]))
        await reviews.flag(check.id, kind=FlagKind.AUTOMATIC)
        if state is not None:
            await reviews.decide(check.id, guild_id=GUILD, by=MOD, state=state, reason=None, reason_required=False)
            clock.forward(60)

    found = await Statistics(store, Clock(NOON + DAY)).of_guild(GUILD, NOON + timedelta(seconds=30))

    assert (found.open_cases, found.upheld, found.dismissed) == (1, 1, 1)


async def test_a_server_without_checks_has_zeros(store: Store) -> None:
    found = await Statistics(store, Clock(NOON)).of_guild(GUILD, NOON + DAY)

    assert (found.days, found.totals, found.open_cases) == ((), Counts(0, 0, 0, 0, 0), 0)
