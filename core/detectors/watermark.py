"""Watermark: what a clip's pictures declare, even where the file itself no longer does.

Facepulse's own demos carry their id in the pictures: hidden in their colours twice, and as a square code in the
caption. Some picture generators write a fixed mark too. Found marks are declarations, as credentials are: whoever has
the program can write them, and none being there says nothing.
"""

from __future__ import annotations

from core.types import Evidence, Frame, Measurement
from core.watermark import FoundMarks, MarkReader


class WatermarkDetector:
    """Reports the marks of labelled demos in the pictures; never scores."""

    name = "watermark"
    version = "1"

    def watch(self) -> WatermarkWatch:
        """Begin with a clip."""
        return WatermarkWatch()

    def told(self, found: FoundMarks) -> Evidence:
        """Return what `found` means."""
        findings = [
            f"The pictures carry Facepulse's hidden mark: this is face-swap demo {demo_id}, made and labelled by it."
            for demo_id in dict.fromkeys(one for one in (found.svd, found.tiles) if one is not None)
        ]
        if found.code is not None:
            findings.append(
                f"The code in the pictures says that this is Facepulse's face-swap demo {found.code}; "
                "anyone can draw such a code."
            )
        if found.generator is not None:
            findings.append(
                f"The pictures carry the hidden mark that {found.generator} writes into what it makes; "
                "a declaration, not a proof."
            )
        return Evidence(
            detector=self.name,
            version=self.version,
            track=None,
            fake_score=None,
            quality=1.0 if found.frames else 0.0,
            measurements=(
                Measurement("frames_searched", float(found.frames), ""),
                Measurement("block_mark_read", float(found.svd is not None), ""),
                Measurement("tile_mark_read", float(found.tiles is not None), ""),
                Measurement("code_read", float(found.code is not None), ""),
                Measurement("generator_mark_read", float(found.generator is not None), ""),
            ),
            findings=tuple(findings),
            declares_synthetic=bool(findings),
        )


class WatermarkWatch:
    """Sees the frames of one clip pass by."""

    def __init__(self) -> None:
        self._reader = MarkReader()

    def add(self, frame: Frame) -> None:
        """Take the next frame in."""
        self._reader.add(frame.rgb)

    def finish(self) -> Evidence:
        """Return what was found."""
        return WatermarkDetector().told(self._reader.read())
