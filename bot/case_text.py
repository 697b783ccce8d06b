"""A case under review in words: who flagged it, who decided what, and what was done by itself. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import discord
from discord.utils import format_dt

from bot.embeds import FIELD_LIMIT, clip_name, clip_text, plain
from bot.i18n import N_, Say
from bot.permissions import names_of
from bot.words import EMOJI, NAMED
from core.services.audit import AuditEntry
from core.services.reviews import Case, CaseState, FlagKind
from core.types import ActionKind

HIDE, REMOVE, TIMEOUT, DRY_RUN, FAILED = "act.hide", "act.remove", "act.timeout", "act.dry_run", "act.failed"
ACTIONS = frozenset({HIDE, REMOVE, TIMEOUT, DRY_RUN, FAILED})
"""Entries of the audit log that say what Facepulse did, or did not do, by itself."""
NOBODY = 0
"""Who took back an act that was noted and then could not be done."""

ICONS = {CaseState.OPEN: "⏳", CaseState.UPHELD: "✔️", CaseState.DISMISSED: "✖️"}
STATES = {CaseState.OPEN: N_("open"), CaseState.UPHELD: N_("upheld"), CaseState.DISMISSED: N_("dismissed")}
DRY = {
    ActionKind.HIDE: N_("Dry run: I would have hidden the message until you decide."),
    ActionKind.REMOVE: N_("Dry run: I would have removed the message."),
    ActionKind.TIMEOUT: N_("Dry run: I would have removed the message and given its author a time-out."),
}
WHY_NOT = {
    "permissions": N_("I did not act, because I lack: {permissions}."),
    "gone": N_("The message was gone before I could act."),
    "hidden": N_("I left the message: Discord hides its content from me, so I cannot keep a copy of it."),
    "large": N_("I left the message: its files are larger than a copy in this channel can be."),
    "no_copy": N_("I left the message: I could not keep a copy of it."),
    "refused": N_("I did not act: Discord refused it."),
    "no_timeout": N_("I gave no time-out: Discord does not let me, or the member has left."),
}
UNDO_LABELS = {
    HIDE: N_("Show the message again"),
    REMOVE: N_("Show the message again"),
    TIMEOUT: N_("Lift the time-out"),
}

SHOWN_NOTES = 3
OWN_FIELD_LIMIT = 600
"""Characters of each field here: the verdict in the same embed needs the rest of Discord's 6,000."""
NOTE_LIMIT, REASON_LIMIT = 160, 300


def add_case_fields(
    embed: discord.Embed, case: Case, acts: Iterable[AuditEntry], say: Say, *, doubted: int | None = None
) -> None:
    """Put before and after the verdict in `embed` where its case stands, what was done, and what members noted.

    Args:
        embed: the verdict.
        case: the case.
        acts: what the audit log has about it.
        say: the reader's language.
        doubted: the newest case of the same clip that was dismissed or disputed.
    """
    lines = list(case_lines(case, say))
    if doubted is not None and doubted != case.check.id:
        lines.append(say("People doubted the answer to this clip before: case {case}.", case=doubted))
    heading = say("{icon} Review of case {case}: {state}", icon=ICONS[case.state], case=case.check.id,
                  state=say(STATES[case.state]))  # fmt: skip
    embed.insert_field_at(0, name=heading, value=clip_text("\n".join(lines), FIELD_LIMIT), inline=False)
    done = [line for entry in acts for line in act_lines(entry, say)]
    if done:
        embed.insert_field_at(1, name=say("Done by itself"), value=clip_text("\n".join(done), OWN_FIELD_LIMIT),
                              inline=False)  # fmt: skip
    notes = list(_notes(case, say))
    if notes:
        embed.add_field(name=say("Notes of members"), value=clip_text("\n".join(notes), OWN_FIELD_LIMIT), inline=False)


