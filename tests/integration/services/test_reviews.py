"""Cases: flagged, disputed, assigned, decided, found."""

from datetime import timedelta

import pytest

from core.errors import ReviewError
from core.services.reviews import Case, CaseFilter, CaseState, FlagKind, Reviews
from core.store import Asker, Origin, Store
from core.types import VerdictLabel
from tests.synth.logs import NOON, Clock, make_question
from tests.synth.moderation import ANN, BOB, GUILD, MOD, OTHER_GUILD, OTHER_MOD, answered, asked_by


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON + timedelta(hours=1))


@pytest.fixture
def reviews(store: Store, clock: Clock) -> Reviews:
    return Reviews(store, clock)


async def flagged(store: Store, reviews: Reviews, media: bytes = b"a clip", **changes: object) -> Case:
    check = await answered(store, media, **changes)  # type: ignore[arg-type]
    return await reviews.flag(check.id, kind=FlagKind.AUTOMATIC)


async def decide(reviews: Reviews, case: Case, state: CaseState = CaseState.UPHELD, **changes: object) -> Case:
    values: dict[str, object] = {"guild_id": GUILD, "by": MOD, "reason": "seen", "reason_required": False}
    return await reviews.decide(case.check.id, state=state, **(values | changes))  # type: ignore[arg-type]


async def test_a_flag_opens_a_case_of_the_same_number(store: Store, reviews: Reviews, clock: Clock) -> None:
    check = await answered(store)
    case = await reviews.flag(check.id, kind=FlagKind.MEMBER, by=ANN, note=" look at the ear ")

    assert case == await reviews.get(check.id, GUILD)
    assert case.check == check
    assert (case.state, case.kind, case.flagged_by, case.flagged_at) == (
        CaseState.OPEN, FlagKind.MEMBER, ANN, clock.now,
    )  # fmt: skip
    assert [(note.user_id, note.note, note.kind) for note in case.disputes] == [
        (ANN, "look at the ear", FlagKind.MEMBER)
    ]
    assert (case.assigned_to, case.decided_by, case.reason, case.log_message_id) == (None, None, None, None)


async def test_flagging_again_gives_the_same_case_and_keeps_the_note(store: Store, reviews: Reviews) -> None:
    case = await flagged(store, reviews)
    again = await reviews.flag(case.check.id, kind=FlagKind.MEMBER, by=ANN, note="me too")

    assert (again.kind, again.flagged_by, again.flagged_at) == (FlagKind.AUTOMATIC, None, case.flagged_at)
    assert [note.note for note in again.disputes] == ["me too"]
    assert await reviews.count(CaseFilter(GUILD)) == 1


async def test_only_an_answer_in_a_server_can_be_flagged(store: Store, reviews: Reviews) -> None:
    waiting = await store.checks.add(make_question(asker=asked_by()))
    private = await answered(store, asker=Asker(Origin.DISCORD, ANN, channel_id=9, message_id=9))

    for number in (waiting.id, private.id, 999):
        with pytest.raises(ReviewError, match=r"^Only an answer that was given in a server"):
            await reviews.flag(number, kind=FlagKind.MEMBER, by=ANN)


async def test_a_dispute_opens_a_case_and_a_second_one_of_the_same_person_replaces_it(
    store: Store, reviews: Reviews
) -> None:
    check = await answered(store)
    await reviews.dispute(check.id, by=BOB, note="that is me")
    await reviews.dispute(check.id, by=ANN, note="x" * 1000)
    case = await reviews.dispute(check.id, by=BOB, note="that is really me")

    assert case.kind is FlagKind.DISPUTE
    assert [(note.user_id, note.note[:17]) for note in case.disputes] == [(BOB, "that is really me"), (ANN, "x" * 17)]


@pytest.mark.parametrize("note", ["", "  \n", "x" * 1001])
async def test_a_dispute_needs_a_note_of_some_length(store: Store, reviews: Reviews, note: str) -> None:
    check = await answered(store)

    with pytest.raises(ReviewError):
        await reviews.dispute(check.id, by=BOB, note=note)
    assert await reviews.get(check.id, GUILD) is None


async def test_a_decision_is_kept_and_audited(store: Store, reviews: Reviews, clock: Clock) -> None:
    case = await decide(reviews, await flagged(store, reviews), CaseState.DISMISSED, reason=" real ")

    assert case == await reviews.get(case.check.id, GUILD)
    assert (case.state, case.decided_by, case.decided_at, case.reason) == (
        CaseState.DISMISSED, MOD, clock.now, "real",
    )  # fmt: skip
    (entry,) = await store.audit.list(GUILD, 10, 0, None)
    assert (entry.action, entry.by, entry.check_id) == ("case.decide", MOD, case.check.id)
    assert entry.details == {"state": "dismissed", "reason": "real"}


async def test_a_case_is_decided_once_unless_a_moderator_decides_again(store: Store, reviews: Reviews) -> None:
    case = await decide(reviews, await flagged(store, reviews))

    with pytest.raises(ReviewError, match="already decided"):
        await decide(reviews, case, CaseState.DISMISSED, by=OTHER_MOD)
    changed = await decide(reviews, case, CaseState.DISMISSED, by=OTHER_MOD, again=True)

    assert (changed.state, changed.decided_by) == (CaseState.DISMISSED, OTHER_MOD)
    assert [entry.by for entry in await store.audit.list(GUILD, 10, 0, None)] == [OTHER_MOD, MOD]


