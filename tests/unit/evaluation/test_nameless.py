from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import OutputError
from core.evaluation import mouth_data, temporal_data
from core.evaluation.face_clips import FaceClip
from core.evaluation.nameless import coded
from core.evaluation.watched_faces import Driver
from core.faces import load_face_models
from core.types import Frame, VideoInfo

TIMES_S = np.arange(5) / 25
KILLED = """
import os, signal
import numpy as np
from core.evaluation.nameless import coded

with coded(np.arange(5) / 25, [np.full((64, 64, 3), 90, np.uint8)] * 5, 23) as reader:
    print(sum(1 for _ in reader), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


class StoppedError(Exception):
    pass


def grey(value: int) -> NDArray[np.uint8]:
    return np.full((64, 64, 3), value, np.uint8)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has the caches and everything temporary."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_pictures_come_back_with_their_times_out_of_no_file(watched: Path) -> None:
    with coded(TIMES_S, [grey(90 + 20 * i) for i in range(5)], 18) as reader:
        frames = list(reader)
        assert files(watched) == []
    assert 0 < reader.clip.size_bytes < 64 * 64 * 3
    np.testing.assert_allclose([frame.time_s for frame in frames], TIMES_S, atol=1e-4)
    np.testing.assert_allclose([frame.rgb.mean() for frame in frames], 90 + 20 * np.arange(5), atol=2)


def test_what_a_killed_process_had_coded_is_gone(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED], env={"TMPDIR": str(tmp_path)}, cwd=Path(mouth_data.__file__).parents[2],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.returncode) == ("5\n", -signal.SIGKILL), ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_pictures_are_an_error_that_leaves_nothing(watched: Path) -> None:
    with pytest.raises(OutputError), coded(np.zeros(0), [], 18):
        pass
    assert files(watched) == []


def driver() -> Driver:
    return Driver("p", [grey(90)] * 5, TIMES_S, np.zeros((5, 468, 2)))


def real_clip(folder: Path, person: str) -> FaceClip:
    return FaceClip(folder / f"{person}.mp4", None, False, person, "real", person, "train")


def stops_once_frames_are_read(folder: Path, seen: list[list[str]]) -> Callable[..., NoReturn]:
    """Stands in for watching the forged pictures: reads all, notes the files that are there, and fails."""

    def watch(frames: Iterable[tuple[VideoInfo, Frame]], *_: object, **__: object) -> NoReturn:
        assert len(list(frames)) == 5
        seen.append(files(folder))
        raise StoppedError

    return watch


def test_an_animated_photograph_never_lies_in_the_cache(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(temporal_data, "_driver", lambda clip, models: driver())
    monkeypatch.setattr(temporal_data, "animate", lambda *_: [grey(120)] * 5)
    monkeypatch.setattr(temporal_data, "main_face", stops_once_frames_are_read(watched, seen))
    clips = [real_clip(watched, "p1"), real_clip(watched, "p2")]
    with pytest.raises(StoppedError):
        list(temporal_data.forge(clips, load_face_models(), watched / "cache", seed=0))
    assert seen == [[]]
    assert files(watched) == []


def test_a_lip_synced_copy_never_lies_in_the_cache(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    forged = stops_once_frames_are_read(watched, seen)
    monkeypatch.setattr(
        mouth_data, "_watched", lambda frames, *_, **__: forged(frames) if frames != "clip" else (None, None)
    )
    monkeypatch.setattr(mouth_data, "frames_of", lambda *_: "clip")
    monkeypatch.setattr(mouth_data, "driver", lambda *_, **__: driver())
    with pytest.raises(StoppedError):
        mouth_data.mouths_seen(real_clip(watched, "p1"), load_face_models(), watched / "cache", 0)
    assert seen == [[]]
    assert files(watched) == []
