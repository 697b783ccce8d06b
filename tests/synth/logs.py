"""Questions and reports for tests of the log, made without any analysis."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from core.settings import VideoLimits
from core.store import Asker, NewCheck, Origin
from core.types import (
    Analysis,
    Clip,
    Evidence,
    FaceSummary,
    Measurement,
    Progress,
    ProgressCallback,
    Report,
    Stage,
    Verdict,
    VerdictLabel,
    VideoInfo,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
VIDEO = VideoInfo(1280, 720, Fraction(30000, 1001), 9.97, 299, "h264", "mp4", 90, None)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Move the clock on."""
        self.now += timedelta(seconds=seconds)


def sha256_of(media: bytes) -> str:
    """The sha256 of a clip."""
    return hashlib.sha256(media).hexdigest()


def make_question(media: bytes = b"a clip", **changes: object) -> NewCheck:
    """A question about `media`, asked on the command line at noon."""
    values: dict[str, object] = {
        "source_name": "clip.mp4",
        "asker": Asker(Origin.CLI),
        "requested_at": NOON,
        "versions_key": "v1",
        "clip_sha256": sha256_of(media),
        "size_bytes": len(media),
    }
    return NewCheck(**(values | changes))  # type: ignore[arg-type]


def make_report(media: bytes = b"a clip", label: VerdictLabel = VerdictLabel.LIKELY_FAKE) -> Report:
    """A report on `media` with two pieces of evidence, one face and two weight files."""
    evidence = (
        Evidence(
            "pulse", "1", 0, 0.93, 0.5, (Measurement("snr", -2.7, "dB"), Measurement("lag", None, "s")), None, ("Odd.",)
        ),
        Evidence("provenance", "1", None, None, 1.0, (), None, (), True),
    )
    probability = 0.93 if label is VerdictLabel.LIKELY_FAKE else None
    return Report(
        clip_sha256=sha256_of(media),
        size_bytes=len(media),
        video=VIDEO,
        frames_analysed=299,
        seconds_analysed=9.943,
        verdict=Verdict(label, probability, evidence, ("Because of é, ü and 你.",), "test-calibration"),
        faces=(
            FaceSummary(0, (0.0, 9.943), 290, 210.5, (-12.25, 30.0), (1.0, 2.5, 3.0, 4.0), None, -4.0, 14.5, "weak"),
        ),
        weights={"mesh": "12" * 32, "detector": "34" * 32},
        versions={"facepulse": "0.1.0", "pulse": "1"},
        timings_s={"opening": 0.125, "frames": 3.0625},
        created_at=NOON + timedelta(seconds=1, microseconds=250),
    )


def analyse(path: Path, limits: VideoLimits, progress: ProgressCallback | None = None) -> Analysis:
    """Stands in for the analysis: reads the file, tells its progress twice, reports on its bytes."""
    media = path.read_bytes()
    report = make_report(media)
    if progress is not None:
        progress(Progress(Stage.OPENING, 1, 1, None))
        progress(Progress(Stage.FRAMES, 150, 299, 1.5))
    return Analysis(Clip(path, report.clip_sha256, len(media), VIDEO), report, ())


async def becomes(condition: Callable[[], Awaitable[bool]], within_s: float = 30.0) -> None:
    """Return as soon as `condition` holds; a TimeoutError when it does not come to hold."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)
