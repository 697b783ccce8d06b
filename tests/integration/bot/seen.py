"""What a person sees of a message: its text with that of its embeds, and whether others see it."""

from __future__ import annotations

import discord
import simcord


def told_alone(result: simcord.InteractionResult) -> str:
    """All the text of an interaction's answers, which nobody but the person who used it may see."""
    answers = [message for message in (result.response, *result.followups) if message is not None]
    assert answers, "the interaction was not answered"
    assert all(message.ephemeral for message in answers), "others see the answer"
    return "\n".join(text_of(message) for message in answers)


def text_of(message: simcord.ResponseMessage | discord.Message) -> str:
    """The text of a message with that of its embeds."""
    texts = [message.content]
    for embed in message.embeds:
        texts += [embed.title or "", embed.description or ""]
        texts += [f"{field.name}\n{field.value}" for field in embed.fields]
        texts.append(embed.footer.text or "")
    return "\n".join(text for text in texts if text)


def followed_up_alone(result: simcord.InteractionResult) -> str:
    """All the text that followed the use of a button or form of a message, which only the person may see."""
    assert result.followups, "nothing was said"
    assert all(message.ephemeral for message in result.followups), "others see the answer"
    return "\n".join(text_of(message) for message in result.followups)
