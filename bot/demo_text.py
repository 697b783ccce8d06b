"""What is said of face-swap demos: pure functions, in the reader's language."""

from __future__ import annotations

import discord
from discord.utils import format_dt

from bot import words
from bot.embeds import CONTENT_LIMIT, DESCRIPTION_LIMIT, FIELD_LIMIT, TITLE_LIMIT, clip_name, clip_text, plain
from bot.i18n import N_, Say
from core.services.demos import Declaration, Demo, SwapModel
from core.services.requests import CheckStatus
from core.types.swap import ConsentBasis, ConsentRecord, ConsentScope, Provenance

SCOPES = {
    ConsentScope.TRAINING: N_("training a model on their face"),
    ConsentScope.DEMOS: N_("demos with their face"),
    ConsentScope.DISCORD: N_("showing these in Discord"),
}
BASES = {
    ConsentBasis.PERSON: N_("the person said so"),
    ConsentBasis.RENDERED: N_("a drawn face: nobody is shown"),
    ConsentBasis.PUBLIC_DOMAIN: N_("pictures in the public domain"),
}
DECLARED = {
    Declaration.SELF: N_("the clip shows the asker"),
    Declaration.CONSENTED: N_("the person in the clip consented"),
}
DECLARING_SELF = N_(
    "**Make a face-swap demo of this clip?** With a click you declare:\n"
    "• the clip shows **you**, and nobody else's face;\n"
    "• you are 18 or older;\n"
    "• nothing in it is sexual, and the demo is not meant to deceive or to hurt anybody."
)
DECLARING_CONSENT = N_(
    "**Make a face-swap demo of this clip?** With a click you declare:\n"
    "• everybody whose face the clip shows **consented to this demo**, as you wrote: {how}\n"
    "• all of them are 18 or older;\n"
    "• nothing in it is sexual, and the demo is not meant to deceive or to hurt anybody."
)
WHAT_HAPPENS = N_(
    "I cannot see whether this is true. So it is noted with your name, the moderators see every demo in the mod-log "
    "and can delete it, and only head and shoulders are shown. The demo says in its picture and its file that it was "
    "made by AI, with a number by which it is found again."
)
LABEL = N_(
    "🎭 **AI-made face swap, demo `{demo_id}`.** Nobody said or did this: the face is drawn by the model {model}."
)
LOOK = N_(
    "Is the person in it of age, and the one who was declared? Is nothing in it sexual or deceiving? "
    "A program cannot see that."
)
MODEL_LIMIT = 12
"""Models that are listed."""


def declaration_text(declaration: Declaration, how: str, say: Say) -> str:
    """Return what somebody declares when they ask for a demo, and what comes of it."""
    if declaration is Declaration.SELF:
        declared = say(DECLARING_SELF)
    else:
        declared = say(DECLARING_CONSENT, how=plain(clip_text(how, 300)))
    return f"{declared}\n\n{say(WHAT_HAPPENS)}"


def waiting_text(demo: Demo, ahead: int, say: Say) -> str:
    """Return the message of a demo that is not over."""
    first = say(
        "🎭 Making a face-swap demo of **{clip}** with the model {model}…",
        clip=clip_name(demo.driver_name),
        model=_name(demo.model),
    )
    if demo.status is CheckStatus.QUEUED:
        second = say.plural("Waiting: {n} demo before this one", "Waiting: {n} demos before this one", ahead)
        return f"{first}\n{second if ahead > 0 else say('Waiting to start; checks go first')}"
    share, left = words.share_done(demo.progress), words.time_left(demo.progress, say)
    parts = [say("Drawing the face")]
    parts += [] if share is None else [f"{words.bar(share)} {share:.0%}"]
    parts += [] if left is None else [left]
    return f"{first}\n{' · '.join(parts)}"


def closing_text(demo: Demo, say: Say) -> str:
    """Return the message of a demo that is over and shows nothing."""
    if demo.status is CheckStatus.CANCELLED:
        told = say("this demo was cancelled.")
    else:
        told = plain(say.told(demo.error_sentence or ""))
    return clip_text(say(words.NAMED, name=f"🎭 **{clip_name(demo.driver_name)}**", value=told), CONTENT_LIMIT)


def label_text(demo: Demo, say: Say) -> str:
    """Return the sentence that stands over every demo."""
    return say(LABEL, demo_id=demo.demo_id or "", model=_name(demo.model))


def consent_lines(consent: ConsentRecord, say: Say) -> list[str]:
    """Return who allowed what, how and when, a line each."""
    scope = ", ".join(say(SCOPES[one]) for one in ConsentScope if consent.allows(one))
    lines = [
        say("Whose face: {person} ({basis})", person=plain(consent.person), basis=say(BASES[consent.basis])),
        say("How they allowed it: {how}", how=plain(consent.how)),
        say("When: {when}", when=format_dt(consent.given_at, "D")),
        say("What they allowed: {scope}", scope=scope),
    ]
    if consent.recorded_by:
        lines.append(say("Written down by: {name}", name=plain(consent.recorded_by)))
    return [f"• {line}" for line in lines]


