"""Budgets: what is left, and when more is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.services.budgets import Budget, Budgets
from core.store import Asker, Origin, Store
from core.types import GuildSettings
from tests.synth.logs import NOON, Clock, make_question
from tests.synth.moderation import ANN, BOB, GUILD, OTHER_GUILD, answered, asked_by

SETTINGS = GuildSettings(GUILD, user_daily_budget=2, guild_daily_budget=3)
LATER = NOON + timedelta(hours=6)


@pytest.fixture
def budgets(store: Store) -> Budgets:
    return Budgets(store, Clock(LATER))


async def test_nothing_used_leaves_everything(budgets: Budgets) -> None:
    assert await budgets.left(SETTINGS, ANN) == Budget(2, 3, LATER)


async def test_a_check_costs_the_asker_and_the_server_and_nobody_else(store: Store, budgets: Budgets) -> None:
    await answered(store)

    assert await budgets.left(SETTINGS, ANN) == Budget(1, 2, LATER)
    assert await budgets.left(SETTINGS, BOB) == Budget(2, 2, LATER)
    assert await budgets.left(replace(SETTINGS, guild_id=OTHER_GUILD), ANN) == Budget(2, 3, LATER)
    assert not (await budgets.left(SETTINGS, ANN)).is_used_up


async def test_who_used_it_up_is_told_when_the_first_is_a_day_old(store: Store, budgets: Budgets) -> None:
    await answered(store, at=NOON)
    await answered(store, at=NOON + timedelta(hours=1))

    left = await budgets.left(SETTINGS, ANN)
    assert left == Budget(0, 1, NOON + timedelta(hours=24))
    assert left.is_used_up
    lowered = await budgets.left(replace(SETTINGS, user_daily_budget=1), ANN)
    assert lowered.resets_at == NOON + timedelta(hours=25)


async def test_a_server_that_used_it_up_stops_everybody_and_scans(store: Store, budgets: Budgets) -> None:
    for number in range(3):
        await answered(store, asker=asked_by(number), at=NOON + timedelta(hours=number))

    assert await budgets.left(SETTINGS, ANN) == Budget(2, 0, NOON + timedelta(hours=24))
    assert (await budgets.left(SETTINGS, None)).guild_left == 0


async def test_the_day_moves_with_the_clock(store: Store) -> None:
    await answered(store)
    clock = Clock(NOON + timedelta(hours=24))

    assert await Budgets(store, clock).left(SETTINGS, ANN) == Budget(2, 3, clock.now)


async def test_repeats_and_questions_taken_back_in_time_are_free_and_others_not(store: Store, budgets: Budgets) -> None:
    asker = asked_by()
    first = await answered(store)
    await store.checks.add_repeat(make_question(asker=asker, requested_at=NOON), first)
    waiting = await store.checks.add(make_question(b"w", asker=asker, requested_at=NOON))
    await store.checks.cancel(waiting.id, NOON)
    assert (await budgets.left(SETTINGS, ANN)).user_left == 1

    started = await store.checks.add(make_question(b"s", asker=asker, requested_at=NOON))
    await store.queue.claim("w1", NOON, timedelta(seconds=30))
    await store.checks.cancel(started.id, NOON)
    assert (await budgets.left(SETTINGS, ANN)).user_left == 0


async def test_direct_messages_have_a_budget_of_their_own(store: Store, budgets: Budgets) -> None:
    await answered(store)
    await answered(store, asker=Asker(Origin.DISCORD, ANN, channel_id=9))

    assert await budgets.left(None, ANN) == Budget(19, 19, LATER)


async def test_a_budget_of_nothing_is_used_up(budgets: Budgets) -> None:
    left = await budgets.left(replace(SETTINGS, user_daily_budget=0), ANN)

    assert left == Budget(0, 3, LATER + timedelta(hours=24))
