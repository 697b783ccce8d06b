"""The unsigned words of a demo's file: title and comment of the MP4, and an XMP packet with IPTC's source type.

Anyone can change or drop them; they are there for people who look at a file's properties and for tools that read them.
XMP lies in a box of its own at the end of the file (XMP specification part 3, section 2.2.1, "MPEG-4").
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

from core.detectors.provenance import SOURCE_TYPES, xmp_sources
from core.versions import release

XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
_PNG_HEAD_BYTES = 8 + 25  # the signature, and the chunk IHDR
MOST_BOXES = 10_000
MOST_WORDS_BYTES = 1 << 16
_COMMENT = "Faces in this video were drawn by AI: a labelled demonstration, demo {id}, made with Facepulse."
_ID = re.compile(r"demo ([0-9a-f]{8})\b")
_XMP_ID = re.compile(rb"facepulse:demo:([0-9a-f]{8})\b")


@dataclass(frozen=True, slots=True)
class FileWords:
    """What a file says of itself, unsigned; `demo_ids` those of Facepulse's demos, `sources` IPTC's terms."""

    title: str
    comment: str
    made_with: str
    sources: tuple[str, ...]
    demo_ids: tuple[str, ...]


def words_for(title: str, demo_id: str) -> dict[str, str]:
    """Return what `core.video.encode.write_video` is to write into the container."""
    return {
        "title": title,
        "comment": _COMMENT.format(id=demo_id),
        "encoding_tool": f"Facepulse {release()}",
        "synopsis": _COMMENT.format(id=demo_id),
    }


def append_xmp(path: Path, title: str, demo_id: str | None, source: str) -> None:
    """Add a box with an XMP packet to the end of a finished MP4.

    `source` is a term of IPTC's digital source types, such as "compositeWithTrainedAlgorithmicMedia"; `demo_id` is
    None for what is no demo.
    """
    identifier = "" if demo_id is None else f"xmp:Identifier={quoteattr('facepulse:demo:' + demo_id)}"
    packet = _xmp(title, source, identifier)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s16s", 8 + 16 + len(packet), b"uuid", XMP_BOX) + packet)


def png_saying(png: bytes, title: str) -> bytes:
    """Return a PNG with an XMP packet that says what the picture is, and that AI drew parts of it.

    It is a chunk of its own after the first (XMP specification part 3, section 1.1.5).
    """
    chunk = b"iTXt" + b"XML:com.adobe.xmp" + bytes(5) + _xmp(title, COMPOSITE)
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:_PNG_HEAD_BYTES] + whole + png[_PNG_HEAD_BYTES:]


def _xmp(title: str, source: str, more: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f"xmp:Label={quoteattr(title)} xmp:CreatorTool={quoteattr('Facepulse ' + release())} {more} "
        f"Iptc4xmpExt:DigitalSourceType={quoteattr(SOURCE_TYPES + source)}/>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def read_words(path: Path) -> FileWords:
    """Return what a file says of itself; empty words for one that says nothing or is no MP4.

    Raises:
        OSError: it cannot be read.
    """
    words: dict[bytes, str] = {}
    xmp = b""
    with path.open("rb") as file:
        for kind, start, size in _boxes(file, 0, path.stat().st_size):
            if kind == b"uuid" and size > 16:
                content = _read(file, start, min(size, MOST_WORDS_BYTES))
                xmp = content[16:] if content.startswith(XMP_BOX) else xmp
            elif kind == b"moov":
                words |= dict(_item_texts(file, start, start + size))
    title, comment, tool = (words.get(name, "") for name in (b"\xa9nam", b"\xa9cmt", b"\xa9too"))
    ids = [*_ID.findall(f"{title} {comment}"), *(found.decode() for found in _XMP_ID.findall(xmp))]
    return FileWords(title, comment, tool, xmp_sources(path), tuple(dict.fromkeys(ids)))


def _item_texts(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, str]]:
    """Yield the texts below moov/udta/meta/ilst, by their four letters (as iTunes and FFmpeg write them)."""
    for udta, at, size in _boxes(file, start, end):
        for meta, below, below_size in _boxes(file, at, at + size) if udta == b"udta" else ():
            for ilst, items, items_size in _boxes(file, below + 4, below + below_size) if meta == b"meta" else ():
                for name, item, item_size in _boxes(file, items, items + items_size) if ilst == b"ilst" else ():
                    data = _read(file, item, min(item_size, MOST_WORDS_BYTES))
                    if data[4:8] == b"data":  # a header of 8 bytes, then type and language
                        yield name, data[16:].decode("utf-8", "replace")


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and size of what is in each box between two places of a file (ISO/IEC 14496-12, 4.2)."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:  # before reading: a box may claim more bytes than a file can have
            return
        head = _read(file, start, 16)
        if len(head) < 8:
            return
        size, header = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header:
            return
        yield head[4:8], start + header, min(size, end - start) - header
        start += size


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)
