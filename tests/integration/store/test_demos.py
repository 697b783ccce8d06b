"""Demos in the log: who may be used, the queue after the checks, one answer, withdrawing and forgetting."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta

import psycopg
import pytest

from core.errors import StoreError
from core.store import CheckStatus, Demo, Store, SwapModel, open_store
from core.store.demo_rows import dump_provenance, dump_swap, load_provenance, load_swap
from tests.synth.logs import NOON, becomes, make_question
from tests.synth.raw import conninfo_of, run_sql
from tests.synth.wishes import ASKER, CHANNEL, GUILD, insertion, make_made, make_model, make_swap, make_wish

LEASE, LATER = timedelta(seconds=30), NOON + timedelta(minutes=5)
TAKEN = "This server has a model called ron already; unregister it first."


async def allowed(store: Store, name: str = "ron") -> SwapModel:
    model = await store.swap_models.add(make_model(name), NOON)
    assert await store.swap_models.allow(model, 9, {"model": name}, NOON)
    found = await store.swap_models.get(GUILD, name)
    assert found is not None
    return found


async def wished(store: Store, model: SwapModel, name: str = "driver", **asker: int) -> Demo:
    demo = await store.demos.add(make_wish(model.id, name=name, **asker))
    assert demo is not None
    return demo


async def finished(store: Store, demo: Demo, demo_id: str = "0123abcd") -> Demo:
    claim = await store.demo_queue.claim(demo.id, "w", NOON, LEASE)
    assert claim is not None
    assert await store.demo_queue.finish(claim, make_made(demo_id), NOON)
    made = await store.demos.get(demo.id)
    assert made is not None
    return made


def test_what_is_stored_of_a_network_and_a_demo_is_read_back_whole() -> None:
    made = make_made().provenance

    assert load_swap(dump_swap(make_swap())) == make_swap()
    assert load_provenance(dump_provenance(made)) == made


def test_a_network_stored_by_another_version_is_one_sentence() -> None:
    with pytest.raises(StoreError, match="register it again"):
        load_swap('{"weights": 1}')


async def test_a_registered_network_is_used_only_when_it_was_allowed(store: Store) -> None:
    model = await store.swap_models.add(make_model(), NOON)

    assert not model.is_usable
    assert await store.demos.add(make_wish(model.id)) is None

    assert await store.swap_models.allow(model, 9, {"model": "ron"}, NOON)
    assert not await store.swap_models.allow(model, 9, {}, NOON), "it is allowed once"
    assert (await wished(store, model)).status is CheckStatus.QUEUED
    (entry,) = await store.audit.list(GUILD, 10, 0, None)
    assert (entry.action, entry.by, entry.details) == ("demo.allow", 9, {"model": "ron"})


async def test_one_name_stands_for_one_network_in_a_server(store: Store) -> None:
    await store.swap_models.add(make_model(), NOON)

    with pytest.raises(StoreError, match="already"):
        await store.swap_models.add(make_model(), NOON)
    await store.swap_models.add(make_model(guild_id=1), NOON)
    await store.swap_models.withdraw(GUILD, "ron", None, NOON)
    await store.swap_models.add(make_model(), NOON)
    assert [model.guild_id for model in await store.swap_models.of_guild(None)] == [1, GUILD]


async def test_of_two_that_register_a_name_at_one_moment_one_is_told_that_it_is_taken(log_url: str) -> None:
    async with open_store(log_url) as one, open_store(log_url) as two:
        for store in (one, two):  # connected, so that they go step by step together
            assert await store.swap_models.of_guild(None) == ()
        adding = [store.swap_models.add(make_model(path=path), NOON) for store, path in ((one, "/one"), (two, "/two"))]
        ended = await asyncio.gather(*adding, return_exceptions=True)

        (registered,) = [end for end in ended if isinstance(end, SwapModel)]
        (refused,) = [end for end in ended if isinstance(end, BaseException)]
        assert (type(refused), str(refused)) == (StoreError, TAKEN)
        assert await one.swap_models.of_guild(GUILD) == (registered,)


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_name_that_another_transaction_is_taking_is_waited_for(log_url: str, store: Store) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo_of(log_url)) as other:
        await other.execute(insertion("ron").encode())
        adding = asyncio.create_task(store.swap_models.add(make_model(), NOON))

        async def waits_for_it() -> bool:
            async with await psycopg.AsyncConnection.connect(conninfo_of(log_url)) as watching:
                asked = "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
                return adding.done() or (await (await watching.execute(asked)).fetchone()) is not None

        await becomes(waits_for_it)
        assert not adding.done()
        await other.commit()

    with pytest.raises(StoreError) as refused:
        await adding
    assert str(refused.value) == TAKEN


async def test_the_database_itself_holds_one_network_in_use_for_a_name(log_url: str, store: Store) -> None:
    model = await store.swap_models.add(make_model(), NOON)
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
        run_sql(log_url, insertion("ron"))

    run_sql(log_url, insertion("nina"))
    await store.swap_models.withdraw(GUILD, "ron", None, NOON)
    run_sql(log_url, insertion("ron"))
    assert [one.name for one in await store.swap_models.of_guild(GUILD)] == ["nina", "ron"]
    assert (await store.swap_models.of_guild(GUILD, withdrawn=True))[1].id == model.id


async def test_what_a_network_was_registered_with_decides_whether_it_is_used(store: Store) -> None:
    plain = await store.swap_models.add(make_model(), NOON)
    whole = await store.swap_models.add(make_model("b", source_path="/sets/ada", source_sha256="5" * 64), NOON)
    old = await store.swap_models.add(make_model("c", source_path="/sets/ada"), NOON)
    for model in (plain, whole, old):
        assert await store.swap_models.allow(model, 9, {}, NOON)

    found = [await store.swap_models.get(GUILD, name) for name in ("ron", "b", "c")]
    assert [one and one.source_sha256 for one in found] == [None, "5" * 64, None]
    assert [one and one.is_usable for one in found] == [True, True, False]


async def test_withdrawing_ends_waiting_demos_and_tells_files_and_messages(store: Store) -> None:
    model, other = await allowed(store), await allowed(store, "other")
    done = await finished(store, await wished(store, model, "first"))
    await store.demos.set_answer_message(done.id, 77)
    waits, stays = await wished(store, model, "second"), await wished(store, other, "third")

    gone = await store.swap_models.withdraw(GUILD, "ron", 9, LATER)

    assert gone is not None
    assert (gone.cancelled, set(gone.file_names), gone.posted) == (1, {"second", "file"}, ((done.id, CHANNEL, 77),))
    assert await store.demos.add(make_wish(model.id)) is None
    ended = [await store.demos.get(demo.id) for demo in (waits, stays)]
    assert [demo and demo.status for demo in ended] == [CheckStatus.CANCELLED, CheckStatus.QUEUED]
    again = await store.swap_models.withdraw(GUILD, "ron", 9, LATER)
    assert again is not None
    assert again.posted == gone.posted, "as long as the message is there"
    await store.demos.set_deleted(done.id, LATER)
    assert await store.swap_models.withdraw(GUILD, "ron", 9, LATER) is None
    assert [entry.action for entry in await store.audit.list(GUILD, 10, 0, "demo.withdraw")] == ["demo.withdraw"]


async def test_a_demo_of_a_withdrawn_network_is_not_begun(store: Store) -> None:
    model = await allowed(store)
    demo = await wished(store, model)
    await store.swap_models.withdraw(GUILD, "ron", None, NOON)

    assert await store.demo_queue.claim(demo.id, "w", NOON, LEASE) is None


async def test_a_demo_is_taken_once_and_made_once(store: Store) -> None:
    demo = await wished(store, await allowed(store))
    claim = await store.demo_queue.claim(demo.id, "one", NOON, LEASE)
    assert claim is not None
    assert await store.demo_queue.claim(demo.id, "two", NOON, LEASE) is None

    assert await store.demo_queue.give_up(NOON + 2 * LEASE, 3, "Dead.", NOON - LEASE, "Lonely.") == 1
    second = await store.demo_queue.claim(demo.id, "two", LATER, LEASE)
    assert second is not None
    assert not await store.demo_queue.finish(claim, make_made(), LATER), "its claim was lost"
    assert await store.demo_queue.finish(second, make_made(), LATER)
    made = await store.demos.marked("0123abcd")
    assert made is not None
    assert (made.id, made.status, made.attempts, made.incoming_name) == (demo.id, CheckStatus.DONE, 2, None)
    assert made.provenance == make_made().provenance


async def test_a_demo_that_kills_its_workers_or_that_nobody_takes_is_given_up(store: Store) -> None:
    model = await allowed(store)
    deadly, lonely = await wished(store, model, "deadly"), await wished(store, model, "lonely")
    assert await store.demo_queue.claim(deadly.id, "w", NOON, LEASE)

    changed = await store.demo_queue.give_up(NOON + 2 * LEASE, 1, "Dead.", NOON + LEASE, "Lonely.")

    ended = [await store.demos.get(demo.id) for demo in (deadly, lonely)]
    assert changed == 2
    assert [demo and demo.error_sentence for demo in ended] == ["Dead.", "Lonely."]


async def test_checks_go_before_demos(store: Store) -> None:
    assert not await store.demo_queue.checks_first("w", NOON, None)
    await store.checks.add(make_question())

    assert await store.demo_queue.checks_first("w", NOON, None)
    assert not await store.demo_queue.checks_first("w", NOON, ("gpu",)), "a worker of other machines"
    assert await store.queue.claim("w", NOON, LEASE)
    assert await store.demo_queue.checks_first("w", NOON, None)
    assert not await store.demo_queue.checks_first("another", NOON, None)


async def test_clips_and_files_of_demos_are_not_swept(store: Store) -> None:
    model = await allowed(store)
    await finished(store, await wished(store, model, "first"))
    await wished(store, model, "second")

    assert await store.checks.incoming_names(NOON) == {"second", "file"}


async def test_budget_counts_what_was_begun(store: Store) -> None:
    model = await allowed(store)
    await wished(store, model, "first")
    unbegun = await wished(store, model, "second", requester_id=5)
    before = await store.demos.cancel(unbegun.id, NOON)

    assert before is not None
    assert before.incoming_name == "second"
    assert await store.demos.cancel(unbegun.id, NOON) is None
    assert await store.demos.asked_at(GUILD, None, NOON, 1) == NOON
    assert await store.demos.asked_at(GUILD, None, NOON, 2) is None, "one was taken back unbegun"
    assert await store.demos.asked_at(GUILD, ASKER, NOON + LEASE, 1) is None
    assert await store.demos.open_of(GUILD, ASKER) == 1


async def test_the_demo_that_used_up_a_budget_is_counted_from_the_newest(store: Store) -> None:
    model = await allowed(store)
    for minute, asker in ((0, ASKER), (1, 5), (2, ASKER), (3, ASKER)):
        await store.demos.add(make_wish(model.id, NOON + timedelta(minutes=minute), f"{minute}", requester_id=asker))

    for user, place, minute in ((ASKER, 1, 3), (ASKER, 3, 0), (None, 3, 1), (None, 4, 0)):
        assert await store.demos.asked_at(GUILD, user, NOON, place) == NOON + timedelta(minutes=minute)
    assert await store.demos.asked_at(GUILD, ASKER, NOON, 4) is None


async def test_one_process_shows_the_end(store: Store) -> None:
    demo = await wished(store, await allowed(store))

    assert await store.demos.begin_answer(demo.id, NOON, NOON + LEASE)
    assert not await store.demos.begin_answer(demo.id, NOON, NOON + 2 * LEASE)
    await store.demos.end_answer(demo.id, NOON + LEASE)
    assert await store.demos.begin_answer(demo.id, NOON, NOON + 2 * LEASE)
    assert [one.id for one in await store.demos.unanswered(NOON)] == [demo.id]
    assert await store.demos.mark_answered(demo.id, NOON)
    assert await store.demos.is_answered(demo.id)
    assert await store.demos.unanswered(NOON) == ()


async def test_deleting_is_noted_and_gives_the_file_once(store: Store) -> None:
    demo = await finished(store, await wished(store, await allowed(store)))

    before = await store.demos.delete(demo.id, 9, LATER)
    assert before is not None
    assert before.file_name == "file"
    assert await store.demos.delete(demo.id, 9, LATER) is None
    (entry,) = await store.audit.list(GUILD, 10, 0, "demo.delete")
    assert (entry.by, entry.details) == (9, {"demo": demo.id, "demo_id": "0123abcd"})


async def test_forgetting_cancels_what_waits_and_leaves_what_explains_a_video(store: Store) -> None:
    model = await allowed(store)
    done = await finished(store, await wished(store, model, "first"))
    await wished(store, model, "second")
    of_other = await wished(store, model, "third", requester_id=5)
    assert len((await store.people.record(ASKER)).demos) == 3

    gone = (await store.people.forget(ASKER, LATER)).demos

    assert (set(gone.file_names), gone.cancelled, gone.demos) == ({"second", "file"}, 1, 2)
    assert (await store.people.record(ASKER)).demos == ()
    left = await store.demos.get(done.id)
    assert left is not None
    assert (left.demo_id, left.asker.requester_id, left.driver_sha256, left.provenance) == (
        "0123abcd",
        None,
        None,
        None,
    )
    kept = await store.demos.get(of_other.id)
    assert kept is not None
    assert (kept.status, kept.asker.requester_id, kept.asker.poster_id) == (CheckStatus.QUEUED, 5, None)


async def test_retention_empties_old_demos_and_tells_their_files(store: Store) -> None:
    model = await allowed(store)
    done = await finished(store, await wished(store, model))
    assert await store.demo_expiry.guilds() == (GUILD,)

    assert await store.demo_expiry.expire(GUILD, NOON, LATER) == (0, ())
    assert await store.demo_expiry.expire(GUILD, LATER, LATER) == (1, ("file",))
    assert await store.demo_expiry.guilds() == ()
    left = await store.demos.get(done.id)
    assert left is not None
    assert (left.demo_id, left.driver_name, left.expired_at, left.model.name) == ("0123abcd", "", LATER, "ron")
