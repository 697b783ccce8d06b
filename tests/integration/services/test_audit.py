"""The audit log keeps every act and whether it was taken back."""

import pytest

from core.errors import ReviewError
from core.services.audit import Audit
from core.store import Store
from tests.synth.logs import NOON, Clock
from tests.synth.moderation import BOB, GUILD, MOD, OTHER_GUILD, answered


async def test_an_act_is_kept_as_it_was_noted(store: Store) -> None:
    audit, check = Audit(store, Clock()), await answered(store)
    entry = await audit.record(
        GUILD, by=None, action="act.timeout", check_id=check.id,
        details={"user_id": BOB, "minutes": 60}, undo={"user_id": BOB},
    )  # fmt: skip

    assert entry == await audit.get(entry.id, GUILD)
    assert (entry.guild_id, entry.at, entry.by, entry.action, entry.check_id) == (
        GUILD, NOON, None, "act.timeout", check.id,
    )  # fmt: skip
    assert (entry.details, entry.undo) == ({"user_id": BOB, "minutes": 60}, {"user_id": BOB})
    assert (entry.undone_at, entry.undone_by) == (None, None)


async def test_an_act_is_taken_back_once(store: Store) -> None:
    clock = Clock()
    audit = Audit(store, clock)
    entry = await audit.record(GUILD, by=MOD, action="act.hide", details={})
    clock.forward(60)
    await audit.undone(entry.id, by=MOD)

    undone = await audit.get(entry.id, GUILD)
    assert undone is not None
    assert (undone.undone_at, undone.undone_by) == (clock.now, MOD)
    with pytest.raises(ReviewError, match="already taken back"):
        await audit.undone(entry.id, by=MOD)
    with pytest.raises(ReviewError):
        await audit.undone(999, by=MOD)


async def test_acts_are_listed_newest_first_by_server_kind_and_page(store: Store) -> None:
    audit = Audit(store, Clock())
    first = await audit.record(GUILD, by=MOD, action="act.hide", details={})
    second = await audit.record(GUILD, by=MOD, action="act.remove", details={})
    third = await audit.record(GUILD, by=MOD, action="act.hide", details={})
    elsewhere = await audit.record(OTHER_GUILD, by=MOD, action="act.hide", details={})

    assert await audit.list(GUILD) == (third, second, first)
    assert await audit.list(GUILD, action="act.hide") == (third, first)
    assert await audit.list(GUILD, 1, 1) == (second,)
    assert await audit.get(elsewhere.id, GUILD) is None
