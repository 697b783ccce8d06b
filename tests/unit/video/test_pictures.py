"""Still pictures as clips of one frame, and pictures that move."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ClipTooLargeError, UnreadableClipError
from core.settings import VideoLimits
from core.types import Clip, Frame
from core.video import open_clip
from tests.synth import files


def read(path: Path, limits: VideoLimits) -> tuple[Clip, list[Frame]]:
    with open_clip(path, limits) as reader:
        return reader.clip, list(reader)


def corner() -> NDArray[np.uint8]:
    """Bright at the upper left."""
    picture = np.full((64, 96, 3), 60, np.uint8)
    picture[:32, :48] = (220, 120, 40)
    return picture


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_a_still_picture_is_a_clip_of_one_frame_without_a_rate(
    tmp_path: Path, limits: VideoLimits, ending: str
) -> None:
    clip, frames = read(files.still(tmp_path / f"a{ending}", corner()), limits)
    (frame,) = frames
    assert clip.video.is_still
    assert (clip.video.frame_rate, clip.video.duration_s, clip.video.bit_rate_kbps) == (0, None, None)
    assert (clip.video.width_px, clip.video.height_px, frame.time_s) == (96, 64, 0.0)
    np.testing.assert_allclose(frame.rgb[8:24, 8:40].mean((0, 1)), (220, 120, 40), atol=6)
    np.testing.assert_allclose(frame.rgb[44:, 60:].mean((0, 1)), 60, atol=6)


def test_a_picture_is_told_by_its_bytes_not_its_name(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.still(tmp_path / "a.png", corner()).rename(tmp_path / "holiday.mp4")
    assert read(path, limits)[0].video.container == "png"


def test_a_photograph_that_is_cut_off_is_shown_as_far_as_it_goes_and_said(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.still(tmp_path / "a.jpg", np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8))
    content = path.read_bytes()
    for kept, is_cut in ((content[: len(content) // 2], True), (content + b"more behind it", False)):
        path.write_bytes(kept)
        with open_clip(path, limits) as reader:
            assert len(list(reader)) == 1
        assert reader.truncated is is_cut


def test_two_letters_do_not_make_a_picture(tmp_path: Path, limits: VideoLimits) -> None:
    path = tmp_path / "a.bmp"
    path.write_bytes(b"BMW, a letter about cars " * 20)
    with pytest.raises(UnreadableClipError, match="not a video or picture"):
        read(path, limits)


def test_a_photograph_is_turned_as_its_camera_was_held(tmp_path: Path, limits: VideoLimits) -> None:
    clip, (frame,) = read(files.exif_turned(tmp_path / "a.jpg", corner(), orientation=6), limits)
    assert (clip.video.width_px, clip.video.height_px, clip.video.rotation_deg) == (64, 96, 90)
    assert frame.rgb[8:40, 40:60].mean() > frame.rgb[8:40, 4:24].mean() + 40, "the bright corner is now upper right"


def test_a_second_picture_behind_the_first_is_not_a_second_frame(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.still(tmp_path / "a.jpg", corner())
    path.write_bytes(path.read_bytes() + files.still(tmp_path / "b.jpg", corner()).read_bytes())
    assert len(read(path, limits)[1]) == 1


def test_a_large_photograph_is_scaled_down(tmp_path: Path, limits: VideoLimits) -> None:
    picture = np.full((3000, 4000, 3), 90, np.uint8)
    clip, (frame,) = read(files.still(tmp_path / "a.jpg", picture), limits)
    assert (clip.video.width_px, clip.video.height_px) == (4000, 3000)
    assert max(frame.rgb.shape) == limits.analysis_max_side_px
    assert frame.scale == pytest.approx(limits.analysis_max_side_px / 4000)


def test_a_picture_over_the_limit_is_refused_as_a_picture(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.still(tmp_path / "a.png", corner())
    with pytest.raises(ClipTooLargeError, match=r"^The picture is larger than 6000 pixels"):
        read(path, limits.model_copy(update={"max_pixels": 6000}))


@pytest.mark.parametrize(("ending", "codec", "pix_fmt"), [(".gif", "gif", "rgb8"), (".apng", "apng", "rgb24")])
def test_a_picture_that_moves_is_a_clip(
    tmp_path: Path, limits: VideoLimits, ending: str, codec: str, pix_fmt: str
) -> None:
    times = [0.0, 0.1, 0.25, 0.5]
    pictures = files.colour_frames(4)
    path = files.write_clip(tmp_path / f"a{ending}", pictures, times_s=times, codec=codec, pix_fmt=pix_fmt)
    clip, frames = read(path, limits)
    assert not clip.video.is_still
    assert [frame.time_s for frame in frames] == pytest.approx(times, abs=0.011)
    assert frames[3].rgb[..., 0].mean() > frames[0].rgb[..., 0].mean() + 100
