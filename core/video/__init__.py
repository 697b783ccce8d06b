"""Probe, decode and encode: untrusted bytes in, pictures with their real times out.

`encode` is imported by its own name, so that importing this room does not load PyAV.
"""

from core.video.reader import ClipReader, open_clip

__all__ = ["ClipReader", "open_clip"]
