"""Probe, decode and encode: untrusted bytes in, pictures with their real times out.

`encode` is imported by its own name, so that importing this room does not load PyAV.
"""

from core.video.reader import ClipReader, open_clip, standing_walls
from core.video.refusals import WALL_NAMES

__all__ = ["WALL_NAMES", "ClipReader", "open_clip", "standing_walls"]
