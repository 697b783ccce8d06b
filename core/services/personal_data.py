"""The rows about one person as JSON: only what is theirs, no other person's id."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from core.store import AuditEntry, Case, Check, Dispute, PersonalRecord, redacted

IDS = re.compile(r"(?<!\d)\d{17,20}(?!\d)")

JsonRows = list[dict[str, Any]]


def personal_data(record: PersonalRecord, user_id: int) -> dict[str, JsonRows]:
    """Return the rows by kind: "asked", "posted", "flagged", "moderated" and "named", each oldest first."""
    return {
        "asked": [_check(check, user_id) for check in record.asked],
        "posted": [_check(check, user_id) for check in record.posted],
        "flagged": [
            *(_flag(case) for case in record.cases if case.flagged_by == user_id),
            *(_note(check_id, note) for check_id, note in record.notes),
        ],
        "moderated": [
            *(_duty(case, user_id) for case in record.cases if user_id in (case.assigned_to, case.decided_by)),
            *(_act(entry, user_id) for entry in record.acted),
        ],
        "named": [
            {**_act(entry, user_id), "details": _without_others(entry.details, user_id)}
            for entry in record.named
            if (entry.details, entry.undo) != (redacted(entry.details, user_id), redacted(entry.undo, user_id))
        ],
    }


def _check(check: Check, user_id: int) -> dict[str, Any]:
    asker = check.asker
    return {
        "case": check.id,
        "asked_at": _time(check.requested_at),
        "finished_at": _time(check.finished_at),
        "status": check.status.value,
        "asked_by_you": asker.requester_id == user_id,
        "posted_by_you": asker.poster_id == user_id,
        "origin": asker.origin.value,
        "server_id": _id(asker.guild_id),
        "channel_id": _id(asker.channel_id),
        "message_id": _id(asker.message_id),
        "attachment_id": _id(asker.attachment_id),
        "answer_message_id": _id(check.answer_message_id),
        "answer_channel_id": _id(check.answer_channel_id),
        "your_language": asker.locale if asker.requester_id == user_id else None,
        "file_name": check.source_name,
        "clip_sha256": check.clip_sha256,
        "verdict": None if check.label is None else check.label.value,
        "probability_fake": check.probability_fake,
        "error": check.error_sentence,
        "report": None if check.report_json is None else json.loads(check.report_json),
    }


def _flag(case: Case) -> dict[str, Any]:
    return {
        "case": case.check.id,
        "server_id": _id(case.guild_id),
        "kind": case.kind.value,
        "at": _time(case.flagged_at),
    }


def _note(check_id: int, note: Dispute) -> dict[str, Any]:
    return {"case": check_id, "kind": note.kind.value, "at": _time(note.at), "note": note.note}


def _duty(case: Case, user_id: int) -> dict[str, Any]:
    return {
        "case": case.check.id,
        "server_id": _id(case.guild_id),
        "state": case.state.value,
        "assigned_to_you": case.assigned_to == user_id,
        "decided_by_you": case.decided_by == user_id,
        "decided_at": _time(case.decided_at),
        "reason": case.reason if case.decided_by == user_id else None,
    }


def _act(entry: AuditEntry, user_id: int) -> dict[str, Any]:
    return {
        "server_id": _id(entry.guild_id),
        "case": entry.check_id,
        "at": _time(entry.at),
        "action": entry.action,
        "done_by_you": entry.by == user_id,
        "undone_at": _time(entry.undone_at),
        "undone_by_you": entry.undone_by == user_id,
    }


def _without_others(value: Any, user_id: int) -> Any:
    """Return JSON without the ids of others, which are all numbers as large as those of Discord."""
    if isinstance(value, dict):
        return {key: _without_others(inner, user_id) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_others(inner, user_id) for inner in value]
    if isinstance(value, str):
        return IDS.sub(lambda found: found[0] if found[0] == str(user_id) else "…", value)
    if isinstance(value, int) and IDS.fullmatch(str(value)):
        return str(value) if value == user_id else None
    return value


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