@pytest.mark.parametrize("reason", [None, "", "   "])
async def test_a_reason_is_asked_for_where_the_server_wants_one(
    store: Store, reviews: Reviews, reason: str | None
) -> None:
    case = await flagged(store, reviews)

    with pytest.raises(ReviewError, match="asks for a reason"):
        await decide(reviews, case, reason=reason, reason_required=True)
    assert (await decide(reviews, case, reason=reason)).reason is None


async def test_moderators_of_another_server_see_and_change_nothing(store: Store, reviews: Reviews) -> None:
    case = await flagged(store, reviews)

    with pytest.raises(ReviewError, match="no such case"):
        await decide(reviews, case, guild_id=OTHER_GUILD)
    with pytest.raises(ReviewError, match="no such case"):
        await reviews.assign(case.check.id, guild_id=OTHER_GUILD, by=MOD, to=MOD)
    assert await reviews.get(case.check.id, OTHER_GUILD) is None
    assert await reviews.next_open(OTHER_GUILD) is None
    assert await reviews.find(CaseFilter(OTHER_GUILD)) == ()


async def test_a_first_dispute_opens_a_decided_case_again_and_a_second_does_not(store: Store, reviews: Reviews) -> None:
    case = await decide(reviews, await flagged(store, reviews))
    reopened = await reviews.dispute(case.check.id, by=BOB, note="no")
    assert (reopened.state, reopened.decided_by, reopened.reason) == (CaseState.OPEN, None, None)

    await decide(reviews, case)
    assert (await reviews.dispute(case.check.id, by=BOB, note="still no")).state is CaseState.UPHELD


async def test_the_next_case_is_mine_then_the_oldest_free_then_that_of_others(
    store: Store, reviews: Reviews, clock: Clock
) -> None:
    theirs, free, mine = [], [], []
    for number, bag in enumerate((theirs, free, free, mine, mine)):
        clock.forward(1)
        bag.append(await flagged(store, reviews, bytes([number])))
    await reviews.assign(theirs[0].check.id, guild_id=GUILD, by=MOD, to=OTHER_MOD)
    for case in mine:
        await reviews.assign(case.check.id, guild_id=GUILD, by=MOD, to=MOD)

    order = []
    while (case := await reviews.next_open(GUILD, for_user=MOD)) is not None:
        order.append(case.check.id)
        await decide(reviews, case)
    assert order == [case.check.id for case in (*mine, *free, *theirs)]


async def test_an_assignment_is_audited_and_can_be_taken_back_but_not_after_the_decision(
    store: Store, reviews: Reviews
) -> None:
    case = await flagged(store, reviews)
    given = await reviews.assign(case.check.id, guild_id=GUILD, by=MOD, to=OTHER_MOD)
    freed = await reviews.assign(case.check.id, guild_id=GUILD, by=MOD, to=None)
    await decide(reviews, case)

    assert (given.assigned_to, freed.assigned_to) == (OTHER_MOD, None)
    assert (await store.audit.list(GUILD, 1, 2, None))[0].details == {"to": OTHER_MOD}
    with pytest.raises(ReviewError, match="already decided"):
        await reviews.assign(case.check.id, guild_id=GUILD, by=MOD, to=MOD)


async def test_the_message_of_a_case_is_remembered(store: Store, reviews: Reviews) -> None:
    case = await flagged(store, reviews)
    await reviews.logged(case.check.id, 2**62 + 7, 2**62 + 8)

    found = await reviews.get(case.check.id, GUILD)
    assert found is not None
    assert (found.log_channel_id, found.log_message_id) == (2**62 + 7, 2**62 + 8)


async def test_cases_are_found_by_every_condition_newest_first_and_in_pages(
    store: Store, reviews: Reviews, clock: Clock
) -> None:
    ids = {}
    for number, (poster, label) in enumerate(
        [(BOB, VerdictLabel.LIKELY_FAKE), (ANN, VerdictLabel.LIKELY_FAKE), (BOB, VerdictLabel.INCONCLUSIVE)]
    ):
        case = await flagged(store, reviews, bytes([number]), asker=asked_by(poster_id=poster), label=label)
        ids[number] = case.check.id
        clock.forward(60)
    await reviews.decide(ids[1], guild_id=GUILD, by=MOD, state=CaseState.UPHELD, reason=None, reason_required=False)

    async def found(**conditions: object) -> list[int]:
        wanted = CaseFilter(GUILD, **conditions)  # type: ignore[arg-type]
        cases = await reviews.find(wanted)
        assert await reviews.count(wanted) == len(cases)
        return [case.check.id for case in cases]

    assert await found() == [ids[2], ids[1], ids[0]]
    assert await found(poster_id=BOB) == [ids[2], ids[0]]
    assert await found(verdict=VerdictLabel.LIKELY_FAKE) == [ids[1], ids[0]]
    assert await found(state=CaseState.UPHELD) == [ids[1]]
    assert await found(since=NOON + timedelta(hours=1, seconds=90)) == [ids[2]]
    assert [case.check.id for case in await reviews.find(CaseFilter(GUILD, limit=1, offset=1))] == [ids[1]]
    assert await reviews.count(CaseFilter(GUILD, limit=1, offset=1)) == 3
