from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import OutputError
from core.settings import VideoLimits
from core.video import open_clip
from core.video.encode import write_into, write_video

TIMES_S = (0.0, 0.033, 0.1, 0.5)


def colour(height_px: int = 64, width_px: int = 96) -> NDArray[np.uint8]:
    return np.full((height_px, width_px, 3), (200, 60, 30), np.uint8)


@pytest.mark.parametrize("height_px", [64, 720])
def test_times_and_colours_come_back(tmp_path: Path, limits: VideoLimits, height_px: int) -> None:
    path = write_video(tmp_path / "out.mp4", ((t, colour(height_px)) for t in TIMES_S))
    with open_clip(path, limits) as reader:
        frames = list(reader)
    np.testing.assert_allclose([frame.time_s for frame in frames], TIMES_S, atol=1 / 90_000)
    np.testing.assert_allclose(frames[-1].rgb.mean((0, 1)), (200, 60, 30), atol=1.5)


def test_odd_sides_are_made_even(tmp_path: Path, limits: VideoLimits) -> None:
    path = write_video(tmp_path / "out.mp4", [(0.0, colour(65, 97))])
    with open_clip(path, limits) as reader:
        assert next(reader).rgb.shape == (66, 98, 3)


def test_a_higher_crf_makes_a_smaller_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [(t, rng.integers(0, 255, (64, 96, 3), np.uint8)) for t in TIMES_S]
    fine, coarse = (write_video(tmp_path / f"{crf}.mp4", frames, crf=crf).stat().st_size for crf in (10, 40))
    assert coarse < fine / 2


def test_nothing_half_written_is_left_when_the_frames_fail(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"before")

    def failing() -> Iterator[tuple[float, NDArray[np.uint8]]]:
        yield 0.0, colour()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_video(tmp_path / "out.mp4", failing())
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"before"


def test_no_frames_or_no_such_directory_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_video(tmp_path / "out.mp4", [])
    with pytest.raises(OutputError):
        write_video(tmp_path / "none" / "out.mp4", [(0.0, colour())])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frames", [[(0.0, colour()), (0.0, colour())], [(0.0, colour()), (0.1, colour(32))]])
def test_frames_of_two_sizes_or_without_increasing_time_are_refused(
    tmp_path: Path, frames: list[tuple[float, NDArray[np.uint8]]]
) -> None:
    with pytest.raises(ValueError, match="one size and increasing"):
        write_video(tmp_path / "out.mp4", frames)


def test_a_file_without_room_is_an_output_error() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError):
        write_into(Full(), [(t, colour()) for t in TIMES_S])
