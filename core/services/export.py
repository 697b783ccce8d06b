"""The cases of a server as a file: for spreadsheets (CSV) or programs (JSON). No clip is in it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import datetime
from typing import Any, Literal

from core.store import ExportRow, Store

COLUMNS = {
    "case": "number of the case",
    "asked_at": "when the check was asked for (UTC)",
    "finished_at": "when it was over (UTC)",
    "status": "queued, running, done, failed or cancelled",
    "origin": "discord: somebody asked; scan: a channel that is scanned",
    "verdict": "likely_fake, likely_real, inconclusive or declared_synthetic",
    "probability_fake": "calibrated probability of a fake, where there is one",
    "file_name": "name of the clip",
    "clip_sha256": "SHA-256 of the clip",
    "poster_id": "Discord id of who posted the clip",
    "requester_id": "Discord id of who asked",
    "channel_id": "Discord id of the channel",
    "message_id": "Discord id of the message",
    "checked_before": "the case whose answer was given again",
    "error": "why there is no answer",
    "review": "open, upheld or dismissed; empty when nobody flagged it",
    "flagged_as": "automatic, member or dispute",
    "flagged_by": "Discord id of who flagged it",
    "flagged_at": "when (UTC)",
    "assigned_to": "Discord id of the moderator who has it",
    "decided_by": "Discord id of the moderator who decided",
    "decided_at": "when (UTC)",
    "reason": "the moderator's reason",
    "notes": "what members noted on it, oldest first",
}
"""The columns in their order, and what is in them; empty where a thing is not known or was forgotten."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is a formula to a spreadsheet, whoever wrote it."""


class Exports:
    """Files of cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def cases(self, guild_id: int, since: datetime | None, form: Literal["csv", "json"]) -> bytes:
        """Return the checks of a server since `since`, oldest first, with what moderators made of them.

        CSV is UTF-8 with a byte order mark and one header line; texts that a spreadsheet would run as a formula begin
        with an apostrophe. JSON is an object with `columns` (name -> meaning) and `cases`; ids are texts there,
        because many programs round numbers that large. Expired checks are not in it.

        Raises:
            StoreError: the log cannot be read.
        """
        rows = await self._store.exports.of_guild(guild_id, since)
        return await asyncio.to_thread(_csv if form == "csv" else _json, rows)


def _csv(rows: tuple[ExportRow, ...]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        values = _values(row)
        writer.writerow(_cell(" | ".join(value) if isinstance(value, list) else value) for value in values.values())
    return file.getvalue().encode("utf-8-sig")


def _json(rows: tuple[ExportRow, ...]) -> bytes:
    whole = {"columns": COLUMNS, "cases": [_values(row) for row in rows]}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _values(row: ExportRow) -> dict[str, Any]:
    check, case, asker = row.check, row.case, row.check.asker
    review = {
        "review": None if case is None else case.state.value,
        "flagged_as": None if case is None else case.kind.value,
        "flagged_by": None if case is None else _id(case.flagged_by),
        "flagged_at": None if case is None else _time(case.flagged_at),
        "assigned_to": None if case is None else _id(case.assigned_to),
        "decided_by": None if case is None else _id(case.decided_by),
        "decided_at": None if case is None else _time(case.decided_at),
        "reason": None if case is None else case.reason,
        "notes": [] if case is None else [note.note for note in case.disputes if note.note],
    }
    return {
        "case": check.id,
        "asked_at": _time(check.requested_at),
        "finished_at": _time(check.finished_at),
        "status": check.status.value,
        "origin": asker.origin.value,
        "verdict": None if check.label is None else check.label.value,
        "probability_fake": check.probability_fake,
        "file_name": check.source_name,
        "clip_sha256": check.clip_sha256,
        "poster_id": _id(asker.poster_id),
        "requester_id": _id(asker.requester_id),
        "channel_id": _id(asker.channel_id),
        "message_id": _id(asker.message_id),
        "checked_before": check.repeats_check_id,
        "error": check.error_sentence,
        **review,
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
