"""Which verdicts are put before the moderators."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.flagging import is_flagged
from core.types import GuildSettings, VerdictLabel
from tests.synth.analyses import make_analysis

DEFAULTS = GuildSettings(9)


@pytest.mark.parametrize(
    ("label", "flagged"),
    [
        (VerdictLabel.LIKELY_FAKE, True),
        (VerdictLabel.LIKELY_REAL, False),
        (VerdictLabel.INCONCLUSIVE, False),
        (VerdictLabel.DECLARED_SYNTHETIC, False),
    ],
)
def test_by_default_only_signs_of_manipulation_are_flagged(label: VerdictLabel, flagged: bool) -> None:
    assert is_flagged(make_analysis(label=label).report, DEFAULTS) is flagged


def test_declared_clips_are_flagged_where_the_server_wants_that() -> None:
    report = make_analysis(label=VerdictLabel.DECLARED_SYNTHETIC).report

    assert is_flagged(report, replace(DEFAULTS, flag_declared=True))


@pytest.mark.parametrize(("least", "flagged"), [(0.9, True), (0.93, True), (0.94, False)])
def test_a_probability_that_was_set_must_be_reached(least: float, flagged: bool) -> None:
    report = make_analysis(label=VerdictLabel.LIKELY_FAKE).report
    assert report.verdict.probability_fake == 0.93

    assert is_flagged(report, replace(DEFAULTS, flag_probability=least)) is flagged


def test_a_probability_flags_no_clip_that_is_not_called_manipulated() -> None:
    fake = make_analysis(label=VerdictLabel.LIKELY_FAKE).report
    unsure = replace(fake, verdict=replace(fake.verdict, label=VerdictLabel.INCONCLUSIVE))

    assert not is_flagged(unsure, replace(DEFAULTS, flag_probability=0.5))
