"""Answered checks of a Discord server, for tests of what moderators and members do with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.store import Asker, Check, Origin, Store
from core.types import VerdictLabel
from tests.synth.logs import NOON, make_question, make_report

GUILD, OTHER_GUILD = 2**62 + 1, 2**62 + 2
ANN, BOB, MOD, OTHER_MOD = 2**61 + 1, 2**61 + 2, 2**61 + 3, 2**61 + 4


def asked_by(requester_id: int | None = ANN, poster_id: int | None = BOB, **changes: object) -> Asker:
    """Ann asks about a clip that Bob posted."""
    values: dict[str, object] = {
        "requester_id": requester_id,
        "guild_id": GUILD,
        "channel_id": 30,
        "message_id": 40,
        "poster_id": poster_id,
        "attachment_id": 50,
        "locale": "de",
    }
    return Asker(Origin.DISCORD, **(values | changes))  # type: ignore[arg-type]


async def answered(
    store: Store,
    media: bytes = b"a clip",
    *,
    asker: Asker | None = None,
    label: VerdictLabel = VerdictLabel.LIKELY_FAKE,
    at: datetime = NOON,
    wait_s: float = 5.0,
    name: str = "clip.mp4",
) -> Check:
    """A check that was asked at `at` and answered `wait_s` later."""
    question = make_question(media, asker=asker or asked_by(), requested_at=at, source_name=name)
    return await store.checks.add_answered(question, make_report(media, label), at + timedelta(seconds=wait_s))
