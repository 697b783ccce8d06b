"""What a graphics processor says of itself."""

from __future__ import annotations

import pytest

from core.jobs.presence import parse_gpu_use
from core.store import GpuUse


def test_the_busiest_processor_is_told_in_shares_and_bytes() -> None:
    assert parse_gpu_use("7, 1200, 81559\n93, 2, 100\n") == GpuUse(0.93, 2 << 20, 100 << 20)


@pytest.mark.parametrize("text", ["", "[N/A], [N/A], [N/A]\n", "No devices were found\n"])
def test_a_machine_without_one_says_nothing(text: str) -> None:
    assert parse_gpu_use(text) is None
