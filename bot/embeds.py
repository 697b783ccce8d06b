"""Report -> what Discord shows: pure functions, within Discord's limits whatever the report holds."""

from __future__ import annotations

import discord
from discord.utils import escape_markdown, escape_mentions

from bot import words
from core.report.words import VERDICT_WORDS
from core.types import Progress, Report

MAX_REASONS = 3
MAX_FACES = 4

# Discord's limits, in characters: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FIELD_LIMIT = 1024
CONTENT_LIMIT = 2000

# What we allow ourselves, so that all parts together stay under Discord's 6,000.
OWN_DESCRIPTION_LIMIT = 1200
OWN_NAME_LIMIT = 80
OWN_REASON_LIMIT = 320


def clip_text(text: str, limit: int) -> str:
    """Return `text` on at most `limit` characters, the last one "…" where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def plain(text: str) -> str:
    """Return `text` so that Discord shows it as it is: no formatting, no mention, on one line."""
    return escape_mentions(escape_markdown(" ".join(text.split())))


def clip_name(filename: str) -> str:
    """Return the name of a clip, escaped and short enough for a sentence."""
    return plain(clip_text(filename, OWN_NAME_LIMIT))


def looking_text(filename: str) -> str:
    """Return the first sign of life."""
    return f"Looking at **{clip_name(filename)}**…"


def queued_text(filename: str, ahead: int) -> str:
    """Return the message while a check waits for `ahead` others."""
    return f"{looking_text(filename)}\n{words.queue_line(ahead)}"


def progress_text(filename: str, progress: Progress | None) -> str:
    """Return the message while a check runs."""
    return f"{looking_text(filename)}\n{words.progress_line(progress)}"


def failure_text(filename: str, sentence: str) -> str:
    """Return the message when a clip got no answer: the sentence of the error, with the clip's name."""
    return clip_text(f"**{clip_name(filename)}**: {plain(sentence)}", CONTENT_LIMIT)


def headline(report: Report, filename: str) -> str:
    """Return the verdict in one line: what notifications show, and all there is where embeds are not allowed."""
    label = report.verdict.label
    return f"{words.EMOJI[label]} {VERDICT_WORDS[label].title}: **{clip_name(filename)}**"


def verdict_embed(
    report: Report, *, filename: str, case: int, checked_before: int | None = None, picture: str | None = None
) -> discord.Embed:
    """Return the answer to one check.

    Args:
        report: the finished analysis.
        filename: the clip's name as it was posted.
        case: the number of this question in the log.
        checked_before: the earlier case whose answer is given again, if it is.
        picture: the name of the attached evidence picture, if there is one.
    """
    label = report.verdict.label
    embed = discord.Embed(
        title=clip_text(f"{words.EMOJI[label]} {VERDICT_WORDS[label].title}", TITLE_LIMIT),
        description=clip_text(_description(report, filename, checked_before), OWN_DESCRIPTION_LIMIT),
        colour=discord.Colour.from_str(VERDICT_WORDS[label].colour),
        timestamp=report.created_at,
    )
    embed.add_field(name="Why", value=_reasons(report), inline=False)
    embed.add_field(name="Faces and pulse", value=_faces(report), inline=False)
    embed.set_footer(text=clip_text(_footer(report, case), FIELD_LIMIT))
    if picture is not None:
        embed.set_image(url=f"attachment://{picture}")
    return embed


def _description(report: Report, filename: str, checked_before: int | None) -> str:
    lines = [f"**{clip_name(filename)}**", VERDICT_WORDS[report.verdict.label].meaning]
    likelihood = words.likelihood_line(report)
    if likelihood:
        lines.append(f"**{likelihood}**")
    if checked_before is not None:
        lines.append(f"This clip was checked before: case {checked_before}.")
    return "\n".join(lines)


def _reasons(report: Report) -> str:
    reasons = [f"• {clip_text(plain(reason), OWN_REASON_LIMIT)}" for reason in report.verdict.reasons[:MAX_REASONS]]
    return clip_text("\n".join(reasons), FIELD_LIMIT)


def _faces(report: Report) -> str:
    if not report.faces:
        return "No face found."
    shown = [plain(line) for line in words.face_lines(report)[:MAX_FACES]]
    hidden = len(report.faces) - len(shown)
    if hidden:
        shown.append(f"and {words.count(hidden, 'more face', 'more faces')}")
    return clip_text("\n".join(clip_text(line, FIELD_LIMIT // (MAX_FACES + 1)) for line in shown), FIELD_LIMIT)


def _footer(report: Report, case: int) -> str:
    took = words.duration(sum(report.timings_s.values()))
    versions = words.versions_line(report)
    parts = [words.SCREENING_AID, f"case {case}", f"took {took}"]
    return " · ".join([*parts, clip_text(versions, 300)] if versions else parts)
