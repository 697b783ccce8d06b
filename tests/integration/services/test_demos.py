"""Demos among what is stored about people: shown, exported, forgotten, and gone when their time is over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import ClipTooLargeError, DemoError
from core.services import demos as rules
from core.services.demos import Declaration, Demos, Wish
from core.services.folders import Folders
from core.services.guilds import Guilds
from core.services.privacy import Privacy
from core.services.retention import Swept, sweep
from core.store import Demo, Store
from core.types import GuildSettings
from tests.synth.logs import NOON, Clock
from tests.synth.wishes import ASKER, GUILD, make_made, make_model, make_wish

LEASE, DAY = timedelta(seconds=30), timedelta(days=1)
SETTINGS = GuildSettings(GUILD, mod_log_channel_id=1, demos_allowed=True)
OTHER = ASKER - 1


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.fixture
def demos(store: Store, tmp_path: Path) -> Demos:
    return Demos(store, tmp_path, Clock())


async def kept(store: Store, folders: Folders) -> Demo:
    """A finished demo of ASKER whose file is kept, of a clip that OTHER posted."""
    model = await store.swap_models.add(make_model(), NOON)
    await store.swap_models.allow(model, 9, {}, NOON)
    demo = await store.demos.add(make_wish(model.id, poster_id=OTHER))
    assert demo is not None
    claim = await store.demo_queue.claim(demo.id, "w", NOON, LEASE)
    assert claim is not None
    assert await store.demo_queue.finish(claim, make_made(file_name=folders.keep(b"labelled")), NOON)
    return claim


def files(folders: Folders) -> int:
    return len(list((folders.data_dir / "incoming").glob("*")))


def wish(declaration: Declaration = Declaration.SELF) -> Wish:
    return Wish("ron", make_wish(1).asker, "me.mp4", declaration)


async def test_who_asked_and_whose_clip_it_was_see_the_demo_in_their_data(store: Store, folders: Folders) -> None:
    await kept(store, folders)
    privacy = Privacy(store, folders)

    for user, asked in ((ASKER, True), (OTHER, False)):
        (shown,) = [kind for kind in (await privacy.show(user)).kinds if kind.count]
        assert shown.kind == "demos"
        whole = json.loads(await privacy.export(user))
        (demo,) = whole["demos"]
        assert (demo["asked_by_you"], demo["clip_posted_by_you"]) == (asked, not asked)
        assert (demo["demo_id"], demo["you_declared"]) == ("0123abcd", "self" if asked else None)
        assert str(ASKER if user == OTHER else OTHER) not in json.dumps(whole)


async def test_forgetting_deletes_the_kept_file_and_counts_the_demo(store: Store, folders: Folders) -> None:
    await kept(store, folders)

    gone = await Privacy(store, folders, Clock()).forget(ASKER)

    assert (gone.demos, gone.cancelled, files(folders)) == (1, 0, 0)
    assert (await store.demos.marked("0123abcd")) is not None, "whoever finds the video learns that it is a demo"


async def test_a_demo_expires_after_the_days_of_its_server_with_its_file(store: Store, folders: Folders) -> None:
    await Guilds(store).change(GUILD, by=9, retention_days=7)
    await kept(store, folders)

    assert await sweep(store, folders, Clock(NOON + 6 * DAY)) == Swept(0, 0, 0)
    assert files(folders) == 1
    assert await sweep(store, folders, Clock(NOON + 8 * DAY)) == Swept(0, 0, 1)
    assert files(folders) == 0


async def test_what_is_refused_leaves_no_clip_behind(
    store: Store, folders: Folders, demos: Demos, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept(store, folders)
    for refused in (wish(Declaration.CONSENTED), Wish("nobody", make_wish(1).asker, "x.mp4", Declaration.SELF)):
        with pytest.raises(DemoError):
            await demos.ask(refused, b"a clip", SETTINGS)
    monkeypatch.setattr(rules, "LARGEST_BYTES", 3)
    with pytest.raises(ClipTooLargeError, match="MiB"):
        await demos.ask(wish(), b"a clip", SETTINGS)

    assert files(folders) == 1, "only the kept demo"


async def test_the_file_of_a_withdrawn_model_is_not_given_out(store: Store, folders: Folders, demos: Demos) -> None:
    claim = await kept(store, folders)
    made = await store.demos.get(claim.id)
    assert made is not None
    assert (await demos.labelled(made)).data == b"labelled"

    await demos.withdraw(GUILD, "ron", by=9)
    now = await store.demos.get(claim.id)
    assert now is not None
    with pytest.raises(DemoError, match="not kept any more"):
        await demos.labelled(now)
    assert files(folders) == 0


async def test_a_demo_that_nobody_shows_is_overdue_and_after_an_hour_too_late(
    store: Store, folders: Folders, tmp_path: Path
) -> None:
    claim = await kept(store, folders)
    clock = Clock()
    demos, minute = Demos(store, tmp_path, clock), timedelta(minutes=1)
    assert [demo.id for demo in await demos.left_open()] == [claim.id]
    assert await demos.overdue(minute) == ()

    clock.forward(61)
    (overdue,) = await demos.overdue(minute)
    assert not demos.is_late(overdue)
    clock.forward(3600)
    assert demos.is_late(overdue)
    await demos.shown(overdue, keep=True)
    assert (await demos.overdue(minute), files(folders)) == ((), 1)


YOURS = "No demo is left for you now: each member's budget in this server is {limit} in 24 hours"
ALL = "No demo is left for this server now: its budget is {limit} in 24 hours"
FREE = f"<t:{int((NOON + DAY).timestamp()) + 1}:R>"


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ({"user_daily_demos": 2}, f"{YOURS.format(limit=2)}; the next one is possible {FREE}."),
        ({"guild_daily_demos": 2}, f"{ALL.format(limit=2)}; the next one is possible {FREE}."),
        ({"user_daily_demos": 2, "guild_daily_demos": 2}, f"{YOURS.format(limit=2)}; the next one is possible {FREE}."),
    ],
)
async def test_so_many_demos_as_the_server_set_are_made_in_a_day(
    store: Store, tmp_path: Path, folders: Folders, budget: dict[str, int], told: str
) -> None:
    clock, settings = Clock(), replace(SETTINGS, **budget)
    demos = Demos(store, tmp_path, clock)
    await kept(store, folders)
    second = await demos.ask(wish(), b"a clip", settings)
    assert await store.demo_queue.claim(second.id, "w", clock(), LEASE), "begun, so it counts"
    await demos.cancel(second.id)

    with pytest.raises(DemoError) as refused:
        await demos.ask(wish(), b"a clip", settings)
    assert str(refused.value) == told
    await demos.require_may(wish(), SETTINGS)
    clock.forward(DAY.total_seconds() - 1)
    with pytest.raises(DemoError):
        await demos.require_may(wish(), settings)
    clock.forward(2)
    await demos.require_may(wish(), settings)


async def test_a_budget_that_was_lowered_is_free_again_when_enough_demos_are_a_day_old(
    store: Store, tmp_path: Path, folders: Folders
) -> None:
    clock = Clock()
    demos = Demos(store, tmp_path, clock)
    await kept(store, folders)
    for _ in range(2):
        clock.forward(60)
        demo = await demos.ask(wish(), b"a clip", SETTINGS)
        assert await store.demo_queue.claim(demo.id, "w", clock(), LEASE)
        await demos.cancel(demo.id)

    for budget, minutes in (({"user_daily_demos": 1}, 2), ({"user_daily_demos": 3, "guild_daily_demos": 2}, 1)):
        with pytest.raises(DemoError) as refused:
            await demos.require_may(wish(), replace(SETTINGS, **budget))
        free_at = NOON + DAY + timedelta(minutes=minutes)
        assert f"<t:{int(free_at.timestamp()) + 1}:R>" in str(refused.value)
        assert ("for this server" in str(refused.value)) == (minutes == 1), "the budget that is free again later"


@pytest.mark.parametrize(
    ("budget", "told"), [({"user_daily_demos": 0}, YOURS), ({"guild_daily_demos": 0, "user_daily_demos": 1}, ALL)]
)
async def test_of_a_budget_of_nothing_no_moment_is_told_at_which_it_is_free(
    store: Store, demos: Demos, folders: Folders, budget: dict[str, int], told: str
) -> None:
    await kept(store, folders)
    with pytest.raises(DemoError) as refused:
        await demos.require_may(wish(), replace(SETTINGS, **budget))
    assert str(refused.value) == f"{told.format(limit=0)}."


async def test_a_model_of_which_the_sources_pictures_were_not_noted_is_neither_allowed_nor_used(
    store: Store, demos: Demos, folders: Folders
) -> None:
    old = await store.swap_models.add(make_model(source_path="/sets/ada"), NOON)
    for trying in (demos.require_may(wish(), SETTINGS), demos.allow(old, by=9)):
        with pytest.raises(DemoError) as refused:
            await trying
        assert str(refused.value) == rules.NOT_BOUND
    assert await store.swap_models.allow(old, 9, {}, NOON)
    with pytest.raises(DemoError, match="register the model again"):
        await demos.ask(wish(), b"a clip", SETTINGS)
    assert files(folders) == 0

    await demos.withdraw(GUILD, "ron", by=None)
    again = make_model(source_path="/sets/ada", source_sha256="5" * 64)
    await demos.allow(await store.swap_models.add(again, NOON), by=9)
    await demos.require_may(wish(), SETTINGS)
