"""Servers keep their settings, and every change is in the audit log."""

from dataclasses import fields, replace

import pytest

from core.errors import SettingsError
from core.services.guilds import KEPT_FOR, Guilds
from core.store import Store
from core.types import ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk
from tests.synth.logs import Clock
from tests.synth.moderation import GUILD, MOD, OTHER_GUILD

EVERYTHING = GuildSettings(
    guild_id=GUILD,
    mod_log_channel_id=2**63 - 1,
    scan_channel_ids=(1, 2**62),
    exempt_role_ids=(3,),
    exempt_channel_ids=(4,),
    who_may_ask=WhoMayAsk.ROLES,
    ask_role_ids=(5, 6),
    user_daily_budget=1,
    guild_daily_budget=2,
    answer_place=AnswerPlace.PRIVATE,
    language="ja",
    flag_probability=0.75,
    flag_declared=True,
    retention_days=7,
    keep_evidence=True,
    action_mode=ActionMode.DRY_RUN,
    action_kind=ActionKind.TIMEOUT,
    action_probability=0.99,
    timeout_minutes=10,
    reason_required=True,
    demos_allowed=True,
    demo_role_ids=(7,),
    user_daily_demos=0,
    guild_daily_demos=1000,
)


@pytest.fixture
def guilds(store: Store) -> Guilds:
    return Guilds(store, Clock())


async def test_a_server_that_set_nothing_has_the_defaults(guilds: Guilds) -> None:
    assert await guilds.get(GUILD) == GuildSettings(GUILD)


async def test_every_setting_comes_back_from_the_database_as_it_was_set(guilds: Guilds, store: Store) -> None:
    changes = {field.name: getattr(EVERYTHING, field.name) for field in fields(EVERYTHING) if field.name != "guild_id"}
    defaults = GuildSettings(GUILD)
    assert all(value != getattr(defaults, name) for name, value in changes.items())

    assert await guilds.change(GUILD, by=MOD, **changes) == EVERYTHING
    assert await Guilds(store).get(GUILD) == EVERYTHING
    assert await guilds.get(OTHER_GUILD) == GuildSettings(OTHER_GUILD)


async def test_a_change_leaves_the_other_settings_and_is_audited_with_old_and_new(guilds: Guilds, store: Store) -> None:
    await guilds.change(GUILD, by=MOD, retention_days=7)
    await guilds.change(GUILD, by=MOD, language="de", scan_channel_ids=[9, 9])

    assert await guilds.get(GUILD) == replace(
        GuildSettings(GUILD), retention_days=7, language="de", scan_channel_ids=(9,)
    )
    newest, first = await store.audit.list(GUILD, 10, 0, None)
    assert (newest.by, newest.action) == (MOD, "settings.change")
    assert newest.details == {"scan_channel_ids": {"old": [], "new": [9]}, "language": {"old": None, "new": "de"}}
    assert first.details == {"retention_days": {"old": 90, "new": 7}}


async def test_setting_what_is_set_is_no_act(guilds: Guilds, store: Store) -> None:
    await guilds.change(GUILD, by=MOD, retention_days=90)

    assert await store.audit.list(GUILD, 10, 0, None) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"retention_days": 0}, "The number of days that reports are kept must lie between 1 and 3650."),
        ({"language": "xx"}, "The language of answers must be one of en, de, es, fr, pt, ja."),
        ({"who_may_ask": "nobody"}, "Who may ask must be one of everyone, roles, moderators."),
        ({"colour": "red"}, "There is no setting called colour."),
        ({"retention_days": "many"}, "A setting was given a value of the wrong kind."),
    ],
)
async def test_a_change_that_makes_no_sense_changes_nothing(
    guilds: Guilds, store: Store, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        await guilds.change(GUILD, by=MOD, demos_allowed=True, **changes)

    assert str(raised.value) == sentence
    assert await guilds.get(GUILD) == GuildSettings(GUILD)
    assert await store.audit.list(GUILD, 10, 0, None) == ()


async def test_a_reset_gives_the_defaults_and_is_audited(guilds: Guilds, store: Store) -> None:
    await guilds.change(GUILD, by=MOD, keep_evidence=True)

    assert await guilds.reset(GUILD, by=MOD) == GuildSettings(GUILD)
    assert await Guilds(store).get(GUILD) == GuildSettings(GUILD)
    entry = (await store.audit.list(GUILD, 1, 0, None))[0]
    assert (entry.action, entry.details) == ("settings.reset", {"keep_evidence": {"old": True, "new": False}})


async def test_scanned_servers_are_those_with_channels(guilds: Guilds) -> None:
    await guilds.change(GUILD, by=MOD, scan_channel_ids=(1,))
    await guilds.change(OTHER_GUILD, by=MOD, retention_days=5)

    assert [settings.guild_id for settings in await guilds.all_scanned()] == [GUILD]


async def test_a_change_by_another_process_is_seen_within_seconds(store: Store) -> None:
    clock = Clock()
    guilds = Guilds(store, clock)
    await guilds.get(GUILD)
    await Guilds(store, clock).change(GUILD, by=MOD, demos_allowed=True)

    assert not (await guilds.get(GUILD)).demos_allowed
    clock.forward(KEPT_FOR.total_seconds())
    assert (await guilds.get(GUILD)).demos_allowed
