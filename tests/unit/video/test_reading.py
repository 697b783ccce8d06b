"""What a good clip becomes: the right pictures at the right times."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.settings import VideoLimits
from core.video import open_clip
from tests.synth import files


def times_of(path: Path, limits: VideoLimits) -> NDArray[np.float64]:
    with open_clip(path, limits) as reader:
        return np.array([frame.time_s for frame in reader])


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30_000, 1001), Fraction(60)])
def test_even_rates_keep_their_exact_times(tmp_path: Path, limits: VideoLimits, rate: Fraction) -> None:
    path = files.write_clip(tmp_path / "clip.mp4", files.colour_frames(90), rate=rate)
    with open_clip(path, limits) as reader:
        times = [frame.time_s for frame in reader]
    assert reader.clip.video.frame_rate == pytest.approx(rate, rel=1e-5)
    # one tick of 1/90000 s is what the file can hold
    np.testing.assert_allclose(times, np.arange(90) / float(rate), atol=1 / 90_000)


def test_uneven_times_come_back_uneven(tmp_path: Path, limits: VideoLimits) -> None:
    times = np.array([0.0, 0.031, 0.09, 0.1, 0.42, 0.5, 1.2])
    path = files.write_clip(tmp_path / "clip.mp4", files.colour_frames(7), times_s=times)
    np.testing.assert_allclose(times_of(path, limits), times, atol=1 / 90_000)


def test_time_starts_at_the_first_frame_wherever_the_stream_starts(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "clip.ts", files.colour_frames(5), times_s=[7.0, 7.04, 7.08, 7.12, 7.5])
    np.testing.assert_allclose(times_of(path, limits), [0.0, 0.04, 0.08, 0.12, 0.5], atol=2 / 90_000)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "container"),
    [
        ("a.mp4", "libx264", "yuv420p", "mov"),
        ("a.mov", "libx264", "yuv420p", "mov"),
        ("a.mkv", "libx264", "yuv420p", "matroska"),
        ("a.webm", "libvpx", "yuv420p", "matroska"),
        ("a.avi", "mpeg4", "yuv420p", "avi"),
        ("a.ts", "libx264", "yuv420p", "mpegts"),
        ("a.flv", "libx264", "yuv420p", "flv"),
    ],
)
def test_every_accepted_container_gives_all_frames(
    tmp_path: Path, limits: VideoLimits, name: str, codec: str, pix_fmt: str, container: str
) -> None:
    path = files.write_clip(tmp_path / name, codec=codec, pix_fmt=pix_fmt)
    with open_clip(path, limits) as reader:
        indices = [frame.index for frame in reader]
    assert reader.clip.video.container == container
    assert indices == list(range(25))
    assert (reader.frames_decoded, reader.expected_frames, reader.truncated) == (25, 25, False)


def test_an_animated_gif_is_a_video(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "a.gif", codec="gif", pix_fmt="rgb8", rate=Fraction(10))
    np.testing.assert_allclose(times_of(path, limits), np.arange(25) / 10, atol=1e-9)


def test_the_name_of_a_file_says_nothing(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "a.mkv").rename(tmp_path / "ein Gruß 🎬 an alle .mp4")
    with open_clip(path, limits) as reader:
        assert reader.clip.video.container == "matroska"
        assert len(list(reader)) == 25


def test_a_video_of_one_frame_yields_that_frame(tmp_path: Path, limits: VideoLimits) -> None:
    assert times_of(files.one_frame(tmp_path / "one.mp4"), limits).tolist() == [0.0]


def test_frames_are_read_only_and_stay_as_they_were(tmp_path: Path, limits: VideoLimits) -> None:
    pictures = files.colour_frames(12)
    with open_clip(files.write_clip(tmp_path / "clip.mp4", pictures), limits) as reader:
        frames = list(reader)  # more than there are slots
    for frame, picture in zip(frames, pictures, strict=True):
        assert not frame.rgb.flags.writeable
        np.testing.assert_allclose(frame.rgb.mean((0, 1)), picture.mean((0, 1)), atol=4)


def test_the_clip_is_described_and_its_file_unchanged(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    before = path.read_bytes(), path.stat().st_mtime_ns
    with open_clip(path, limits) as reader:
        list(reader)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    clip = reader.clip
    assert clip.sha256 == hashlib.sha256(before[0]).hexdigest()
    assert clip.size_bytes == len(before[0])
    assert (clip.video.width_px, clip.video.height_px, clip.video.codec) == (96, 64, "h264")
    assert (clip.video.frame_count, clip.video.duration_s) == (25, pytest.approx(1.0))


def corner_picture(width_px: int = 96, height_px: int = 64) -> NDArray[np.uint8]:
    """Grey with a bright top left corner."""
    picture = np.full((height_px, width_px, 3), 60, np.uint8)
    picture[: height_px // 2, : width_px // 2] = 220
    return picture


@pytest.mark.parametrize(
    ("turn", "shape", "bright"),
    [
        (0, (64, 96), (0, 0)),
        (90, (96, 64), (0, 1)),
        (180, (64, 96), (1, 1)),
        (270, (96, 64), (1, 0)),
    ],
)
def test_a_turned_stream_is_shown_turned(
    tmp_path: Path, limits: VideoLimits, turn: int, shape: tuple[int, int], bright: tuple[int, int]
) -> None:
    path = files.turned(tmp_path / "turned.mp4", turn, [corner_picture()] * 3)
    with open_clip(path, limits) as reader:
        frame = next(reader)
    video = reader.clip.video
    assert frame.rgb.shape[:2] == shape == (video.height_px, video.width_px)
    assert video.rotation_deg == turn
    quarters = frame.rgb.mean(2).reshape(2, shape[0] // 2, 2, shape[1] // 2).mean((1, 3))
    assert np.unravel_index(quarters.argmax(), (2, 2)) == bright


@pytest.mark.parametrize("turn", [0, 90])
def test_large_frames_are_scaled_down_with_their_content(tmp_path: Path, turn: int) -> None:
    path = files.turned(tmp_path / "large.mp4", turn, [corner_picture(800, 400)] * 2)
    with open_clip(path, VideoLimits(analysis_max_side_px=100)) as reader:
        frame = next(reader)
    assert frame.rgb.shape == ((50, 100, 3) if turn == 0 else (100, 50, 3))
    assert frame.scale == pytest.approx(1 / 8)
    assert max(reader.clip.video.width_px, reader.clip.video.height_px) == 800
    bright = frame.rgb[5:20, 5:45] if turn == 0 else frame.rgb[5:45, 30:45]
    assert abs(float(bright.mean()) - 220) < 3


MATRICES = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}
YUV = (110, 90, 170)


def rgb_of(yuv: tuple[int, int, int], kr: float, kb: float, *, full: bool) -> NDArray[np.float64]:
    """ITU-T H.273, equations for matrix coefficients, 8 bits."""
    y = yuv[0] / 255 if full else (yuv[0] - 16) / 219
    cb, cr = ((c - 128) / (255 if full else 224) for c in yuv[1:])
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    return np.array([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue]) * 255


@pytest.mark.parametrize(
    ("matrix", "full", "height", "read_as"),
    [
        ("bt709", False, 64, "bt709"),
        ("smpte170m", False, 64, "smpte170m"),
        ("bt2020nc", False, 64, "bt2020nc"),
        ("bt709", True, 64, "bt709"),
        ("smpte170m", True, 64, "smpte170m"),
        (None, False, 64, "smpte170m"),
        (None, False, 720, "bt709"),
    ],
)
def test_colours_follow_the_streams_matrix_and_range(
    tmp_path: Path, limits: VideoLimits, matrix: str | None, full: bool, height: int, read_as: str
) -> None:
    path = files.write_yuv_clip(tmp_path / "yuv.mp4", YUV, height_px=height, matrix=matrix, full_range=full)
    with open_clip(path, limits) as reader:
        frame = next(reader)
    kr, kb = MATRICES[read_as]
    np.testing.assert_allclose(frame.rgb.mean((0, 1)), rgb_of(YUV, kr, kb, full=full), atol=1.0)


def test_a_header_of_eight_hours_on_two_seconds_is_answered_by_what_is_there(
    tmp_path: Path, limits: VideoLimits
) -> None:
    for name in ("lying.mkv", "lying.mp4"):
        with open_clip(files.lying_header(tmp_path / name), limits) as reader:
            times = [frame.time_s for frame in reader]
        assert len(times) == reader.expected_frames == 50
        assert times[-1] == pytest.approx(1.96, abs=1e-3)
        assert reader.clip.video.frame_rate == 25


def test_a_file_cut_off_behind_its_index_gives_what_is_there_and_says_so(tmp_path: Path, limits: VideoLimits) -> None:
    with open_clip(files.cut_off(tmp_path / "cut.mp4"), limits) as reader:
        count = sum(1 for _ in reader)
    assert 20 < count < 40
    assert reader.frames_decoded == count
    assert reader.truncated


def test_damage_in_the_middle_is_read_over_and_said(tmp_path: Path, limits: VideoLimits) -> None:
    with open_clip(files.damaged(tmp_path / "damaged.mp4"), limits) as reader:
        times = [frame.time_s for frame in reader]
    assert len(times) > 25
    assert times[-1] > 1.5
    assert reader.truncated


def test_4k_is_read_within_half_a_gibibyte_of_address_space(tmp_path: Path) -> None:
    picture = np.full((2160, 3840, 3), (180, 120, 90), np.uint8)
    path = files.write_clip(tmp_path / "4k.mp4", [picture] * 4, rate=Fraction(60))
    with open_clip(path, VideoLimits(child_memory_bytes=512 << 20)) as reader:
        frames = list(reader)
    assert len(frames) == 4
    assert frames[0].rgb.shape == (720, 1280, 3)
    assert frames[0].scale == pytest.approx(1 / 3)


def test_a_reader_can_be_left_early_and_closed_twice(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    with open_clip(path, limits) as reader:
        for frame in reader:
            if frame.index == 3:
                break
    reader.close()
    assert reader.frames_decoded == 4
    assert list(reader) == []


def test_a_reader_that_is_only_dropped_ends_its_child(tmp_path: Path, limits: VideoLimits) -> None:
    reader = open_clip(files.write_clip(tmp_path / "clip.mp4"), limits)
    next(reader)
    del reader  # the fixture looks for what is left


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_in_the_loop_ends_the_child(tmp_path: Path, limits: VideoLimits, error: type[BaseException]) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    with pytest.raises(error), open_clip(path, limits) as reader:
        for _ in reader:
            raise error


def test_two_clips_can_be_read_side_by_side(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    with open_clip(path, limits) as one, open_clip(path, limits) as two:
        pairs = list(zip(one, two, strict=True))
    assert len(pairs) == 25
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in pairs)


def test_a_relative_path_is_read_from_where_the_caller_stands(
    tmp_path: Path, limits: VideoLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write_clip(tmp_path / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(times_of(Path("clip.mp4"), limits)) == 25


def test_opening_clips_loads_neither_pyav_nor_opencv_into_the_caller() -> None:
    code = "import sys, core.video; print(sorted({'av', 'cv2', 'torch', 'pydantic'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_child_loads_only_what_it_decodes_with() -> None:
    code = "import sys, core.video.child; print(sorted({'cv2', 'torch', 'pydantic', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env={"PATH": os.defpath}
    )
    assert done.stdout.strip() == "[]"


def test_real_clips_give_every_frame_that_their_headers_name(shared_data: Path, limits: VideoLimits) -> None:
    clips = sorted(shared_data.glob("clips/*/*"), key=lambda path: path.stat().st_size)[:80:16]
    assert clips
    for path in clips:
        with open_clip(path, limits) as reader:
            times = [frame.time_s for frame in reader]
        assert np.all(np.diff(times) > 0)
        assert not reader.truncated
        assert reader.clip.video.frame_count in {None, len(times)}
