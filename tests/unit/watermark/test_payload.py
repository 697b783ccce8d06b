from __future__ import annotations

import numpy as np
import pytest

from core.watermark.payload import BITS, demo_id_of, payload_bits


@pytest.mark.parametrize("demo_id", ["00000000", "ffffffff", "1a2b3c4d"])
def test_an_id_comes_back_from_its_bits(demo_id: str) -> None:
    assert payload_bits(demo_id).shape == (BITS,)
    assert demo_id_of(payload_bits(demo_id)) == demo_id


@pytest.mark.parametrize("value", [False, True])
def test_a_picture_that_reads_the_same_everywhere_is_no_payload(value: bool) -> None:
    assert demo_id_of(np.full(BITS, value)) is None


def test_up_to_three_wrong_bits_are_always_noticed() -> None:
    rng = np.random.default_rng(1)
    bits = payload_bits("1a2b3c4d")
    for wrong in (1, 2, 3):
        for _ in range(200):
            changed = bits.copy()
            changed[rng.choice(BITS, wrong, replace=False)] ^= True
            assert demo_id_of(changed) is None


def test_of_random_bits_about_one_in_65536_passes() -> None:
    rng = np.random.default_rng(2)
    passed = sum(demo_id_of(bits) is not None for bits in rng.integers(0, 2, (60_000, BITS)).astype(bool))
    assert passed <= 6  # 0.9 expected; more than 6 once in 10,000 times


def test_what_is_no_id_is_refused() -> None:
    with pytest.raises(ValueError, match="8 hexadecimal digits"):
        payload_bits("1A2B3C4D")
