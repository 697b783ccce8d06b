"""The queue serves people before scans, and nobody's flood holds up the others."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.services import requests
from core.services.folders import Folders
from core.services.requests import Asker, Check, Origin, request_check
from core.store import Store
from tests.synth.logs import NOON, Clock
from tests.synth.moderation import ANN, BOB, GUILD, OTHER_GUILD

CLOCK = Clock()


async def ask(store: Store, data_dir: Path, asker: Asker) -> Check:
    CLOCK.forward(1)
    media = str(CLOCK.now).encode()
    return await request_check(
        store, media, asker, source_name="a.mp4", folders=Folders(data_dir), max_bytes=1000, clock=CLOCK
    )


async def order(store: Store) -> list[int]:
    """The queue's order as the asker is told it, which must be the order in which workers get it."""
    told: dict[int, int] = {}
    taken: list[int] = []
    while (claim := await store.queue.claim("w1", NOON, timedelta(seconds=30))) is not None:
        taken.append(claim.id)
    for number in taken:
        claimed = await store.checks.get(number)
        assert claimed is not None
        await store.queue.release(claimed)
    for number in taken:
        position = await store.checks.queue_position(number)
        assert position is not None
        told[position] = number
    assert [told[position] for position in sorted(told)] == taken
    return taken


def member(user_id: int, guild_id: int | None = GUILD) -> Asker:
    return Asker(Origin.DISCORD, user_id, guild_id, 30, 40)


def scan(guild_id: int = GUILD) -> Asker:
    return Asker(Origin.SCAN, None, guild_id, 30, 40, BOB, priority=10)


async def test_a_person_goes_before_scans_that_came_earlier(store: Store, tmp_path: Path) -> None:
    scans = [await ask(store, tmp_path, scan()) for _ in range(6)]
    person = await ask(store, tmp_path, member(ANN))

    waiting = await order(store)
    assert waiting[0] == person.id
    assert sorted(waiting[1:]) == [check.id for check in scans]


async def test_a_flood_of_one_server_does_not_hold_up_another(store: Store, tmp_path: Path) -> None:
    for number in range(8):
        await ask(store, tmp_path, member(number))
    other = await ask(store, tmp_path, member(ANN, OTHER_GUILD))

    assert (await order(store)).index(other.id) == 4


async def test_a_flood_of_one_member_does_not_hold_up_the_others(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        await ask(store, tmp_path, member(ANN))
    bobs = await ask(store, tmp_path, member(BOB))

    assert (await order(store)).index(bobs.id) == 2


async def test_a_flood_of_scans_leaves_other_servers_scans_and_all_people_their_turn(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "LATEST_PLACE", 1)
    flood = [await ask(store, tmp_path, scan()) for _ in range(10)]
    other = await ask(store, tmp_path, scan(OTHER_GUILD))
    people = [await ask(store, tmp_path, member(number)) for number in range(6)]

    waiting = await order(store)
    assert set(waiting[:6]) == {check.id for check in people}
    assert waiting.index(other.id) == 6 + 4
    assert flood[-1].asker.priority == 11


def test_however_many_people_wait_they_stay_before_scans() -> None:
    assert scan().priority > requests.LATEST_PLACE


async def test_whoever_asks_seldom_is_served_in_the_order_of_asking(store: Store, tmp_path: Path) -> None:
    asked = [await ask(store, tmp_path, asker) for asker in (member(ANN), member(BOB), member(ANN, None))]
    asked.append(await ask(store, tmp_path, Asker(Origin.WEB)))

    assert await order(store) == [check.id for check in asked]
