import numpy as np
import pytest

from core.signals.skin_tone import ita_deg, linear_to_lab, skin_tone_group
from core.types import RoiTrace


def trace(rgb: tuple[float, float, float], region: str = "left_cheek") -> RoiTrace:
    seen = np.tile(np.array(rgb), (2, 3, 1))
    seen[0, 1] = np.nan
    return RoiTrace(
        0, (region, "forehead"), np.arange(3.0), seen, np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)
    )


def linear(red: int, green: int, blue: int) -> tuple[float, float, float]:
    value = np.array([red, green, blue]) / 255
    return tuple(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4))


def test_lab_of_white_and_of_a_red_are_as_tabled() -> None:
    assert linear_to_lab(np.ones(3)) == pytest.approx([100, 0, 0], abs=1e-6)
    assert linear_to_lab(np.array([1.0, 0, 0])) == pytest.approx([53.24, 80.09, 67.2], abs=0.05)


@pytest.mark.parametrize(
    ("srgb", "group"),
    [
        ((244, 220, 200), "very light"),
        ((198, 150, 120), "intermediate"),
        ((140, 95, 65), "brown"),
        ((60, 38, 28), "dark"),
    ],
)
def test_lighter_skin_has_the_larger_angle(srgb: tuple[int, int, int], group: str) -> None:
    angle = ita_deg(trace(linear(*srgb)))

    assert angle is not None
    assert skin_tone_group(angle) == group


def test_the_limits_of_the_groups_are_the_published_ones() -> None:
    assert [skin_tone_group(angle) for angle in (56, 55, 41, 28, 10, -30, -90)] == [
        "very light", "light", "intermediate", "tan", "brown", "dark", "dark",
    ]  # fmt: skip


def test_a_blue_cast_and_an_unseen_cheek_have_no_angle() -> None:
    assert ita_deg(trace((0.2, 0.3, 0.6))) is None
    assert ita_deg(trace((0.4, 0.3, 0.2), region="nose")) is None
