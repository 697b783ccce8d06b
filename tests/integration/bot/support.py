"""A worker without analysis: it takes checks from the queue and closes them with made-up answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.store import Check, Store
from core.types import Progress, Report, VerdictLabel
from core.versions import versions_key
from tests.synth.analyses import make_analysis

LEASE = timedelta(minutes=5)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000050001"
    "0d0a2db40000000049454e44ae426082"
)


def report_for(check: Check, label: VerdictLabel = VerdictLabel.INCONCLUSIVE, faces: int = 1) -> Report:
    """A made-up report about the clip of `check`."""
    assert check.clip_sha256 is not None
    return replace(make_analysis(label=label, faces=faces).report, clip_sha256=check.clip_sha256)


class FakeWorker:
    """Claims the oldest waiting check and does with it what the test says."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self._store = store
        self._data_dir = data_dir

    async def claim(self) -> Check:
        claim = await self._store.queue.claim("fake", datetime.now(UTC), LEASE)
        assert claim is not None, "nothing waits in the queue"
        return claim

    async def tell(self, claim: Check, progress: Progress) -> None:
        assert await self._store.queue.heartbeat(claim, datetime.now(UTC), LEASE, progress)

    async def finish(self, claim: Check, report: Report | None = None, *, picture: bool = True) -> Report:
        if picture:
            figures = self._data_dir / "outgoing" / str(claim.id)
            figures.mkdir(parents=True)
            (figures / "evidence.png").write_bytes(PNG)
        report = report or report_for(claim)
        assert await self._store.queue.finish(claim, report, versions_key(), datetime.now(UTC))
        return report

    async def fail(self, claim: Check, code: str, sentence: str) -> None:
        assert await self._store.queue.fail(claim, code, sentence, datetime.now(UTC))
