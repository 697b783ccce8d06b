"""Only one of several bot processes shows an answer."""

from __future__ import annotations

import asyncio

from core.services import requests
from core.services.requests import ANSWERING_FOR
from core.store import Asker, Origin, Store
from tests.synth.logs import NOON, Clock, make_question, make_report


async def answered(store: Store) -> int:
    question = make_question(asker=Asker(Origin.DISCORD, 1, 2, 3))
    return (await store.checks.add_answered(question, make_report(), NOON)).id


async def test_of_many_processes_one_shows_the_answer(store: Store) -> None:
    case, clock, shown = await answered(store), Clock(), []

    async def bot(name: str) -> None:
        async with requests.answering(store, case, clock, poll_s=0.01) as mine:
            if mine:
                shown.append(name)
                await requests.mark_answered(store, case, clock)

    await asyncio.gather(*(bot(f"bot {n}") for n in range(5)))

    assert len(shown) == 1


async def test_a_process_that_dies_while_it_answers_is_followed_by_another(store: Store) -> None:
    case, clock = await answered(store), Clock()
    until = clock() + ANSWERING_FOR
    assert await store.checks.begin_answer(case, clock(), until)
    assert not await store.checks.begin_answer(case, clock(), until)

    clock.forward(ANSWERING_FOR.total_seconds() + 1)
    async with requests.answering(store, case, clock, poll_s=0.01) as mine:
        assert mine


async def test_an_answer_that_could_not_be_shown_is_left_to_others_at_once(store: Store) -> None:
    case, clock = await answered(store), Clock()
    async with requests.answering(store, case, clock, poll_s=0.01):
        pass

    async with asyncio.timeout(30), requests.answering(store, case, clock, poll_s=0.01) as mine:
        assert mine


async def test_the_right_is_prolonged_only_by_who_has_it(store: Store) -> None:
    case, clock = await answered(store), Clock()
    first, longer = clock() + ANSWERING_FOR, clock() + 2 * ANSWERING_FOR

    assert await store.checks.begin_answer(case, clock(), first)
    assert await store.checks.begin_answer(case, clock(), longer, mine=first)
    assert not await store.checks.begin_answer(case, clock(), longer, mine=first)
    clock.forward(ANSWERING_FOR.total_seconds() + 1)
    assert not await store.checks.begin_answer(case, clock(), longer)


async def test_an_answer_that_was_shown_is_marked_once_and_never_shown_again(store: Store) -> None:
    case, clock = await answered(store), Clock()

    assert await requests.mark_answered(store, case, clock)
    assert not await requests.mark_answered(store, case, clock)
    async with requests.answering(store, case, clock, poll_s=0.01) as mine:
        assert not mine
