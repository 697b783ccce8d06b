"""Small files made to grow in the decoder: each ends in a clip or in one named sentence, within its limits."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.errors import ClipError, ClipTooLargeError, DecodingLimitError, NoVideoError, UnreadableClipError
from core.settings import VideoLimits
from core.video import open_clip
from core.video.child import READ_BYTES, named_tracks
from tests.synth import bombs, files

TIGHT = VideoLimits(child_memory_bytes=512 << 20, child_cpu_s=10, child_wall_s=20, stall_s=10)
"""What these files would pass a hundred times over; a child that held more would be ended by the kernel."""

Maker = Callable[[Path], Path]


def refusal(path: Path, limits: VideoLimits = TIGHT) -> ClipError:
    with pytest.raises(ClipError) as caught, open_clip(path, limits) as reader:
        list(reader)
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(caught.value))
    return caught.value


def frames_in(path: Path) -> int:
    with open_clip(path, TIGHT) as reader:
        return sum(1 for _ in reader)


@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [
        (partial(bombs.packed_picture, mebibytes=64), "pixels.png", UnreadableClipError),
        (partial(bombs.packed_picture, kind=b"iCCP"), "profile.png", DecodingLimitError),
        (bombs.packed_index, "index.mov", DecodingLimitError),
        (bombs.packed_blocks, "blocks.mkv", NoVideoError),
        (bombs.many_tracks, "tracks.mp4", ClipTooLargeError),
        (bombs.many_tracks, "tracks.mkv", UnreadableClipError),
        (bombs.nested_boxes, "nested.mp4", UnreadableClipError),
        (bombs.many_boxes, "boxes.mp4", UnreadableClipError),
        (partial(bombs.claimed_samples, box=b"stsz"), "sizes.mp4", UnreadableClipError),
        (partial(bombs.claimed_samples, box=b"stts"), "times.mp4", DecodingLimitError),
    ],
)
def test_what_would_grow_is_refused_by_name_within_the_limits(
    tmp_path: Path, make: Maker, name: str, kind: type[ClipError]
) -> None:
    path = make(tmp_path / name)
    assert path.stat().st_size < 5 << 20
    assert type(refusal(path)) is kind


def test_too_many_streams_are_told_from_too_little_memory(tmp_path: Path) -> None:
    assert str(refusal(bombs.many_tracks(tmp_path / "tracks.mp4"))) == "The file holds more streams than are accepted."
    assert "memory" in str(refusal(bombs.packed_index(tmp_path / "index.mov")))


@pytest.mark.parametrize("apart", [0, 1, 3, 4, READ_BYTES - 2])
def test_tracks_are_counted_across_the_pieces_that_are_read(tmp_path: Path, apart: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * (READ_BYTES - 2) + b"trak" + b"y" * apart + b"trak" + b"tra")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        assert named_tracks(descriptor) == 2
    finally:
        os.close(descriptor)


def test_a_picture_that_unfolds_for_minutes_is_ended_at_the_longest_wait(tmp_path: Path) -> None:
    path = bombs.packed_picture(tmp_path / "slow.png", mebibytes=8192)
    error = refusal(path, TIGHT.model_copy(update={"stall_s": 1.0}))
    assert isinstance(error, DecodingLimitError)
    assert "too long" in str(error)


@pytest.mark.parametrize("name", ["size.mp4", "size.avi", "size.mkv"])
def test_a_size_that_only_the_container_claims_allocates_nothing(tmp_path: Path, name: str) -> None:
    assert frames_in(bombs.claimed_size(tmp_path / name)) == 25


def test_words_that_unfold_beside_a_good_picture_do_no_harm(tmp_path: Path) -> None:
    assert frames_in(bombs.packed_picture(tmp_path / "words.png", mebibytes=256, kind=b"zTXt")) == 1


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("clip.mp4", bytes(1 << 20))
    return held.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        zipped(),
        b"%PDF-1.7\n" * 50,
        b"\x7fELF\x02\x01\x01" + bytes(500),
        b"MZ" + bytes(500),
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://example.org/a.png'/></svg>",
        b"\x1f\x8b\x08" + bytes(500),
        b"#!/bin/sh\necho\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    ],
    ids=["zip", "pdf", "elf", "exe", "html", "svg", "gzip", "script", "sdp"],
)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.gif"])
def test_what_only_calls_itself_a_video_never_reaches_the_decoder(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert "not a video" in str(refusal(tmp_path / name))


def test_a_name_that_lies_about_the_kind_changes_nothing(tmp_path: Path) -> None:
    moving = files.write_clip(tmp_path / "clip.mp4")
    still = files.picture(tmp_path / "picture.png")
    assert frames_in(moving.rename(tmp_path / "clip.png")) == 25
    assert frames_in(still.rename(tmp_path / "picture.mp4")) == 1


def test_a_picture_larger_than_its_limit_is_refused_before_it_is_unfolded(tmp_path: Path) -> None:
    path = files.write_clip(tmp_path / "wide.mp4", files.colour_frames(2, width_px=640, height_px=480))
    assert isinstance(refusal(path, TIGHT.model_copy(update={"max_pixels": 640 * 480 - 1})), ClipTooLargeError)
