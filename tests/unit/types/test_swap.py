"""A face may be used only as its person allowed, and a demo's id is what a watermark can carry."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.types import ConsentRecord, ConsentScope, FaceType, Provenance, TrainedSwap

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def consent(**changes: object) -> ConsentRecord:
    given: dict[str, object] = {
        "person": "Ada",
        "how": "a signed form",
        "given_at": NOW,
        "scope": frozenset({ConsentScope.TRAINING}),
    }
    return ConsentRecord(**(given | changes))  # type: ignore[arg-type]


def trained() -> TrainedSwap:
    return TrainedSwap("a" * 64, "b" * 16, "c" * 16, 100, "df", 96, FaceType.WHOLE, consent())


def test_consent_allows_what_it_names_and_nothing_else() -> None:
    assert consent().allows(ConsentScope.TRAINING)
    assert not consent().allows(ConsentScope.DISCORD)


@pytest.mark.parametrize(
    "changes",
    [
        {"person": " "},
        {"how": ""},
        {"scope": frozenset()},
        {"adult": False},
        {"given_at": datetime(2026, 11, 23)},
    ],
)
def test_a_consent_that_says_too_little_or_is_of_a_minor_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        consent(**changes)


@pytest.mark.parametrize("demo_id", ["", "1234567", "123456789", "1234567G", "DEADBEEF", "deadbee\n"])
def test_a_demo_id_is_eight_hexadecimal_digits(demo_id: str) -> None:
    with pytest.raises(ValueError, match="8 hexadecimal digits"):
        Provenance(demo_id, trained(), "d" * 64, "ada", NOW)
