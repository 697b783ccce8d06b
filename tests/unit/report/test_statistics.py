"""The plot of how many clips were checked."""

from __future__ import annotations

import io
from datetime import date, timedelta

import numpy as np
import pytest
from matplotlib.image import imread

from core.errors import OutputError
from core.report.plot_apart import is_weekly, plot_apart
from core.report.statistics import HEIGHT_PX, WIDTH_PX, checks_by_day
from core.report.style import INK

COLOURS = ("#AA0000", "#00AA00")


def days(number: int) -> list[date]:
    return [date(2026, 5, 4) + timedelta(days=day) for day in range(number)]


def share_of(png: bytes, colour: str) -> float:
    """The share of the picture's upper three quarters, without the legend, that has exactly this colour."""
    pixels = np.asarray(imread(io.BytesIO(png)))[: HEIGHT_PX * 3 // 4, :, :3]
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return float((np.abs(pixels - wanted).max(-1) < 1e-3).mean())


def test_the_picture_has_its_size_and_bars_in_proportion() -> None:
    png = checks_by_day(days(10), {"a": [2] * 10, "b": [0] * 10}, COLOURS, "Clips")
    few = checks_by_day(days(10), {"a": [2] * 5 + [0] * 5, "b": [0] * 10}, COLOURS, "Clips")

    assert imread(io.BytesIO(png)).shape[:2] == (HEIGHT_PX, WIDTH_PX)
    assert share_of(png, COLOURS[0]) > 0.3
    assert share_of(few, COLOURS[0]) == pytest.approx(share_of(png, COLOURS[0]) / 2, rel=0.05)
    assert share_of(png, COLOURS[1]) == 0


def test_many_days_become_weeks_and_no_check_is_lost() -> None:
    assert not is_weekly(days(62))
    assert is_weekly(days(63))
    flat = checks_by_day(days(70), {"a": [1] * 70}, COLOURS, "Clips")
    first = checks_by_day(days(70), {"a": [1] * 7 + [0] * 63}, COLOURS, "Clips")

    assert share_of(flat, COLOURS[0]) == pytest.approx(10 * share_of(first, COLOURS[0]), rel=0.1)


def test_no_days_and_no_checks_are_an_empty_plot() -> None:
    assert share_of(checks_by_day([], {"a": []}, COLOURS, "Clips"), COLOURS[0]) == 0
    assert share_of(checks_by_day(days(3), {"a": [0] * 3}, COLOURS, "Clips"), INK) > 0


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one number a day"):
        checks_by_day(days(3), {"a": [1, 2]}, COLOURS, "Clips")
    with pytest.raises(ValueError, match="one colour a name"):
        checks_by_day(days(1), {"a": [1], "b": [1], "c": [1]}, COLOURS, "Clips")


def test_another_process_draws_the_same_picture() -> None:
    asked = days(3), {"a": [1, 2, 3]}, COLOURS, "Clips – größer"

    assert (imread(io.BytesIO(plot_apart(*asked))) == imread(io.BytesIO(checks_by_day(*asked)))).all()


def test_what_another_process_cannot_draw_is_told_in_one_sentence() -> None:
    with pytest.raises(OutputError, match="The plot cannot be drawn"):
        plot_apart(days(3), {"a": [1]}, COLOURS, "Clips")