def case_lines(case: Case, say: Say) -> Iterator[str]:
    """Yield where a case stands, how it came up, and where the clip was posted."""
    yield state_line(case, say)
    if case.reason:
        yield say("Reason: {reason}", reason=clip_text(plain(case.reason), REASON_LIMIT))
    when = format_dt(case.flagged_at, "R")
    if case.kind is FlagKind.AUTOMATIC:
        yield say("Flagged by its verdict {when}", when=when)
    elif case.kind is FlagKind.MEMBER:
        yield say("Flagged by {who} {when}", who=who(case.flagged_by, say), when=when)
    else:
        yield say("{who} calls the answer wrong ({when})", who=who(case.flagged_by, say), when=when)
    asker = case.check.asker
    if asker.channel_id is not None:
        where = f"<#{asker.channel_id}>"
        if asker.message_id is not None:
            where = f"https://discord.com/channels/{case.guild_id}/{asker.channel_id}/{asker.message_id}"
        yield say("Posted by {who}: {where}", who=who(asker.poster_id, say), where=where)


def state_line(case: Case, say: Say) -> str:
    """Return in one line what was decided by whom and when, or who has the case."""
    if case.state is CaseState.OPEN:
        if case.assigned_to is None:
            return say("Waits for a moderator")
        return say("Assigned to {who}", who=who(case.assigned_to, say))
    when = "" if case.decided_at is None else format_dt(case.decided_at, "R")
    decided = who(case.decided_by, say)
    if case.state is CaseState.UPHELD:
        return say("{who} upheld it {when}: the flag was right", who=decided, when=when)
    return say("{who} dismissed it {when}: the flag was wrong", who=decided, when=when)


def list_line(case: Case, say: Say) -> str:
    """Return a case in one line of a list."""
    check = case.check
    parts = [f"`{check.id}`", ICONS[case.state], say(STATES[case.state])]
    if check.label is not None:
        parts.append(EMOJI[check.label])
    parts += [clip_name(check.source_name) or "–", who(check.asker.poster_id, say), format_dt(case.flagged_at, "d")]
    if case.state is CaseState.OPEN and case.assigned_to is not None:
        parts.append(f"→ {who(case.assigned_to, say)}")
    return " · ".join(parts)


def act_lines(entry: AuditEntry, say: Say) -> Iterator[str]:
    """Yield what one entry of the audit log tells of an act of Facepulse; nothing for other entries."""
    if entry.action not in ACTIONS or entry.undone_by == NOBODY:
        return
    told = _act_line(entry.action, entry.details, say)
    if entry.undone_at is not None:
        taken = say("taken back by {who} {when}", who=who(entry.undone_by, say), when=format_dt(entry.undone_at, "R"))
        told = f"~~{told}~~ {taken}"
    yield f"• {told}"


def _act_line(action: str, details: dict[str, Any], say: Say) -> str:
    if action == DRY_RUN:
        return say(DRY[ActionKind(details["kind"])]) if "kind" in details else "–"
    if action == FAILED:
        permissions = names_of(details.get("permissions", ()), say)
        return say(WHY_NOT[details.get("why", "refused")], permissions=permissions)
    if action == TIMEOUT:
        until = details.get("until")
        when = "–" if until is None else format_dt(datetime.fromisoformat(until))
        return say("{who} has a time-out until {when}.", who=who(details.get("poster_id"), say), when=when)
    if action == HIDE:
        return say("The message is hidden, with a copy in the mod-log; dismissing the case shows it again.")
    return say("The message was removed, with a copy in the mod-log.")


def who(user_id: int | None, say: Say) -> str:
    """Return a mention of a person, or words for one whose id is not kept."""
    return say("somebody") if user_id is None else f"<@{user_id}>"


def _notes(case: Case, say: Say) -> Iterator[str]:
    noted = [note for note in case.disputes if note.note]
    for note in noted[-SHOWN_NOTES:]:
        told = say(NAMED, name=who(note.user_id, say), value=clip_text(plain(note.note), NOTE_LIMIT))
        yield f"• {told}"
    more = len(noted) - SHOWN_NOTES
    if more > 0:
        yield say.plural("and {n} earlier note", "and {n} earlier notes", more)
