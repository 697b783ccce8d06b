"""What the buttons of an answer show: every measurement, and what a verdict means. Pure functions, within limits."""

from __future__ import annotations

import discord

from bot.embeds import EMBED_LIMIT, FIELD_LIMIT, FIELD_NAME_LIMIT, TITLE_LIMIT, clip_name, clip_text, plain
from bot.i18n import N_, Say
from bot.words import EMOJI
from core.report.words import VERDICT_WORDS, WHAT_THIS_IS, face_names, measurement_words
from core.types import Evidence, Report

MAX_FIELDS = 24
"""Discord takes 25; the last one says how much was left out."""
KEPT_FOR_THE_LAST = 120

SCORE_MEANS = N_("Scores run from 0 (as filmed) to 1 (as made); no single one decides.")
WHO_DECIDES = N_("People decide: a moderator can look at the case, and “This is wrong” tells them why you disagree.")


def details_embed(say: Say, report: Report, *, filename: str, case: int) -> discord.Embed:
    """Return every measurement of a report, detector by detector, as far as an embed holds them."""
    embed = discord.Embed(
        title=clip_text(say("Measurements of case {case}", case=case), TITLE_LIMIT),
        description=f"**{clip_name(filename)}**\n{_clip_line(say, report)}\n{say(SCORE_MEANS)}",
        colour=discord.Colour.from_str(VERDICT_WORDS[report.verdict.label].colour),
    )
    names = {track: say.told(name) for track, name in face_names(report).items()}
    evidence = report.verdict.evidence
    for shown, one in enumerate(evidence):
        name, value = _field(say, one, names)
        full = len(embed) + len(name) + len(value) + KEPT_FOR_THE_LAST > EMBED_LIMIT
        if full or shown == MAX_FIELDS:
            left = len(evidence) - shown
            more = say.plural("{n} more detector answer", "{n} more detector answers", left)
            embed.add_field(name="…", value=more, inline=False)
            break
        embed.add_field(name=name, value=value, inline=False)
    return embed


def _clip_line(say: Say, report: Report) -> str:
    video = report.video
    return say(
        "{width}×{height}, {rate:.2f} pictures a second, {codec}; {seconds:.1f} s looked at",
        width=video.width_px,
        height=video.height_px,
        rate=float(video.frame_rate),
        codec=plain(video.codec),
        seconds=report.seconds_analysed,
    )


def _field(say: Say, evidence: Evidence, names: dict[int, str]) -> tuple[str, str]:
    detector = say.told(evidence.detector.replace("_", " "))
    where = say("the whole clip") if evidence.track is None else names.get(evidence.track, say("a face"))
    name = say("{where}: {detector} {version}", where=where, detector=detector, version=evidence.version)
    lines = []
    if evidence.fake_score is not None:
        lines.append(say("Score {score:.2f} of 1", score=evidence.fake_score))
    if evidence.abstained_because is not None:
        lines.append(say("No score: {why}", why=plain(say.told(evidence.abstained_because))))
    measured = ", ".join(plain(say.told(measurement_words(one))) for one in evidence.measurements)
    if measured:
        lines.append(measured)
    return clip_text(name, FIELD_NAME_LIMIT), clip_text("\n".join(lines), FIELD_LIMIT) or "–"


def meaning_embed(say: Say, report: Report) -> discord.Embed:
    """Return what this verdict means, what the other verdicts are, and what none of them can say."""
    own = VERDICT_WORDS[report.verdict.label]
    embed = discord.Embed(
        title=clip_text(say("What does “{verdict}” mean?", verdict=say.told(own.title)), TITLE_LIMIT),
        description="\n".join([say.told(own.meaning), "", *(say.told(sentence) for sentence in WHAT_THIS_IS)]),
        colour=discord.Colour.from_str(own.colour),
    )
    for label, told in VERDICT_WORDS.items():
        if label is not report.verdict.label:
            embed.add_field(name=f"{EMOJI[label]} {say.told(told.title)}", value=say.told(told.meaning), inline=False)
    embed.add_field(name=say("And then?"), value=say(WHO_DECIDES), inline=False)
    return embed
