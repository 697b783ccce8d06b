"""An answer in its parts: columns of the check, evidence, the weights it used, what its clip turned out to be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import serialise
from core.store.database import insert_missing
from core.store.rows import CheckStatus
from core.store.tables import CHECK_WEIGHTS, CLIPS, EVIDENCE, MODEL_VERSIONS
from core.types import Evidence, Report


def columns(report: Report, finished_at: datetime) -> dict[str, Any]:
    """Return the columns of `checks` that make a row done."""
    return {
        "status": CheckStatus.DONE,
        "clip_sha256": report.clip_sha256,
        "label": report.verdict.label,
        "probability_fake": report.verdict.probability_fake,
        "report_json": serialise.dump_report(report),
        "finished_at": finished_at,
    }


async def write_clip(connection: AsyncConnection, report: Report, now: datetime) -> None:
    """Write what the clip is, now that it was decoded."""
    key = {"sha256": report.clip_sha256, "size_bytes": report.size_bytes, "first_seen_at": now}
    await connection.execute(insert_missing(connection, CLIPS).values(key))
    video = {
        "container": report.video.container,
        "codec": report.video.codec,
        "width": report.video.width_px,
        "height": report.video.height_px,
        "duration_s": report.video.duration_s,
    }
    await connection.execute(update(CLIPS).where(CLIPS.c.sha256 == report.clip_sha256).values(video))


async def write_parts(connection: AsyncConnection, check_id: int, report: Report, now: datetime) -> None:
    """Write everything of an answer that is not in the check's own row."""
    await write_clip(connection, report, now)
    if report.verdict.evidence:
        await connection.execute(insert(EVIDENCE), [_evidence_row(check_id, e) for e in report.verdict.evidence])
    for name, sha256 in report.weights.items():
        seen = {"name": name, "sha256": sha256, "first_seen_at": now}
        await connection.execute(insert_missing(connection, MODEL_VERSIONS).values(seen))
        await connection.execute(insert(CHECK_WEIGHTS).values(check_id=check_id, name=name, sha256=sha256))


async def read_evidence(connection: AsyncConnection, check_id: int) -> tuple[Evidence, ...]:
    """Return the evidence of a check, in the order of its report."""
    rows = await connection.execute(select(EVIDENCE).where(EVIDENCE.c.check_id == check_id).order_by(EVIDENCE.c.id))
    return tuple(
        Evidence(
            detector=row.detector,
            version=row.version,
            track=row.track,
            fake_score=row.fake_score,
            quality=row.quality,
            measurements=serialise.load_measurements(row.measurements_json),
            abstained_because=row.abstained_because,
            findings=tuple(row.findings_json),
            declares_synthetic=row.declares_synthetic,
        )
        for row in rows
    )


async def read_weights(connection: AsyncConnection, check_id: int) -> dict[str, str]:
    """Return name -> sha256 of the weight files of a check."""
    wanted = select(CHECK_WEIGHTS.c.name, CHECK_WEIGHTS.c.sha256).where(CHECK_WEIGHTS.c.check_id == check_id)
    return {row.name: row.sha256 for row in await connection.execute(wanted.order_by(CHECK_WEIGHTS.c.name))}


def _evidence_row(check_id: int, evidence: Evidence) -> dict[str, Any]:
    return {
        "check_id": check_id,
        "detector": evidence.detector,
        "version": evidence.version,
        "track": evidence.track,
        "fake_score": evidence.fake_score,
        "quality": evidence.quality,
        "abstained_because": evidence.abstained_because,
        "declares_synthetic": evidence.declares_synthetic,
        "measurements_json": serialise.dump_measurements(evidence.measurements),
        "findings_json": list(evidence.findings),
    }
