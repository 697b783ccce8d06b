"""The demos about one person as JSON: only what is theirs, no other person's id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.store import Demo


def demo_data(demos: tuple[Demo, ...], user_id: int) -> list[dict[str, Any]]:
    """Return demos that a user asked for, or whose clip they posted, the oldest first."""
    return [_demo(demo, user_id) for demo in demos]


def _demo(demo: Demo, user_id: int) -> dict[str, Any]:
    asker = demo.asker
    yours = asker.requester_id == user_id
    return {
        "demo": demo.id,
        "demo_id": demo.demo_id,
        "asked_at": _time(demo.requested_at),
        "finished_at": _time(demo.finished_at),
        "status": demo.status.value,
        "model": demo.model.name,
        "asked_by_you": yours,
        "clip_posted_by_you": asker.poster_id == user_id,
        "you_declared": demo.declaration.value if yours else None,
        "where_the_consent_is": demo.declared_how if yours else None,
        "server_id": _id(asker.guild_id),
        "channel_id": _id(asker.channel_id),
        "message_id": _id(asker.message_id),
        "answer_message_id": _id(demo.answer_message_id),
        "your_language": asker.locale if yours else None,
        "file_name": demo.driver_name,
        "clip_sha256": demo.driver_sha256,
        "demo_sha256": demo.file_sha256,
        "kept": demo.file_name is not None,
        "deleted_at": _time(demo.deleted_at),
        "error": demo.error_sentence,
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
