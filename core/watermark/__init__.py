"""Marks that travel inside the picture: hidden ones in its colours, and a square code that a machine reads.

All three carry a demo's id, 8 hexadecimal digits. The hidden ones are written by `embed`; the square code is part of
the caption that `core.swap.caption` burns in. `MarkReader` looks for all of them in the frames of any clip.
"""

from core.watermark.embed import embed
from core.watermark.reader import FoundMarks, MarkReader

__all__ = ["FoundMarks", "MarkReader", "embed"]