def models_embed(models: tuple[SwapModel, ...], say: Say) -> discord.Embed:
    """Return the models of a server, with whose consent, and whether they may be used."""
    if not models:
        told = say("No model is registered here. Whoever runs me does that on the machine: `facepulse swap register`.")
        return discord.Embed(title=say("🎭 Models for demos"), description=told)
    embed = discord.Embed(title=say("🎭 Models for demos"))
    for model in models[:MODEL_LIMIT]:
        value = "\n".join([_state(model, say), *consent_lines(model.swap.target_consent, say)])
        embed.add_field(name=clip_text(_name(model), 256), value=clip_text(value, 400), inline=False)
    if len(models) > MODEL_LIMIT:
        more = len(models) - MODEL_LIMIT
        embed.set_footer(text=say.plural("and {n} more", "and {n} more", more))
    return embed


def allow_text(model: SwapModel, say: Say) -> str:
    """Return what an admin is asked before a model may be used."""
    asked = say("**Allow demos with the model {model} in this server?**", model=plain(model.name))
    seen = say("Look whether this consent is what you know of the person; I only know what was written down:")
    then = say("From then on demos can be asked for. `/demo withdraw` ends that at once.")
    return clip_text("\n".join([asked, seen, *consent_lines(model.swap.target_consent, say), then]), CONTENT_LIMIT)


def log_embed(demo: Demo, say: Say, deleted_by: int | None = None) -> discord.Embed:
    """Return what moderators see of a demo: who asked for what, and what they declared."""
    lines = _provenance_lines(demo, say)
    if deleted_by is not None:
        lines.append(say("🗑️ Deleted by {moderator}", moderator=f"<@{deleted_by}>"))
    embed = discord.Embed(
        title=clip_text(say("🎭 Face-swap demo {demo_id}", demo_id=demo.demo_id or ""), TITLE_LIMIT),
        description=clip_text("\n".join(lines), DESCRIPTION_LIMIT),
        timestamp=demo.finished_at,
    )
    if deleted_by is None:
        embed.add_field(name=say("Please look at it"), value=clip_text(say(LOOK), FIELD_LIMIT), inline=False)
    return embed


def found_embed(demo: Demo, say: Say) -> discord.Embed:
    """Return all that is known of a demo that somebody looks up by its id."""
    lines = _provenance_lines(demo, say)
    if demo.provenance is not None:
        lines += _parts_lines(demo.provenance, say)
    if demo.expired_at is not None:
        lines.append(say("Who asked for it, and of which clip, is not kept any more."))
    if demo.deleted_at is not None:
        lines.append(say("It was deleted {when}.", when=format_dt(demo.deleted_at, "f")))
    title = say("🎭 Face-swap demo {demo_id}", demo_id=demo.demo_id or "")
    embed = discord.Embed(title=title, description=clip_text("\n".join(lines), DESCRIPTION_LIMIT))
    consent = "\n".join(consent_lines(demo.model.swap.target_consent, say))
    embed.add_field(name=say("Consent"), value=clip_text(consent, FIELD_LIMIT), inline=False)
    return embed


def message_link(demo: Demo) -> str | None:
    """Return the address of the message that shows a demo, None where it is not known."""
    asker = demo.asker
    if asker.channel_id is None or demo.answer_message_id is None:
        return None
    return f"https://discord.com/channels/{asker.guild_id}/{asker.channel_id}/{demo.answer_message_id}"


def _provenance_lines(demo: Demo, say: Say) -> list[str]:
    asker, link = demo.asker, message_link(demo)
    declared = say(DECLARED[demo.declaration])
    lines = []
    if asker.requester_id is not None:
        lines.append(say("Asked for by: {member}", member=f"<@{asker.requester_id}>"))
    lines.append(say("Declared: {declared}", declared=declared))
    if demo.declared_how:
        lines.append(say("Where that consent is: {how}", how=plain(demo.declared_how)))
    lines.append(say("Model: {model}", model=_name(demo.model)))
    lines.append(say("Asked for: {when}", when=format_dt(demo.requested_at, "f")))
    if link is not None:
        lines.append(say("Shown in: {message}", message=link))
    return lines


def _parts_lines(provenance: Provenance, say: Say) -> list[str]:
    swap = provenance.swap
    sets = say("Face sets: source `{source}`, target `{target}`", source=swap.source_id, target=swap.target_id)
    return [
        say("Clip it was made of: `{sha256}`", sha256=provenance.driver_sha256),
        sets,
        say("Weights: `{sha256}`", sha256=swap.weights_sha256),
    ]


def _state(model: SwapModel, say: Say) -> str:
    if not model.is_bound:
        return say("⚠️ must be registered again: nothing says which pictures its source face set had")
    return say("✅ allowed") if model.is_usable else say("⏳ waits for an admin: `/demo allow`")


def _name(model: SwapModel) -> str:
    return f"**{plain(model.name)}**"
