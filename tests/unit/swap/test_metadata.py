"""The words of a demo's file: what was written is read, and no file, however broken, is the reader's end."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.swap.metadata import FileWords, append_xmp, png_saying, read_words

DEMO, SOURCE = "00c0ffee", "compositeWithTrainedAlgorithmicMedia"
NOTHING = FileWords("", "", "", (), ())
KINDS = (b"moov", b"udta", b"meta", b"ilst", b"\xa9nam", b"\xa9cmt", b"data", b"uuid", b"free", b"mdat")


def box(kind: bytes, content: bytes, claimed: int | None = None) -> bytes:
    return struct.pack(">I4s", len(content) + 8 if claimed is None else claimed, kind) + content


def titled(title: str) -> bytes:
    """As FFmpeg writes a title."""
    data = box(b"data", struct.pack(">II", 1, 0) + title.encode())
    items = box(b"ilst", box(b"\xa9nam", data))
    return box(b"moov", box(b"udta", box(b"meta", bytes(4) + items)))


def words_of(content: bytes, folder: Path) -> FileWords:
    path = folder / "file.mp4"
    path.write_bytes(content)
    return read_words(path)


def test_title_and_xmp_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "file.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + titled(f"AI-made face swap, demo {DEMO}"))
    append_xmp(path, "AI-made & labelled", DEMO, SOURCE)
    words = read_words(path)
    assert words.title == f"AI-made face swap, demo {DEMO}"
    assert (words.demo_ids, words.sources) == ((DEMO,), (SOURCE,))


def test_the_xmp_packet_is_one_that_other_readers_find_and_parse(tmp_path: Path) -> None:
    """XMP specification part 1, section 7.3.2: `begin` is empty or U+FEFF."""
    path = tmp_path / "file.mp4"
    path.touch()
    append_xmp(path, "AI-made & labelled", DEMO, SOURCE)
    packet = path.read_bytes()[24:].decode()
    assert re.match(r"<\?xpacket begin=[\"'](\ufeff)?[\"'] id=[\"']W5M0MpCehiHzreSzNTczkc9d[\"']", packet)
    described = ElementTree.fromstring(packet)[0][0]
    assert described.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"].endswith(f"/{SOURCE}")


def test_a_picture_that_says_what_it_is_stays_the_same_picture(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    plain = cv2.imencode(".png", rgb)[1].tobytes()
    said = png_saying(plain, "AI-drawn & said")
    assert np.array_equal(cv2.imdecode(np.frombuffer(said, np.uint8), cv2.IMREAD_COLOR), rgb)
    with Image.open(io.BytesIO(said)) as opened:  # which looks at the checksums of chunks
        opened.verify()
        packet = opened.info["XML:com.adobe.xmp"]
    assert ElementTree.fromstring(packet)[0][0].attrib["{http://ns.adobe.com/xap/1.0/}Label"] == "AI-drawn & said"


@pytest.mark.parametrize("claimed", [0, 1, 7, 8, 2**32 - 1])
def test_a_box_that_lies_about_its_size_is_no_end_of_the_reader(claimed: int, tmp_path: Path) -> None:
    assert words_of(box(b"free", b"", claimed) + titled("x"), tmp_path).demo_ids == ()


@pytest.mark.parametrize("size", [2**62, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_box_larger_than_any_file_is_no_end_of_the_reader(size: int, tmp_path: Path) -> None:
    assert words_of(struct.pack(">I4sQ", 1, b"free", size) + titled("x"), tmp_path) == NOTHING


boxes = st.recursive(
    st.binary(max_size=24),
    lambda inner: st.builds(
        lambda kind, parts, claimed: box(kind, b"".join(parts), claimed),
        st.sampled_from(KINDS),
        st.lists(inner, max_size=3),
        st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    ),
    max_leaves=12,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(content=st.lists(boxes, max_size=4).map(b"".join))
def test_any_bytes_give_words_or_none(content: bytes, tmp_path: Path) -> None:
    words = words_of(content, tmp_path)
    assert all(len(demo_id) == 8 for demo_id in words.demo_ids)
    assert set(words.sources) <= {SOURCE}


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_labelled_file_with_bytes_changed_gives_words_or_none(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + titled(f"demo {DEMO}"))
    append_xmp(path, "demo", DEMO, SOURCE)
    content = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[at] = data.draw(st.integers(0, 255))
    words = words_of(bytes(content[: data.draw(st.integers(0, len(content)))]), tmp_path)
    assert all(len(demo_id) == 8 for demo_id in words.demo_ids)
