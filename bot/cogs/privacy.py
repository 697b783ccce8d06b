"""`/privacy`: what is stored about the one who asks, as a file too, and forgetting it; also in direct messages."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot import i18n
from bot.confirm import Confirm
from bot.i18n import N_, Say
from bot.services import Services
from core.errors import OutputError
from core.services.privacy import Forgotten, PrivacySummary

FILE_NAME = "facepulse-data.json"

WHERE = N_(
    "On the machines and in the storage of whoever runs me: "
    "only answers go back to Discord, and nothing goes to other services."
)
RIGHTS = N_("`/privacy export` gives you all of it as a file; `/privacy forget` deletes it.")
NOTHING = N_("Nothing is stored about you.")
FORGET = N_(
    "**Forget everything about you, in all servers?**\n"
    "Goes: your id, the names of your clips, your notes, reports that no moderator has to look at; "
    "checks of yours that still wait are cancelled.\n"
    "Stays, without your name: that there was a check and how it ended, and cases that moderators flagged or decided, "
    "because a server must be able to explain its decisions. "
    "While a case is open its message can still be found, and its clip where the server keeps evidence.\n"
    "Stays, with your id: what you did as a moderator.\n"
    "This cannot be taken back."
)


@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class PrivacyCog(
    commands.GroupCog,
    group_name=locale_str("privacy"),
    group_description=locale_str("See, export or delete what is stored about you"),
):
    """The rights of members over their data; every answer is for them alone."""

    def __init__(self, bot: commands.Bot, services: Services) -> None:
        self._guilds = services.guilds
        self._privacy = services.privacy

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Delete the evidence of a server that this bot was removed from."""
        await self._privacy.left(guild.id)

    @app_commands.command(name=locale_str("show"), description=locale_str("See what is stored about you, and why"))
    async def show(self, interaction: discord.Interaction) -> None:
        """Say how much of each kind is stored, what it is and what it is for."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        say = await self._say(interaction)
        summary = await self._privacy.show(interaction.user.id)
        await interaction.followup.send(embed=summary_embed(summary, say), ephemeral=True)

    @app_commands.command(
        name=locale_str("export"), description=locale_str("Get all that is stored about you as a file")
    )
    async def export(self, interaction: discord.Interaction) -> None:
        """Send everything as JSON, if it fits into an upload."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        say = await self._say(interaction)
        data = await self._privacy.export(interaction.user.id)
        if len(data) > interaction.filesize_limit:
            raise OutputError(say("Your data is larger than Discord lets me send; ask whoever runs me for the file."))
        file = discord.File(io.BytesIO(data), FILE_NAME)
        await interaction.followup.send(say("All that is stored with your id:"), file=file, ephemeral=True)

    @app_commands.command(name=locale_str("forget"), description=locale_str("Delete what is stored about you"))
    async def forget(self, interaction: discord.Interaction) -> None:
        """Forget the one who asks, after saying what stays and why."""
        say = await self._say(interaction)

        async def do(click: discord.Interaction) -> None:
            await click.response.edit_message(content=say("Forgetting…"), view=None)
            gone = await self._privacy.forget(click.user.id)
            await click.edit_original_response(content=forgotten_text(gone, say))

        await Confirm(do, label=say("Forget me"), say=say).ask(interaction, say(FORGET))

    async def _say(self, interaction: discord.Interaction) -> Say:
        settings = None if interaction.guild_id is None else await self._guilds.get(interaction.guild_id)
        return i18n.for_interaction(interaction, settings)


def summary_embed(summary: PrivacySummary, say: Say) -> discord.Embed:
    """Return what is stored about a person: a field for each kind of which there is any."""
    lines = [say(WHERE), say(RIGHTS)] if summary.total else [say(NOTHING), say(WHERE)]
    embed = discord.Embed(title=say("🔒 What is stored about you"), description="\n".join(lines))
    for kind in summary.kinds:
        if kind.count:
            name = say.plural("{n} entry", "{n} entries", kind.count)
            embed.add_field(name=name, value=f"{say.told(kind.what)}\n{say.told(kind.why)}", inline=False)
    return embed


def forgotten_text(gone: Forgotten, say: Say) -> str:
    """Return what was forgotten and what stays."""
    lines = [
        say("✅ You are forgotten."),
        say.plural("{n} check was emptied.", "{n} checks were emptied.", gone.checks),
        say.plural("{n} flag or note of yours was blanked.", "{n} flags or notes of yours were blanked.", gone.notes),
    ]
    if gone.cancelled:
        lines.append(
            say.plural("{n} waiting check was cancelled.", "{n} waiting checks were cancelled.", gone.cancelled)
        )
    if gone.kept_without_name:
        lines.append(
            say.plural(
                "{n} case stays with the moderators, without your name.",
                "{n} cases stay with the moderators, without your name.",
                gone.kept_without_name,
            )
        )
    lines.append(say("What you post or ask from now on is new and is stored again."))
    return "\n".join(lines)
