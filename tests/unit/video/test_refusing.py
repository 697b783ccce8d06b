"""What a bad clip gets: one clear sentence of the right kind, and nothing left (see conftest)."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.errors import (
    ClipError,
    ClipNotFoundError,
    ClipTooLargeError,
    DecodingLimitError,
    NoVideoError,
    UnreadableClipError,
)
from core.settings import VideoLimits
from core.video import open_clip
from tests.synth import files

Maker = Callable[[Path], Path]


def read_all(path: Path, limits: VideoLimits) -> int:
    with open_clip(path, limits) as reader:
        return sum(1 for _ in reader)


def refusal(path: Path, limits: VideoLimits) -> ClipError:
    with pytest.raises(ClipError) as caught:
        read_all(path, limits)
    sentence = str(caught.value)
    assert re.fullmatch(r"[A-Z][^\n]*\.", sentence), "one sentence for a person"
    assert str(path.parent) not in sentence
    return caught.value


@pytest.mark.parametrize(
    ("make", "name", "kind", "words"),
    [
        (files.empty, "a.mp4", UnreadableClipError, "empty"),
        (files.text, "a.mp4", UnreadableClipError, "not a video"),
        (files.noise, "a.mp4", UnreadableClipError, "cut off|damaged"),
        (files.without_index, "a.mp4", UnreadableClipError, "cut off"),
        (files.audio_only, "a.mp4", NoVideoError, "no video"),
        (files.audio_only, "a.wav", NoVideoError, "no video"),
        (files.animated_webp, "a.webp", UnreadableClipError, "animated WebP"),
        (files.animated_webp, "a.mp4", UnreadableClipError, "animated WebP"),
        (files.huge_picture, "a.png", UnreadableClipError, "damaged, or larger"),
        (files.huge_picture, "a.jpg", UnreadableClipError, "damaged, or larger"),
        (files.huge_picture, "a.bmp", UnreadableClipError, "damaged, or larger"),
        (files.playlist, "a.m3u8", UnreadableClipError, "playlist"),
        (files.playlist, "a.mp4", UnreadableClipError, "playlist"),
        (files.concat_list, "a.mp4", UnreadableClipError, "playlist"),
        (files.huge_gif, "a.gif", ClipTooLargeError, "pixels"),
        (files.really_long, "a.mp4", ClipTooLargeError, "longer than 300 s"),
    ],
)
def test_bad_files_are_named_for_what_they_are(
    tmp_path: Path, limits: VideoLimits, make: Maker, name: str, kind: type[ClipError], words: str
) -> None:
    error = refusal(make(tmp_path / name), limits)
    assert type(error) is kind
    assert re.search(words, str(error))


def test_a_playlist_is_not_followed_even_inside_an_accepted_container(tmp_path: Path, limits: VideoLimits) -> None:
    files.write_clip(tmp_path / "other.mp4")
    path = files.playlist(tmp_path / "a.mp4")
    path.write_bytes(b"\x00\x00\x00\x08free" + path.read_bytes())
    assert isinstance(refusal(path, limits), UnreadableClipError)


def test_what_is_not_an_ordinary_file_is_refused_at_once(tmp_path: Path, limits: VideoLimits) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    assert "directory" in str(refusal(tmp_path, limits))
    assert "ordinary" in str(refusal(tmp_path / "fifo.mp4", limits))
    assert "ordinary" in str(refusal(Path("/dev/zero"), limits))


def test_a_file_that_is_not_there_or_not_ours_is_not_found(
    tmp_path: Path, limits: VideoLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(refusal(tmp_path / "none.mp4", limits), ClipNotFoundError)
    path = files.write_clip(tmp_path / "clip.mp4")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read anything

        def deny(*_args: object, **_kwargs: object) -> int:
            raise PermissionError

        monkeypatch.setattr(os, "open", deny)
    error = refusal(path, limits)
    assert isinstance(error, ClipNotFoundError)
    assert "permission" in str(error)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"max_bytes": 100}, "MiB"),
        ({"max_pixels": 96 * 64 - 1}, "pixels"),
        ({"max_frames": 24}, "24 frames"),
        ({"max_duration_s": 0.9}, r"0\.9 s"),
    ],
)
def test_each_limit_on_the_clip_has_its_sentence(tmp_path: Path, changed: dict[str, float], words: str) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    error = refusal(path, VideoLimits.model_validate(changed))
    assert isinstance(error, ClipTooLargeError)
    assert re.search(words, str(error))


def test_a_clip_exactly_at_its_limits_is_read(tmp_path: Path) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    exact = VideoLimits(max_bytes=path.stat().st_size, max_pixels=96 * 64, max_frames=25, max_duration_s=1.0)
    assert read_all(path, exact) == 25


def test_frames_past_the_longest_duration_are_refused_though_the_header_promised_less(tmp_path: Path) -> None:
    path = files.lying_header(tmp_path / "short.mkv", claimed_s=1)
    error = refusal(path, VideoLimits(max_duration_s=1.5))
    assert isinstance(error, ClipTooLargeError)


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    picture = np.full((4320, 7680, 3), (180, 120, 90), np.uint8)
    path = files.write_clip(tmp_path / "8k.mp4", [picture])
    error = refusal(path, VideoLimits(child_memory_bytes=256 << 20))
    assert isinstance(error, DecodingLimitError)
    assert "memory" in str(error)


def test_too_much_processor_time_is_said(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (1440, 2560, 3), np.uint8)
    path = files.repeated(tmp_path / "work.avi", picture, 100)
    error = refusal(path, VideoLimits(child_cpu_s=1, analysis_max_side_px=2560))
    assert isinstance(error, DecodingLimitError)
    assert "processor" in str(error)


@pytest.mark.parametrize("changed", [{"stall_s": 1e-4}, {"child_wall_s": 1e-4}])
def test_a_child_that_lets_us_wait_is_ended(tmp_path: Path, changed: dict[str, float]) -> None:
    error = refusal(files.write_clip(tmp_path / "clip.mp4"), VideoLimits.model_validate(changed))
    assert isinstance(error, DecodingLimitError)
    assert "too long" in str(error)


def decoding_child() -> psutil.Process:
    """The child that decodes; other tests of this process may have left helpers of other packages beside it."""
    (child,) = (one for one in psutil.Process().children() if "core.video.child" in one.cmdline())
    return child


@pytest.mark.parametrize(
    ("by", "kind"),
    [(signal.SIGKILL, DecodingLimitError), (signal.SIGSEGV, UnreadableClipError), (signal.SIGSYS, UnreadableClipError)],
)
def test_a_child_that_dies_midway_is_an_error_not_a_short_clip(
    tmp_path: Path, limits: VideoLimits, by: signal.Signals, kind: type[ClipError]
) -> None:
    path = files.write_clip(tmp_path / "clip.mp4", files.colour_frames(200))
    with open_clip(path, limits) as reader:
        next(reader)
        child = decoding_child()
        child.send_signal(by)
        with pytest.raises(kind):
            list(reader)


def test_a_child_gives_up_all_it_could_harm_with(tmp_path: Path, limits: VideoLimits) -> None:
    path = files.write_clip(tmp_path / "clip.mp4", files.colour_frames(200))
    with open_clip(path, limits) as reader:
        next(reader)
        child = decoding_child()
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_NPROC) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_AS)[1] == limits.child_memory_bytes
        assert child.rlimit(psutil.RLIMIT_CPU)[0] == limits.child_cpu_s
        assert "NoNewPrivs:\t1" in Path(f"/proc/{child.pid}/status").read_text()
        assert os.getpgid(child.pid) == child.pid
        assert not Path(child.cwd().removesuffix(" (deleted)")).exists()
        assert child.num_threads() == 1
        assert {"DISCORD_TOKEN", "HOME", "PATH"}.isdisjoint(child.environ())


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="death with the parent is Linux's")
def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    path = files.write_clip(tmp_path / "clip.mp4", files.colour_frames(200))
    code = (
        "import pathlib, psutil, sys, core.video, core.settings as s\n"
        "reader = core.video.open_clip(pathlib.Path(sys.argv[1]), s.VideoLimits())\n"
        "print(psutil.Process().children()[0].pid, flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        ended = select.poll()
        ended.register(child, select.POLLIN)
        events = ended.poll(30_000)
        os.close(child)
    assert events
