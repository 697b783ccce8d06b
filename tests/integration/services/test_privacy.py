"""A person sees, takes along and takes back what is stored about them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from core.media import LocalMedia
from core.services.audit import Audit
from core.services.evidence import EvidenceFolder
from core.services.folders import Folders
from core.services.privacy import Forgotten, Privacy
from core.services.requests import CheckStatus, request_check, versions_key
from core.services.reviews import CaseState, FlagKind, Reviews
from core.store import Asker, Origin, Store
from tests.synth.logs import NOON, Clock, make_question, make_report
from tests.synth.moderation import ANN, BOB, GUILD, MOD, answered, asked_by
from tests.synth.raw import columns_of, tables_of

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def privacy(store: Store, tmp_path: Path) -> Privacy:
    return Privacy(store, Folders(tmp_path), Clock(LATER))


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store, Clock(LATER))


def places_of(log_url: str, needle: str) -> set[str]:
    """Every column of the database in which a text occurs."""
    return {
        f"{table}.{name}"
        for table in tables_of(log_url)
        for row in columns_of(log_url, table)
        for name, value in row.items()
        if re.search(rf"(?<!\d){re.escape(needle)}(?!\d)", str(value))
    }


async def a_whole_life(store: Store, reviews: Reviews) -> None:
    """Ann asks about clips of Bob and her own, flags, disputes; a moderator decides, assigns and acts."""
    bobs = await answered(store, b"bob", name="bob.mp4")
    await reviews.flag(bobs.id, kind=FlagKind.MEMBER, by=ANN, note="ann's flag")
    await reviews.dispute(bobs.id, by=BOB, note=f"bob's word, ask <@{ANN}>")
    await reviews.decide(
        bobs.id, guild_id=GUILD, by=MOD, state=CaseState.UPHELD, reason=f"{BOB} again", reason_required=False
    )
    own = await answered(store, b"ann", asker=asked_by(ANN, ANN, message_id=41), name="ann.mp4")
    await reviews.flag(own.id, kind=FlagKind.AUTOMATIC)
    await answered(store, b"private", asker=Asker(Origin.DISCORD, ANN, None, 31, 42, ANN), name="private.mp4")
    await store.checks.add(make_question(b"waits", asker=asked_by(ANN, ANN, message_id=43), source_name="waits.mp4"))
    await Audit(store, Clock(LATER)).record(
        GUILD, by=MOD, action="act.timeout", check_id=bobs.id,
        details={"user_id": BOB, "told": f"<@{ANN}>"}, undo={"user_id": str(BOB)},
    )  # fmt: skip


async def test_someone_unknown_has_nothing(privacy: Privacy) -> None:
    summary = await privacy.show(ANN)

    assert summary.total == 0
    assert [kind.kind for kind in summary.kinds] == ["asked", "posted", "demos", "flagged", "moderated", "named"]
    assert await privacy.forget(ANN) == Forgotten(0, 0, 0, 0, 0)


async def test_it_shows_how_much_of_each_kind(store: Store, reviews: Reviews, privacy: Privacy) -> None:
    await a_whole_life(store, reviews)

    def counts(summary: object) -> dict[str, int]:
        return {kind.kind: kind.count for kind in summary.kinds}  # type: ignore[attr-defined]

    assert counts(await privacy.show(ANN)) == {
        "asked": 4,
        "posted": 3,
        "demos": 0,
        "flagged": 2,
        "moderated": 0,
        "named": 1,
    }
    assert counts(await privacy.show(BOB)) == {
        "asked": 0,
        "posted": 1,
        "demos": 0,
        "flagged": 1,
        "moderated": 0,
        "named": 2,
    }
    assert counts(await privacy.show(MOD)) == {
        "asked": 0,
        "posted": 0,
        "demos": 0,
        "flagged": 0,
        "moderated": 3,
        "named": 0,
    }


async def test_an_export_has_everything_of_one_person_and_nobody_elses_id(
    store: Store, reviews: Reviews, privacy: Privacy
) -> None:
    await a_whole_life(store, reviews)

    whole = json.loads(await privacy.export(ANN))

    assert whole["user_id"] == str(ANN)
    assert [check["file_name"] for check in whole["asked"]] == ["bob.mp4", "ann.mp4", "private.mp4", "waits.mp4"]
    assert whole["asked"][0]["report"]["verdict"]["label"] == "likely_fake"
    assert [note.get("note") for note in whole["flagged"]] == [None, "ann's flag"]
    assert [act["details"] for act in whole["named"]] == [{"user_id": None, "told": f"<@{ANN}>"}]
    text = json.dumps(whole)
    assert not [person for person in (BOB, MOD) if str(person) in text]


async def test_forgetting_leaves_no_trace_of_a_member_anywhere(
    store: Store, reviews: Reviews, privacy: Privacy, log_url: str
) -> None:
    await a_whole_life(store, reviews)
    assert places_of(log_url, str(ANN))

    gone = await privacy.forget(ANN)

    assert places_of(log_url, str(ANN)) == set()
    for trace in ("ann.mp4", "private.mp4", "waits.mp4", "ann's flag", "42"):
        assert places_of(log_url, trace) == set(), trace
    assert (await privacy.show(ANN)).total == 0
    # Her own answer and the waiting question are emptied; the flagged one stays for the moderators.
    assert gone == Forgotten(checks=2, kept_without_name=1, cancelled=1, notes=2, acts=1)


async def test_other_people_keep_what_is_theirs(store: Store, reviews: Reviews, privacy: Privacy) -> None:
    await a_whole_life(store, reviews)
    before = json.loads(await privacy.export(BOB))

    await privacy.forget(ANN)

    after = json.loads(await privacy.export(BOB))
    assert [check["file_name"] for check in after["posted"]] == ["bob.mp4"]
    assert after["posted"][0]["report"] == before["posted"][0]["report"]
    assert after["flagged"][0]["note"] == "bob's word, ask …"
    assert len(after["named"]) == len(before["named"])


async def test_moderation_records_stay_without_the_name(store: Store, reviews: Reviews, privacy: Privacy) -> None:
    await a_whole_life(store, reviews)

    await privacy.forget(BOB)

    case = await reviews.get(1, GUILD)
    assert case is not None
    assert (case.check.asker.poster_id, case.check.source_name, case.check.asker.message_id) == (None, "", None)
    assert (case.state, case.decided_by, case.reason) == (CaseState.UPHELD, MOD, "… again")
    assert case.check.report() is not None
    assert [(note.user_id, note.note) for note in case.disputes] == [(ANN, "ann's flag"), (None, "")]
    act = (await store.audit.list(GUILD, 1, 0, "act.timeout"))[0]
    assert (act.by, act.details, act.undo) == (MOD, {"user_id": None, "told": f"<@{ANN}>"}, {"user_id": None})


async def test_while_a_case_is_open_its_message_can_be_found(store: Store, reviews: Reviews, privacy: Privacy) -> None:
    await a_whole_life(store, reviews)

    await privacy.forget(ANN)

    case = await reviews.get(2, GUILD)
    assert case is not None
    assert (case.state, case.check.asker.channel_id, case.check.asker.message_id) == (CaseState.OPEN, 30, 41)
    assert (case.check.asker.poster_id, case.check.source_name) == (None, "")


async def test_who_acted_as_a_moderator_stays_but_cases_go_back_to_everybody(
    store: Store, reviews: Reviews, privacy: Privacy, log_url: str
) -> None:
    await a_whole_life(store, reviews)
    await reviews.assign(2, guild_id=GUILD, by=MOD, to=MOD)

    await privacy.forget(MOD)

    assert places_of(log_url, str(MOD)) == {"audit.actor_id", "cases.decided_by"}
    assert (await store.audit.list(GUILD, 1, 0, "case.assign"))[0].details == {"to": None}


async def test_files_of_forgotten_clips_go_but_evidence_of_an_open_case_stays(
    store: Store, reviews: Reviews, privacy: Privacy, tmp_path: Path
) -> None:
    folders, evidence = Folders(tmp_path), EvidenceFolder(LocalMedia(tmp_path))
    await a_whole_life(store, reviews)
    await answered(store, b"unflagged", asker=asked_by(ANN, ANN))
    for number in (1, 2, 5):
        with folders.drawing(number) as figures:
            (figures / "evidence.png").touch()
        evidence.keep(GUILD, number, b"clip")
    await request_check(
        store, b"now", asked_by(ANN, ANN), source_name="now.mp4", folders=folders, max_bytes=100, clock=Clock()
    )
    assert len(list((tmp_path / "incoming").iterdir())) == 1

    await privacy.forget(ANN)

    assert list((tmp_path / "incoming").iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "outgoing").iterdir()) == ["1"]
    assert {number for number in (1, 2, 5) if evidence.has(GUILD, number)} == {1, 2}


async def test_a_clip_of_somebody_forgotten_is_new_when_it_is_posted_again(
    store: Store, privacy: Privacy, tmp_path: Path
) -> None:
    async def ask() -> CheckStatus:
        check = await request_check(
            store,
            b"a clip",
            asked_by(ANN, ANN),
            source_name="a.mp4",
            folders=Folders(tmp_path),
            max_bytes=100,
            clock=Clock(),
        )
        return check.status

    first = await store.checks.add_answered(
        make_question(asker=asked_by(ANN, ANN), versions_key=versions_key()), make_report(), LATER
    )
    assert await ask() is CheckStatus.DONE

    await privacy.forget(ANN)

    assert await ask() is CheckStatus.QUEUED
    emptied = await store.checks.get(first.id)
    assert emptied is not None
    assert (emptied.status, emptied.label, emptied.report(), emptied.clip_sha256) == (
        CheckStatus.DONE, first.label, None, None,
    )  # fmt: skip


async def test_a_running_check_of_somebody_forgotten_gets_no_answer(store: Store, privacy: Privacy) -> None:
    await store.checks.add(make_question(asker=asked_by(ANN, ANN), incoming_name="abc"))
    claim = await store.queue.claim("w1", NOON, timedelta(minutes=5))
    assert claim is not None

    assert (await privacy.forget(ANN)).cancelled == 1
    assert not await store.queue.finish(claim, make_report(), "v1", LATER)


async def test_what_comes_after_is_kept_again(store: Store, reviews: Reviews, privacy: Privacy) -> None:
    await a_whole_life(store, reviews)
    await privacy.forget(ANN)
    await answered(store, asker=asked_by(ANN, ANN))

    assert (await privacy.show(ANN)).total == 2
