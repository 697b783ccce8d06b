"""Small files that would grow: packed data without end, claims of size, boxes without number. Each returns its path."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.synth import files

MEBIBYTE = 1 << 20


def deflated_zeros(mebibytes: int) -> bytes:
    """A zlib stream of a kilobyte for each mebibyte of zeros that it unfolds to; its checksum is wrong."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    # after a full flush what follows does not depend on what came before, so it can be repeated
    block = packer.compress(bytes(MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * mebibytes + packer.flush()


def packed_picture(path: Path, mebibytes: int = 2048, kind: bytes = b"IDAT") -> Path:
    """A PNG of 96 × 64 pixels whose picture, text (`zTXt`) or colour profile (`iCCP`) unfolds to far more."""
    data = files.still(path, files.colour_frames(1)[0]).read_bytes()
    start = data.index(b"IDAT") - 4
    body = {b"IDAT": b"", b"zTXt": b"Comment\0\0", b"iCCP": b"profile\0\0"}[kind] + deflated_zeros(mebibytes)
    rest = data[data.index(b"IEND") - 4 :] if kind == b"IDAT" else data[start:]
    path.write_bytes(data[:start] + _png_chunk(kind, body) + rest)
    return path


def packed_index(path: Path, mebibytes: int = 1024) -> Path:
    """A QuickTime film whose index is packed (`cmov`) and unfolds to far more than a film's."""
    packed = _box(b"cmvd", struct.pack(">I", mebibytes * MEBIBYTE - 1) + deflated_zeros(mebibytes))
    method = _box(b"dcom", b"zlib")
    path.write_bytes(_box(b"ftyp", b"qt  \0\0\0\0qt  ") + _box(b"moov", _box(b"cmov", method + packed)))
    return path


def packed_blocks(path: Path, blocks: int = 30, mebibytes: int = 64) -> Path:
    """A Matroska file whose pictures are packed by zlib (ContentCompression) and unfold to `mebibytes` each."""
    compression = _element(0x5034, _element(0x4254, b"\0"))
    encodings = _element(0x6D80, _element(0x6240, compression))
    video = _element(0xE0, _element(0xB0, struct.pack(">H", 96)) + _element(0xBA, struct.pack(">H", 64)))
    block = deflated_zeros(mebibytes)
    cluster = _element(0xE7, b"\0") + b"".join(
        _element(0xA3, b"\x81" + struct.pack(">h", index * 40) + b"\x80" + block) for index in range(blocks)
    )
    return _matroska(path, _track(1, encodings + video), cluster)


def many_tracks(path: Path, tracks: int = 5000) -> Path:
    """A film of thousands of streams: MKV by the file's ending, else MP4."""
    if path.suffix == ".mkv":
        video = _element(0xE0, _element(0xB0, struct.pack(">H", 96)) + _element(0xBA, struct.pack(">H", 64)))
        return _matroska(path, b"".join(_track(number, video) for number in range(1, tracks + 1)), b"")
    data = files.write_clip(path).read_bytes()
    start = data.index(b"moov") - 4
    moov = data[start : start + int.from_bytes(data[start : start + 4], "big")]
    at = moov.index(b"trak") - 4
    track = moov[at : at + int.from_bytes(moov[at : at + 4], "big")]
    grown = _box(b"moov", moov[8:at] + track * tracks + moov[at + len(track) :])
    path.write_bytes(data[:start] + grown + data[start + len(moov) :])
    return path


def nested_boxes(path: Path, depth: int = 20_000) -> Path:
    """An MP4 of boxes within boxes."""
    data = b""
    for _ in range(depth):
        data = _box(b"moov", data)
    path.write_bytes(_box(b"ftyp", b"isom\0\0\0\0isom") + data)
    return path


def many_boxes(path: Path, boxes: int = 500_000) -> Path:
    """An MP4 of half a million empty boxes."""
    path.write_bytes(_box(b"ftyp", b"isom\0\0\0\0isom") + _box(b"free", b"") * boxes)
    return path


def claimed_samples(path: Path, box: bytes = b"stsz", count: int = 0xFFFF_FFFF) -> Path:
    """An MP4 one of whose tables (`stsz`, `stts`, `stco`) claims four thousand million entries."""
    data = bytearray(files.write_clip(path).read_bytes())
    struct.pack_into(">I", data, data.index(box) + 4 + (8 if box == b"stsz" else 4), count)
    path.write_bytes(data)
    return path


def claimed_size(path: Path, side_px: int = 65_535) -> Path:
    """A clip of 96 × 64 pixels whose container claims `side_px` × `side_px`; MP4, AVI or MKV by the file's ending."""
    codec = "mpeg4" if path.suffix == ".avi" else "libx264"
    data = bytearray(files.write_clip(path, codec=codec).read_bytes())
    if path.suffix == ".avi":
        struct.pack_into("<II", data, data.index(b"strf") + 12, side_px, side_px)
    elif path.suffix == ".mkv":
        for mark in (b"\xb0\x81\x60", b"\xba\x81\x40"):  # PixelWidth 96, PixelHeight 64, in a byte each
            data[data.index(mark) : data.index(mark) + 3] = mark[:2] + bytes([0xFF])
    else:
        struct.pack_into(">HH", data, data.index(b"avc1", data.index(b"stsd")) + 28, side_px, side_px)
    path.write_bytes(data)
    return path


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _box(kind: bytes, body: bytes) -> bytes:
    """ISO/IEC 14496-12, 4.2."""
    return struct.pack(">I", len(body) + 8) + kind + body


def _element(identity: int, body: bytes) -> bytes:
    """RFC 8794: an element's number as it is written, its size in eight bytes, its body."""
    number = identity.to_bytes((identity.bit_length() + 7) // 8, "big")
    return number + struct.pack(">Q", len(body) | 1 << 56) + body


def _track(number: int, rest: bytes) -> bytes:
    fields = _element(0xD7, struct.pack(">H", number)) + _element(0x73C5, struct.pack(">H", number))
    return _element(0xAE, fields + _element(0x83, b"\x01") + _element(0x86, b"V_MJPEG") + rest)


def _matroska(path: Path, tracks: bytes, cluster: bytes) -> Path:
    header = _element(0x1A45DFA3, _element(0x4282, b"matroska"))
    info = _element(0x1549A966, _element(0x2AD7B1, struct.pack(">I", 1_000_000)))
    body = info + _element(0x1654AE6B, tracks) + (_element(0x1F43B675, cluster) if cluster else b"")
    path.write_bytes(header + _element(0x18538067, body))
    return path
