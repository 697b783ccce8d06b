"""Report -> what Discord shows: pure functions, within Discord's limits whatever the report and the language.

`say` speaks the reader's language (bot/i18n.py). Every text here is plain data, testable without Discord.
"""

from __future__ import annotations

import discord
from discord.utils import escape_markdown, escape_mentions

from bot import words
from bot.i18n import N_, Say
from core.report.words import VERDICT_WORDS
from core.types import Progress, Report

MAX_REASONS = 3
MAX_FACES = 4

# Discord's limits, in characters: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FIELD_NAME_LIMIT = 256
FIELD_LIMIT = 1024
CONTENT_LIMIT = 2000
EMBED_LIMIT = 6000

# What we allow ourselves, so that all parts together stay under Discord's 6,000.
OWN_DESCRIPTION_LIMIT = 1200
OWN_NAME_LIMIT = 80
OWN_REASON_LIMIT = 320

AWAY = N_("My log cannot be reached or written right now. Your check is not lost: I go on by myself as soon as I can.")


def clip_text(text: str, limit: int) -> str:
    """Return `text` on at most `limit` characters, the last one "…" where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def plain(text: str) -> str:
    """Return `text` so that Discord shows it as it is: no formatting, no mention, on one line."""
    return escape_mentions(escape_markdown(" ".join(text.split())))


def clip_name(filename: str) -> str:
    """Return the name of a clip, escaped and short enough for a sentence."""
    return plain(clip_text(filename, OWN_NAME_LIMIT))


def looking_text(say: Say, filename: str) -> str:
    """Return the first sign of life."""
    return say("Looking at **{clip}**…", clip=clip_name(filename))


def queued_text(say: Say, filename: str, ahead: int) -> str:
    """Return the message while a check waits for `ahead` others."""
    return f"{looking_text(say, filename)}\n{words.queue_line(ahead, say)}"


def progress_text(say: Say, filename: str, progress: Progress | None) -> str:
    """Return the message while a check runs."""
    return f"{looking_text(say, filename)}\n{words.progress_line(progress, say)}"


def away_text(say: Say, filename: str) -> str:
    """Return the message while the log cannot be reached."""
    return f"{looking_text(say, filename)}\n{say(AWAY)}"


def failure_text(say: Say, filename: str, sentence: str) -> str:
    """Return the message when a clip got no answer: the sentence of the error, with the clip's name."""
    return clip_text(_about(say, filename, plain(say.told(sentence))), CONTENT_LIMIT)


def too_large_text(say: Say, filename: str, size_bytes: int, limit_bytes: int) -> str:
    """Return the refusal of a clip that is over the size limit, before it is fetched."""
    sentence = say(
        "this clip is {size}; the largest clip that I check is {limit}.",
        size=words.size(size_bytes),
        limit=words.size(limit_bytes),
    )
    return _about(say, filename, sentence)


def _about(say: Say, filename: str, sentence: str) -> str:
    return say(words.NAMED, name=f"**{clip_name(filename)}**", value=sentence)


def headline(say: Say, report: Report, filename: str) -> str:
    """Return the verdict in one line: what notifications show, and all there is where embeds are not allowed."""
    label = report.verdict.label
    title = f"{words.EMOJI[label]} {say.told(VERDICT_WORDS[label].title)}"
    return say(words.NAMED, name=title, value=f"**{clip_name(filename)}**")


def verdict_embed(
    say: Say,
    report: Report,
    *,
    filename: str,
    case: int,
    checked_before: int | None = None,
    told_case: bool = True,
    copy_of: int | None = None,
    picture: str | None = None,
) -> discord.Embed:
    """Return the answer to one check.

    Args:
        say: the reader's language.
        report: the finished analysis.
        filename: the clip's name as it was posted.
        case: the number of this question in the log.
        checked_before: the earlier case whose answer is given again, if it is.
        told_case: whether the number of the earlier case may be named: those of another server are nobody's business.
        copy_of: an earlier case that may be named, whose clip this one looks like.
        picture: the name of the attached evidence picture, if there is one.
    """
    label = report.verdict.label
    description = _description(say, report, filename, checked_before, told_case)
    if copy_of is not None:
        description += "\n" + say("It looks like a re-encoded copy of the clip of case {case}.", case=copy_of)
    embed = discord.Embed(
        title=clip_text(f"{words.EMOJI[label]} {say.told(VERDICT_WORDS[label].title)}", TITLE_LIMIT),
        description=clip_text(description, OWN_DESCRIPTION_LIMIT),
        colour=discord.Colour.from_str(VERDICT_WORDS[label].colour),
        timestamp=report.created_at,
    )
    embed.add_field(name=say("Why"), value=_reasons(say, report), inline=False)
    embed.add_field(name=say("Faces and pulse"), value=_faces(say, report), inline=False)
    embed.set_footer(text=clip_text(_footer(say, report, case), FIELD_LIMIT))
    if picture is not None:
        embed.set_image(url=f"attachment://{picture}")
    return embed


def _description(say: Say, report: Report, filename: str, checked_before: int | None, told_case: bool) -> str:
    lines = [f"**{clip_name(filename)}**", say.told(VERDICT_WORDS[report.verdict.label].meaning)]
    likelihood = words.likelihood_line(report, say)
    if likelihood:
        lines.append(f"**{likelihood}**")
    if checked_before is not None and told_case:
        lines.append(say("This clip was checked before: case {case}.", case=checked_before))
    elif checked_before is not None:
        lines.append(say("This clip was checked before."))
    return "\n".join(lines)


def _reasons(say: Say, report: Report) -> str:
    told = [say.told(reason) for reason in words.main_reasons(report, MAX_REASONS)]
    return clip_text("\n".join(f"• {clip_text(plain(reason), OWN_REASON_LIMIT)}" for reason in told), FIELD_LIMIT)


def _faces(say: Say, report: Report) -> str:
    if not report.faces:
        return say("No face found.")
    shown = [plain(line) for line in words.face_lines(report, say)[:MAX_FACES]]
    hidden = len(report.faces) - len(shown)
    if hidden:
        shown.append(say.plural("and {n} more face", "and {n} more faces", hidden))
    return clip_text("\n".join(clip_text(line, FIELD_LIMIT // (MAX_FACES + 1)) for line in shown), FIELD_LIMIT)


def _footer(say: Say, report: Report, case: int) -> str:
    took = say("took {duration}", duration=words.duration(sum(report.timings_s.values()), say))
    parts = [say(words.SCREENING_AID), say("case {case}", case=case), took]
    versions = words.versions_line(report)
    return " · ".join([*parts, clip_text(versions, 300)] if versions else parts)
