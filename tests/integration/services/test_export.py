"""Cases as files: whole, readable, and no formula in them."""

import csv
import io
import json
from datetime import timedelta

import pytest

from core.services.export import COLUMNS, Exports
from core.services.reviews import CaseState, FlagKind, Reviews
from core.store import Store
from tests.synth.logs import NOON, Clock, make_question, sha256_of
from tests.synth.moderation import ANN, BOB, GUILD, MOD, OTHER_GUILD, answered, asked_by


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def decided(store: Store) -> int:
    reviews = Reviews(store, Clock(NOON + timedelta(hours=1)))
    check = await answered(store, name='a, "clip" 🙂.mp4')
    await reviews.flag(check.id, kind=FlagKind.MEMBER, by=ANN, note="odd\near")
    await reviews.dispute(check.id, by=BOB, note="it's me")
    await reviews.decide(check.id, guild_id=GUILD, by=MOD, state=CaseState.UPHELD, reason="clear", reason_required=True)
    return check.id


async def test_both_forms_say_the_same(store: Store) -> None:
    number = await decided(store)
    await store.checks.add_failed(make_question(b"x", asker=asked_by()), "unreadable", "Not a video.", NOON)

    table = rows_of(await Exports(store).cases(GUILD, None, "csv"))
    whole = json.loads(await Exports(store).cases(GUILD, None, "json"))

    assert whole["columns"] == COLUMNS
    assert [list(row) for row in (*table, *whole["cases"])] == [list(COLUMNS)] * 4
    first = whole["cases"][0]
    assert (first["case"], first["verdict"], first["probability_fake"]) == (number, "likely_fake", 0.93)
    assert (first["poster_id"], first["requester_id"], first["decided_by"]) == (str(BOB), str(ANN), str(MOD))
    assert (first["review"], first["reason"], first["notes"]) == ("upheld", "clear", ["odd\near", "it's me"])
    assert first["clip_sha256"] == sha256_of(b"a clip")
    assert table[0]["file_name"] == 'a, "clip" 🙂.mp4'
    assert table[0]["notes"] == "odd\near | it's me"
    for line, row in zip(table, whole["cases"], strict=True):
        for name in set(COLUMNS) - {"notes"}:
            assert line[name] == ("" if row[name] is None else str(row[name]))


@pytest.mark.parametrize("name", ["=1+1.mp4", "+1.mp4", "-1.mp4", "@SUM(A1).mp4", "\t=1.mp4", "\r=1.mp4"])
async def test_a_clip_whose_name_is_a_formula_is_only_text(store: Store, name: str) -> None:
    await answered(store, name=name)

    assert rows_of(await Exports(store).cases(GUILD, None, "csv"))[0]["file_name"] == f"'{name}"


async def test_only_this_server_and_only_since_then(store: Store) -> None:
    await answered(store, at=NOON - timedelta(days=1))
    newer = await answered(store)
    await answered(store, asker=asked_by(guild_id=OTHER_GUILD))

    assert [row["case"] for row in rows_of(await Exports(store).cases(GUILD, NOON, "csv"))] == [str(newer.id)]


async def test_more_checks_than_are_read_at_once_are_all_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.exports.AT_ONCE", 3)
    for number in range(7):
        await answered(store, bytes([number]))

    cases = json.loads(await Exports(store).cases(GUILD, None, "json"))["cases"]
    assert [case["case"] for case in cases] == list(range(1, 8))


async def test_a_server_without_checks_gets_the_header(store: Store) -> None:
    assert (await Exports(store).cases(GUILD, None, "csv")).decode("utf-8-sig").strip() == ",".join(COLUMNS)
