"""What a file is, told from its first bytes and never from its name.

Only the demuxers named here are ever run. Playlists and descriptions of streams (HLS, DASH, SDP, concat) are not among
them: they would make the decoder open other files.
"""

from __future__ import annotations

from collections.abc import Callable

from core.errors import NoVideoError, UnreadableClipError

HEAD_BYTES = 4096
"""How much of the beginning `demuxer_for` wants to see."""

MOST_BOXES = 100_000
"""A file of so many outermost boxes is not walked to its end (fragments come in twos)."""

ReadAt = Callable[[int, int], bytes]
"""`read_at(offset, size)`: bytes of the file, fewer at its end."""

ACCEPTED = "MP4, MOV, WebM, Matroska, AVI, MPEG, FLV, Ogg, WMV, GIF, PNG, JPEG, WebP, BMP or TIFF"

_MAGIC = (
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"FLV\x01", "flv"),
    (0, b"OggS", "ogg"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (8, b"AVI ", "avi"),
    *((4, box, "mov") for box in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
)
_PNG = b"\x89PNG\r\n\x1a\n"
_PICTURES = (
    (0, _PNG, "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (8, b"WEBP", "webp"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"BM", "bmp"),
)
_PICTURES_NOT_READ = tuple((4, b"ftyp" + brand) for brand in (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1"))
_STILL_DEMUXERS = frozenset(f"{kind}_pipe" for _, _, kind in _PICTURES)
_START_OF_SCAN = 0xDA
_CHUNK_BYTES = 1 << 16
_WEBP_ANIMATION = 2  # the flag of its VP8X header, WebP container specification, "Extended File Format"
_SOUNDS = ((0, b"ID3"), (0, b"fLaC"), (8, b"WAVE"), (0, b"\xff\xfb"), (0, b"\xff\xf1"), (0, b"\xff\xf9"))
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<MPD", b"<ASX", b"<asx")


def demuxer_for(head: bytes) -> str:
    """Return the name of the one demuxer that may open a file beginning with `head` (`HEAD_BYTES` of it, or all).

    Still pictures have demuxers of their own; `is_still` tells. An animated PNG is a clip.

    Raises:
        UnreadableClipError: empty, a playlist, a picture of another kind, or nothing that is accepted.
        NoVideoError: a file of sound.
    """
    if not head:
        raise UnreadableClipError("The file is empty.")
    if (picture := _picture_demuxer(head)) is not None:
        return picture
    if _is_playlist(head):
        raise UnreadableClipError("The file is a playlist that points to other files, not a video itself.")
    for offset, magic, demuxer in _MAGIC:
        if head.startswith(magic, offset):
            return demuxer
    if _is_transport_stream(head):
        return "mpegts"
    if _any_at(head, _SOUNDS):
        raise NoVideoError("The file holds sound but no video.")
    raise UnreadableClipError(f"The file is not a video or picture that can be read here ({ACCEPTED}).")


def is_still(demuxer: str) -> bool:
    """Whether `demuxer` reads one still picture."""
    return demuxer in _STILL_DEMUXERS


def container_name(demuxer: str) -> str:
    """What a file that `demuxer` reads is called: "mov", "png", …"""
    return demuxer.removesuffix("_pipe") if is_still(demuxer) else demuxer


def is_cut_off(read_at: ReadAt, size_bytes: int, demuxer: str) -> bool:
    """Whether a file of `size_bytes` ends before what its format announces: its outermost boxes, or a JPEG's end."""
    if demuxer == "mov":
        return _boxes_pass_end(read_at, size_bytes)
    if demuxer == "matroska":
        return _segment_passes_end(read_at(0, HEAD_BYTES), size_bytes)
    if demuxer == "avi":
        return int.from_bytes(read_at(4, 4), "little") + 8 > size_bytes
    if demuxer == "jpeg_pipe":
        return _picture_has_no_end(read_at)
    return False


def _any_at(head: bytes, magics: tuple[tuple[int, bytes], ...]) -> bool:
    return any(head.startswith(magic, offset) for offset, magic in magics)


def _picture_demuxer(head: bytes) -> str | None:
    """The demuxer of a picture, None for what is none."""
    if _any_at(head, _PICTURES_NOT_READ):
        raise UnreadableClipError(
            "The file is a HEIC or AVIF picture, which cannot be read here; save it as PNG or JPEG."
        )
    kind = next((kind for offset, magic, kind in _PICTURES if head.startswith(magic, offset)), None)
    if kind == "bmp" and head[6:10] != bytes(4):  # two letters are little: its reserved fields are zero
        return None
    if kind == "webp" and head[12:16] == b"VP8X" and len(head) > 20 and head[20] & _WEBP_ANIMATION:
        raise UnreadableClipError("The file is an animated WebP, which cannot be read here; save it as GIF or MP4.")
    if kind == "png" and b"acTL" in head:
        return "apng"
    return None if kind is None else f"{kind}_pipe"


def _is_playlist(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<?xml"):
        return any(mark in text for mark in (b"<MPD", b"<SmoothStreamingMedia"))
    return text.startswith(_PLAYLISTS)


def _is_transport_stream(head: bytes) -> bool:
    for packet_bytes, offset in ((188, 0), (192, 4)):
        marks = head[offset::packet_bytes]
        if len(marks) >= 3 and set(marks) == {0x47}:
            return True
    return False


def _boxes_pass_end(read_at: ReadAt, size_bytes: int) -> bool:
    """ISO/IEC 14496-12, 4.2: 32-bit size and type; size 1 means a 64-bit size follows, 0 means up to the end."""
    position = 0
    for _ in range(MOST_BOXES):
        head = read_at(position, 16)
        if len(head) < 8:
            break
        box_bytes = int.from_bytes(head[:4], "big")
        if box_bytes == 1:
            box_bytes = int.from_bytes(head[8:16], "big")
        if box_bytes < 8:  # up to the end, or not a box
            return False
        position += box_bytes
        if position > size_bytes:
            return True
    return False


def _picture_has_no_end(read_at: ReadAt) -> bool:
    """ITU-T T.81, B.1: segments up to the scan, in which a 0xFF that is followed by 0xD9 can only be the end."""
    position = 2
    for _ in range(MOST_BOXES):
        head = read_at(position, 4)
        if len(head) < 4 or head[0] != 0xFF:
            return len(head) < 4
        position += 2 + int.from_bytes(head[2:], "big")
        if head[1] == _START_OF_SCAN:
            break
    last = b""
    while chunk := read_at(position, _CHUNK_BYTES):
        if b"\xff\xd9" in last + chunk:
            return False
        last, position = chunk[-1:], position + len(chunk)
    return True


def _segment_passes_end(head: bytes, size_bytes: int) -> bool:
    """RFC 8794: the EBML header, then one Segment, whose size may be unknown (all ones)."""
    header_bytes, position = _vint(head, 4)
    if header_bytes is None:
        return False
    position += header_bytes
    if not head.startswith(b"\x18\x53\x80\x67", position):
        return False
    segment_bytes, position = _vint(head, position + 4)
    return segment_bytes is not None and position + segment_bytes > size_bytes


def _vint(data: bytes, position: int) -> tuple[int | None, int]:
    """An EBML number at `position` and where it ends; None when it is unknown or not there."""
    if position >= len(data) or data[position] == 0:
        return None, position
    length = 9 - data[position].bit_length()
    value = int.from_bytes(data[position : position + length], "big") & ((1 << 7 * length) - 1)
    unknown = value == (1 << 7 * length) - 1
    return (None if unknown else value), position + length
