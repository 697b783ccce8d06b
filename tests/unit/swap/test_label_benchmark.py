"""The table of docs/labels.md: what is done to the clips, and how hits are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks import video_changes as changes
from benchmarks.label_survival import FILE, MARKS, table


def frames(count: int = 26, height: int = 90, width: int = 160) -> changes.Frames:
    rng = np.random.default_rng(0)
    return [(i / 25, rng.integers(0, 256, (height, width, 3), np.uint8)) for i in range(count)]


def line(change: str, hits: int, *, n: int = 5, signed: int = 0, clip: str = "a") -> dict[str, Any]:
    marks = dict.fromkeys(MARKS, hits)
    return {"clip": clip, "change": change, "n": n, **marks, "wrong": 0, "credentials": signed, "words": signed}


@pytest.mark.parametrize("name", changes.CHANGES)
def test_every_change_gives_pictures_of_one_even_size_in_order(name: str) -> None:
    before = frames()
    kept = [rgb.copy() for _, rgb in before]
    after = changes.CHANGES[name][0](before)
    assert {rgb.shape for _, rgb in after} == {after[0][1].shape}
    assert all(side % 2 == 0 for side in after[0][1].shape[:2])
    assert np.all(np.diff([time_s for time_s, _ in after]) > 0)
    assert all(np.array_equal(rgb, old) for (_, rgb), old in zip(before, kept, strict=True))


def test_a_crop_leaves_out_what_it_says() -> None:
    assert changes.cropped(frames(1), 0.25, (0.5, 0.5))[0][1].shape == (68, 120, 3)


def test_a_screen_is_filmed_at_thirty_pictures_a_second() -> None:
    times = [time_s for time_s, _ in changes.screen_recorded(frames())]
    np.testing.assert_allclose(np.diff(times), 1 / 30, atol=1e-9)


def test_grey_has_no_colour_left() -> None:
    assert np.ptp(changes.grey(frames(1))[0][1], axis=-1).max() == 0


def test_hits_are_counted_with_their_interval() -> None:
    told = table([line(FILE, 1, n=1, signed=1), line("copied", 2), line("copied", 3, clip="b")])
    assert "| copied | 5/10 (24% to 76%) |" in told
    assert "| the file | 1/1 (21% to 100%) |" in told
    assert "2 clips. Credentials and words of the container are in 1 of 1 files and in 0 of 2 copies." in told
