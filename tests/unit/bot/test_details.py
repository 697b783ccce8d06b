"""What the buttons show stays within Discord's limits and says all that it can."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from bot import details
from bot.answers import PICTURE, Content
from bot.i18n import ENGLISH, speaker
from core.types import LANGUAGES, Evidence, Measurement, Report, VerdictLabel
from tests.synth.analyses import make_analysis


def report_with(evidence: tuple[Evidence, ...]) -> Report:
    plain = make_analysis(label=VerdictLabel.LIKELY_FAKE).report
    return replace(plain, verdict=replace(plain.verdict, evidence=evidence))


def many(count: int, measurements: int) -> tuple[Evidence, ...]:
    measured = tuple(
        Measurement(f"a rather long name of number {i}", 0.123456, "beats/min") for i in range(measurements)
    )
    return tuple(Evidence(f"detector_{i}", "1.2", 0, 0.5, 0.5, measured) for i in range(count))


@pytest.mark.parametrize(("count", "measurements"), [(3, 2), (24, 0), (40, 0), (40, 80), (26, 6)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_any_number_of_measurements_fits(language: str, count: int, measurements: int) -> None:
    embed = details.details_embed(speaker(language), report_with(many(count, measurements)), filename="a" * 900, case=1)

    assert len(embed) <= 6000
    assert len(embed.fields) <= 25
    assert all(len(field.name or "") <= 256 and 0 < len(field.value or "") <= 1024 for field in embed.fields)


def test_what_is_left_out_is_counted() -> None:
    embed = details.details_embed(ENGLISH, report_with(many(40, 0)), filename="a.mp4", case=1)

    shown = [field for field in embed.fields if field.name != "…"]
    assert embed.fields[-1].value == f"{40 - len(shown)} more detector answers"


def test_a_detector_that_cannot_tell_says_why() -> None:
    blind = Evidence("pulse", "1", None, None, 0.0, abstained_because="the *face* is too small")
    embed = details.details_embed(ENGLISH, report_with((blind,)), filename="a.mp4", case=1)

    assert embed.fields[0].name == "the whole clip: pulse 1"
    assert embed.fields[0].value == r"No score: the \*face\* is too small"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("label", VerdictLabel)
def test_the_meaning_of_every_verdict_fits_in_every_language(label: VerdictLabel, language: str) -> None:
    embed = details.meaning_embed(speaker(language), make_analysis(label=label).report)

    assert len(embed) <= 6000
    assert len(embed.title or "") <= 256
    assert len(embed.fields) == len(VerdictLabel)


def test_a_picture_over_the_upload_limit_is_left_out_with_its_place_in_the_embed() -> None:
    embed = discord.Embed(title="verdict").set_image(url=f"attachment://{PICTURE}")
    content = Content("verdict", embed, picture=b"x" * 100)

    assert content.fitting(100) is content
    small = content.fitting(99)
    assert small.picture is None
    assert small.embed is not None
    assert small.embed.image.url is None
    assert embed.image.url is not None
