"""What Discord is sent for a report: complete, readable without colour, within Discord's limits."""

from dataclasses import replace

import pytest

from bot import embeds
from bot.i18n import ENGLISH, speaker
from core.types import LANGUAGES, Evidence, Progress, Report, Stage, VerdictLabel
from tests.synth.analyses import make_analysis


def report(label: VerdictLabel = VerdictLabel.LIKELY_FAKE, **changes: object) -> Report:
    return replace(make_analysis(label=label).report, **changes)  # type: ignore[arg-type]


def field(embed: embeds.discord.Embed, name: str) -> str:
    return next(f.value for f in embed.fields if f.name == name and f.value is not None)


def overblown() -> Report:
    """A report whose every text is far too long."""
    plain = report()
    verdict = replace(plain.verdict, reasons=tuple("*why* " * 900 for _ in range(9)))
    face = replace(plain.faces[0], pulse_bpm=None, pulse_abstained_because="too _dark_ " * 500)
    faces = tuple(replace(face, track=track) for track in range(40))
    versions = {f"detector_{i}" * 20: "1.2.3" for i in range(80)}
    return replace(plain, verdict=verdict, faces=faces, versions=versions)


@pytest.mark.parametrize("label", VerdictLabel)
def test_each_verdict_has_its_own_icon_and_words(label: VerdictLabel) -> None:
    titles = {embeds.verdict_embed(ENGLISH, report(each), filename="a.mp4", case=1).title for each in VerdictLabel}
    embed = embeds.verdict_embed(ENGLISH, report(label), filename="a.mp4", case=1)

    assert len(titles) == len(VerdictLabel)
    assert embed.title is not None
    icon, words = embed.title.split(" ", 1)
    assert not icon.isascii()
    assert words.isascii()


def test_the_embed_says_reasons_face_pulse_case_time_versions_and_what_it_is() -> None:
    embed = embeds.verdict_embed(ENGLISH, report(), filename="a.mp4", case=12)

    assert "Blood flows through this face without coherence." in field(embed, "Why")
    assert "72 beats a minute" in field(embed, "Faces and pulse")
    assert embed.footer.text is not None
    assert embed.footer.text.startswith("A screening aid, not a proof")
    for part in ("case 12", "took 3.5 s", "pulse 1", "provenance 1", "facepulse 0.1.0"):
        assert part in embed.footer.text


def test_at_most_three_reasons_are_shown() -> None:
    verdict = replace(report().verdict, reasons=("one", "two", "three", "four"))
    shown = field(embeds.verdict_embed(ENGLISH, report(verdict=verdict), filename="a.mp4", case=1), "Why")

    assert shown == "• one\n• two\n• three"


def test_a_detector_that_says_what_it_found_is_quoted_rather_than_named() -> None:
    plain = report()
    found = Evidence("cell_agreement", "1", 0, 0.9, 1.0, findings=("neighbouring parts change colour together",))
    reasons = (
        "Face A: signs of manipulation.",
        "Face A: the cell agreement detector speaks for a fake, strongly.",
        "Face A: the appearance detector speaks for a fake.",
        "Face A: neighbouring parts change colour together.",
    )
    told = replace(plain, verdict=replace(plain.verdict, reasons=reasons, evidence=(found,)))

    assert field(embeds.verdict_embed(ENGLISH, told, filename="a.mp4", case=1), "Why").splitlines() == [
        "• Face A: signs of manipulation.",
        "• Face A: neighbouring parts change colour together.",
        "• Face A: the appearance detector speaks for a fake.",
    ]


def test_a_likelihood_is_told_only_when_it_was_calibrated() -> None:
    told = embeds.verdict_embed(ENGLISH, report(VerdictLabel.LIKELY_FAKE), filename="a.mp4", case=1).description
    silent = embeds.verdict_embed(ENGLISH, report(VerdictLabel.INCONCLUSIVE), filename="a.mp4", case=1).description

    assert "Likelihood of manipulation: very high" in (told or "")
    assert "Likelihood" not in (silent or "")


def test_no_likelihood_stands_beside_cant_tell() -> None:
    unsure = report(VerdictLabel.LIKELY_FAKE)
    unsure = replace(unsure, verdict=replace(unsure.verdict, label=VerdictLabel.INCONCLUSIVE))
    assert unsure.verdict.probability_fake is not None
    assert "Likelihood" not in (embeds.verdict_embed(ENGLISH, unsure, filename="a.mp4", case=1).description or "")


def test_no_face_is_said_so() -> None:
    assert (
        field(embeds.verdict_embed(ENGLISH, report(faces=()), filename="a.mp4", case=1), "Faces and pulse")
        == "No face found."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_overblown_report_stays_within_every_limit_of_discord(language: str) -> None:
    say = speaker(language)
    embed = embeds.verdict_embed(say, overblown(), filename="n" * 5000 + ".mp4", case=10**12, checked_before=10**11)

    assert len(embed.title or "") <= 256
    assert len(embed.description or "") <= 4096
    assert all(len(f.name or "") <= 256 and 0 < len(f.value or "") <= 1024 for f in embed.fields)
    assert len(embed.footer.text or "") <= 2048
    assert len(embed) <= 6000
    if say is ENGLISH:
        assert "and 36 more faces" in field(embed, "Faces and pulse")


@pytest.mark.parametrize("name", ["*_~`|>.mp4" * 500, "@everyone <@123456789012345678> [a](b).mp4", "line\nbreak.mp4"])
def test_texts_with_any_file_name_are_short_one_liners_that_format_and_mention_nothing(name: str) -> None:
    texts = [
        embeds.looking_text(ENGLISH, name),
        embeds.queued_text(ENGLISH, name, 3),
        embeds.progress_text(ENGLISH, name, Progress(Stage.FRAMES, 1, 2, 3.0)),
        embeds.failure_text(ENGLISH, name, "It is @everyone's fault. " * 300),
        embeds.headline(ENGLISH, report(), name),
    ]
    for text in texts:
        assert len(text) <= 2000
        assert "@everyone" not in text
        assert "<@123456789012345678>" not in text
        assert text.count("\n") <= 1


def test_the_picture_is_the_one_attached() -> None:
    with_one = embeds.verdict_embed(ENGLISH, report(), filename="a.mp4", case=1, picture="evidence.png")

    assert with_one.image.url == "attachment://evidence.png"
    assert embeds.verdict_embed(ENGLISH, report(), filename="a.mp4", case=1).image.url is None
