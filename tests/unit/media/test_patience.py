"""A worker tries again while the media store does not answer, for so long and no longer."""

from __future__ import annotations

import pytest

from core.errors import CancelledError, ClipNotFoundError, MediaStoreError
from core.media import patiently


class Time:
    """A clock that goes on only by waiting."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.pauses_s: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses_s.append(seconds)
        self.now_s += seconds


class Act:
    """Fails so many times, then gives 7."""

    def __init__(self, failures: float) -> None:
        self.left = failures

    def __call__(self) -> int:
        if self.left > 0:
            self.left -= 1
            raise MediaStoreError("It does not answer.")
        return 7


def test_it_tries_again_with_growing_pauses_that_stay_short() -> None:
    time, told = Time(), []

    assert patiently(Act(6), lambda: told.append(time.now_s), 60, time.pause, lambda: time.now_s) == 7

    assert time.pauses_s == [0.25, 0.5, 1, 2, 2, 2]
    assert len(told) == 7


def test_it_gives_up_when_its_time_is_over() -> None:
    time = Time()

    with pytest.raises(MediaStoreError):
        patiently(Act(float("inf")), lambda: None, 10, time.pause, lambda: time.now_s)

    assert 8 <= time.now_s <= 10


def test_whoever_waits_can_end_the_waiting() -> None:
    time = Time()

    def tell() -> None:
        if time.now_s > 1:
            raise CancelledError("Taken back.")

    with pytest.raises(CancelledError):
        patiently(Act(float("inf")), tell, 60, time.pause, lambda: time.now_s)
    assert time.now_s < 4


def test_what_will_not_pass_is_not_tried_again() -> None:
    time = Time()

    def gone() -> None:
        raise ClipNotFoundError("It is gone.")

    with pytest.raises(ClipNotFoundError):
        patiently(gone, lambda: None, 60, time.pause, lambda: time.now_s)
    assert time.pauses_s == []
