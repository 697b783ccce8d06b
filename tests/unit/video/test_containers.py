"""The parent's own look at bytes that may be anything: one named demuxer or a sentence, and never a long walk."""

from __future__ import annotations

import av
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import NoVideoError, UnreadableClipError
from core.video import containers
from core.video.containers import HEAD_BYTES, demuxer_for, is_cut_off

MAGICS = [bytes(offset) + magic for offset, magic, _ in (*containers._MAGIC, *containers._PICTURES)]
HEADS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda magic, rest: magic + rest, st.sampled_from(MAGICS), st.binary(max_size=300)),
)
DEMUXERS = sorted({name for *_, name in containers._MAGIC} | containers._STILL_DEMUXERS | {"apng", "mpegts"})


class Counted:
    """A file of these bytes that counts how often it is read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.reads = data, 0

    def __call__(self, offset: int, size: int) -> bytes:
        assert offset >= 0
        self.reads += 1
        return self.data[offset : offset + size]


def test_every_demuxer_that_may_be_named_is_there() -> None:
    assert all(av.ContainerFormat(name, "r").is_input for name in DEMUXERS)


@settings(max_examples=200, deadline=None)
@given(HEADS)
@example(b"RIFF")
@example(b"BM")
@example(b"\x47" * 189)
def test_any_beginning_has_one_demuxer_or_a_sentence(head: bytes) -> None:
    try:
        assert demuxer_for(head) in DEMUXERS
    except (UnreadableClipError, NoVideoError) as error:
        assert str(error).endswith(".")


@settings(max_examples=200, deadline=None)
@given(data=HEADS, demuxer=st.sampled_from(DEMUXERS), size=st.integers(0, 1 << 40))
@example(data=b"\x1a\x45\xdf\xa3", demuxer="matroska", size=4)
@example(data=b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff", demuxer="matroska", size=12)
@example(data=bytes(8), demuxer="mov", size=8)
@example(data=b"\0\0\0\1moov" + b"\xff" * 8, demuxer="mov", size=16)
@example(data=b"\xff\xd8\xff\xe0\0\0", demuxer="jpeg_pipe", size=6)
def test_whether_it_is_cut_off_is_told_of_any_bytes_in_few_reads(data: bytes, demuxer: str, size: int) -> None:
    file = Counted(data)
    assert is_cut_off(file, size, demuxer) in {True, False}
    assert file.reads <= len(data) // 2 + 4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=20), st.integers(0, 200))
def test_boxes_are_cut_off_exactly_where_the_file_ends_before_them(bodies: list[int], missing: int) -> None:
    whole = b"".join((size + 8).to_bytes(4, "big") + b"free" + bytes(size) for size in bodies)
    data = whole[: max(len(whole) - missing, 0)]
    ends = [sum(8 + size for size in bodies[: count + 1]) for count in range(len(bodies))]
    begins = [end - 8 - size for end, size in zip(ends, bodies, strict=True)]
    # a box of which not even the eight bytes of its head are there has announced nothing
    expected = any(begin + 8 <= len(data) < end for begin, end in zip(begins, ends, strict=True))
    assert is_cut_off(Counted(data), len(data), "mov") is expected


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 8), st.integers(0, (1 << 56) - 2), st.binary(max_size=10))
def test_a_matroska_number_is_read_back_from_every_length(length: int, value: int, rest: bytes) -> None:
    value %= (1 << 7 * length) - 1  # all ones mean "unknown"
    coded = (value | 1 << 7 * length).to_bytes(length, "big")
    assert containers._vint(coded + rest, 0) == (value, length)
    unknown = ((1 << 7 * length + 1) - 1).to_bytes(length, "big")
    assert containers._vint(unknown + rest, 0) == (None, length)


def test_the_beginning_that_is_looked_at_is_enough_for_a_transport_stream() -> None:
    assert demuxer_for((b"\x47" + bytes(187)) * (HEAD_BYTES // 188)) == "mpegts"
