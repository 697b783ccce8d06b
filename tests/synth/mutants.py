"""Media files gone wrong in a way that can be repeated: mutant number `i` of a seed is always the same file.

The clips that they come from are filmed here: a portrait with a pulse, a second long and small. Kinds and ways take
turns, so any stretch of numbers holds about as many of each.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.synth import clips, files

KINDS = ("mp4", "mov", "webm", "mkv", "avi", "gif", "png")
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF)
HEADER_BYTES = 400
_FIELDS = {
    "mp4": (b"mvhd", b"tkhd", b"mdhd", b"stsd", b"avc1", b"avcC", b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"elst"),
    "webm": (b"\x1a\x45\xdf\xa3", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75", b"\xae", b"\xe0"),
    "avi": (b"avih", b"strh", b"strf", b"idx1", b"movi", b"LIST"),
    "gif": (b"GIF89a", b"\x21\xf9", b"\x2c", b"NETSCAPE"),
    "png": (b"IHDR", b"acTL", b"fcTL", b"fdAT", b"IDAT", b"pHYs"),
}
_FIELDS |= {"mov": _FIELDS["mp4"], "mkv": _FIELDS["webm"]}

_QUICKLY = {
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libaom-av1": {"cpu-used": "8", "usage": "realtime"},
}

Way = Callable[[bytes, str, np.random.Generator], bytes]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file gone wrong: of which kind, in which way, and its bytes."""

    kind: str
    way: str
    data: bytes


def mutant(number: int, seed: int = 0) -> Mutant:
    """Return mutant `number` of a seed."""
    rng = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    way = list(WAYS)[number // len(KINDS) % len(WAYS)]
    originals = seeds()[kind]
    return Mutant(kind, way, WAYS[way](originals[int(rng.integers(len(originals)))], kind, rng))


@cache
def seeds() -> Mapping[str, tuple[bytes, ...]]:
    """The clips before anything is done to them: two or more of each kind, by different codecs."""
    scene = clips.Scene(width_px=128, height_px=96, face_px=60.0)
    pictures = clips.frames(scene, clips.even_times(12, 1.0))
    rate, fast = Fraction(12), {"movflags": "faststart"}

    def film(
        name: str, codec: str = "libx264", pix_fmt: str = "yuv420p", muxing: dict[str, str] | None = None
    ) -> bytes:
        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            # else Matroska gets a random number, and no two runs the same files
            how: dict[str, Any] = {"muxing": {"fflags": "+bitexact"} | (muxing or {}), "encoding": _QUICKLY.get(codec)}
            return files.write_clip(path, pictures, rate=rate, codec=codec, pix_fmt=pix_fmt, **how).read_bytes()

    def photograph(name: str) -> bytes:
        with TemporaryDirectory() as folder:
            return files.still(Path(folder) / name, pictures[0]).read_bytes()

    pieces = {"movflags": "frag_keyframe+empty_moov"}
    return {
        "mp4": (film("a.mp4", muxing=fast), film("a.mp4", "libx265"), film("a.mp4", "mpeg4", muxing=pieces)),
        "mov": (film("a.mov"), film("a.mov", "mjpeg", "yuvj420p", fast)),
        "webm": (film("a.webm", "libvpx"), film("a.webm", "libvpx-vp9")),
        "mkv": (film("a.mkv"), film("a.mkv", "ffv1"), film("a.mkv", "libaom-av1")),
        "avi": (film("a.avi", "mpeg4"), film("a.avi", "mjpeg", "yuvj420p"), film("a.avi", "rawvideo")),
        "gif": (film("a.gif", "gif", "rgb8"), film("a.gif", "gif", "gray")),
        "png": (photograph("a.png"), film("a.apng", "apng", "rgb24")),
    }


def _flipped(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """1 to 64 single bits anywhere."""
    changed = bytearray(data)
    for place in rng.integers(0, len(data) * 8, 2 ** int(rng.integers(0, 7))):
        changed[place // 8] ^= 1 << int(place % 8)
    return bytes(changed)


def _flipped_headers(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """1 to 16 bits among the first bytes, which the container is told from and described by."""
    size = min(HEADER_BYTES, len(data))
    return _flipped(data[:size], kind, rng) + data[size:]


def _cut(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """The beginning alone, of any length."""
    return data[: int(rng.integers(0, len(data)))]


def _lying(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """One to three numbers in named headers replaced by extreme ones; a PNG's checksums are made to fit again."""
    changed = bytearray(data)
    marks = [mark for mark in _FIELDS[kind] if mark in data]
    for _ in range(int(rng.integers(1, 4))):
        places = _places(data, marks[int(rng.integers(len(marks)))])
        # the size before a box's name, or any number in the first bytes behind it
        at = max(places[int(rng.integers(len(places)))] + int(rng.choice([-4, *range(1, 48)])), 0)
        size = int(rng.choice([1, 2, 4, 8]))
        value = int(rng.choice(np.array(EXTREMES, np.uint64))) & ((1 << 8 * size) - 1)
        changed[at : at + size] = value.to_bytes(size, "big" if rng.random() < 0.5 else "little")
    return _with_checksums(bytes(changed)) if kind == "png" else bytes(changed)


def _moved(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """A stretch left out, said twice, said a hundred times, zeroed, or put elsewhere."""
    first, last = sorted(int(place) for place in rng.integers(0, len(data) + 1, 2))
    stretch, rest = data[first:last], data[:first] + data[last:]
    match int(rng.integers(5)):
        case 0:
            return rest
        case 1:
            return data[:last] + stretch + data[last:]
        case 2:
            return data[:first] + stretch[:512] * 100 + data[first:]
        case 3:
            return data[:first] + bytes(len(stretch)) + data[last:]
        case _:
            place = int(rng.integers(0, len(rest) + 1))
            return rest[:place] + stretch + rest[place:]


def _spliced(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """The beginning of one file and the end of another, of any kind."""
    others = seeds()[KINDS[int(rng.integers(len(KINDS)))]]
    other = others[int(rng.integers(len(others)))]
    return data[: int(rng.integers(16, len(data)))] + other[int(rng.integers(0, len(other))) :]


WAYS: dict[str, Way] = {
    "bits flipped": _flipped,
    "header bits flipped": _flipped_headers,
    "cut off": _cut,
    "header lies": _lying,
    "stretches moved": _moved,
    "spliced": _spliced,
}


def _places(data: bytes, mark: bytes) -> list[int]:
    """Where a mark ends, wherever it is; at most fifty."""
    found, at = [], data.find(mark)
    while at >= 0 and len(found) < 50:
        found.append(at + len(mark))
        at = data.find(mark, at + 1)
    return found


def _with_checksums(data: bytes) -> bytes:
    """Set the checksum of every chunk of a PNG as far as its sizes lead, so that what lies inside is believed."""
    changed, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        changed[end : end + 4] = zlib.crc32(changed[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(changed)
