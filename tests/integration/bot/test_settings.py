"""`/settings`: what an admin sees and changes, what is refused, and what is told that cannot work."""

from typing import Any

import discord
import pytest
import simcord
from simcord.backend.errors import SetupError
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.client import FacepulseBot
from bot.services import Services
from core.types import ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk
from tests.integration.bot.scene import LOOK_EVERY_S
from tests.integration.bot.seen import told_alone as text_of


class Scene:
    """A server with an admin, a member, and the bot."""

    def __init__(self, env: simcord.Env, services: Services) -> None:
        self.env, self.services = env, services
        self.guild = env.create_guild("Clip Club")
        self.general = self.guild.create_text_channel("general")
        self.log = self.guild.create_text_channel("mod-log")
        admins = self.guild.create_role("admins", permissions=discord.Permissions(manage_guild=True))
        self.anna = self.guild.add_member(env.create_user("anna"), roles=[admins])
        self.bob = self.guild.add_member(env.create_user("bob"))

    async def set(self, part: str, **options: Any) -> simcord.InteractionResult:
        return await self.anna.slash(self.general, f"settings {part}", **options)

    async def settings(self) -> GuildSettings:
        return await self.services.guilds.get(self.guild.id)

    def forbid(self, channel: simcord.ChannelHandle, **permissions: bool) -> None:
        """Take permissions from the bot's role in one channel."""
        allow, deny = discord.PermissionOverwrite(**permissions).pair()
        role = self.guild.roles["TestBot"]
        self.env.backend.set_overwrite(channel.id, Overwrite(role.id, OverwriteType.ROLE, allow.value, deny.value))

    def take(self, *permissions: str) -> None:
        """Take permissions from the bot's role everywhere."""
        role = self.guild.roles["TestBot"]
        left = discord.Permissions.all()
        left.update(administrator=False, **dict.fromkeys(permissions, False))
        self.env.backend.edit_role(self.guild.id, role.id, {"permissions": left.value})


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services, LOOK_EVERY_S)


@pytest.fixture
def scene(simcord_env: simcord.Env, services: Services) -> Scene:
    return Scene(simcord_env, services)


async def test_show_lists_every_group_with_its_sub_command_to_the_admin_alone(scene: Scene) -> None:
    text = text_of(await scene.set("show"))

    groups = ("channels", "exempt", "asking", "budgets", "answers", "flagging", "keeping", "action", "review", "demos")
    assert [group for group in groups if f"/settings {group}" not in text] == []
    assert "Settings of Clip Club" in text
    assert "Each member: 20 clips in 24 hours" in text
    assert "Reports and names: 90 days" in text
    assert "Automatic action: off" in text


async def test_members_without_manage_server_do_not_get_the_command(scene: Scene) -> None:
    assert not [name for name in scene.bob.available_commands(scene.general) if name.startswith("settings")]
    assert "settings show" in scene.anna.available_commands(scene.general)
    with pytest.raises(SetupError):
        await scene.bob.slash(scene.general, "settings show")


@pytest.mark.parametrize(
    ("part", "options", "setting", "value", "told"),
    [
        ("asking", {"who": "moderators"}, "who_may_ask", WhoMayAsk.MODERATORS, "May ask: moderators only"),
        ("budgets", {"member": 3}, "user_daily_budget", 3, "Each member: 3 clips in 24 hours"),
        ("budgets", {"server": 40}, "guild_daily_budget", 40, "All together: 40 clips in 24 hours"),
        ("answers", {"place": "private"}, "answer_place", AnswerPlace.PRIVATE, "to the one who asked alone"),
        ("answers", {"language": "en"}, "language", "en", "Language: English"),
        ("flagging", {"likelihood": 80}, "flag_probability", 0.8, "a likelihood of at least 80%"),
        ("flagging", {"declared": True}, "flag_declared", True, "declare themselves synthetic are flagged too: yes"),
        ("keeping", {"days": 30}, "retention_days", 30, "Reports and names: 30 days"),
        ("action", {"mode": "dry_run"}, "action_mode", ActionMode.DRY_RUN, "dry run"),
        ("action", {"kind": "timeout"}, "action_kind", ActionKind.TIMEOUT, "Saved"),
        ("action", {"likelihood": 99}, "action_probability", 0.99, "Saved"),
        ("action", {"minutes": 5}, "timeout_minutes", 5, "Saved"),
        ("review", {"reason-required": True}, "reason_required", True, "must give a reason: yes"),
        ("demos", {"allowed": True}, "demos_allowed", True, "The demo studio comes with its own rules"),
        ("demos", {"member": 1}, "user_daily_demos", 1, "Each member: 1 demo in 24 hours"),
        ("demos", {"server": 0}, "guild_daily_demos", 0, "All together: 0 demos in 24 hours"),
    ],
)
async def test_a_change_is_saved_and_told(
    scene: Scene, part: str, options: dict[str, Any], setting: str, value: object, told: str
) -> None:
    text = text_of(await scene.set(part, **options))

    assert "✅ Saved" in text
    assert told in text
    assert getattr(await scene.settings(), setting) == value


async def test_a_sub_command_without_options_shows_its_group_and_changes_nothing(scene: Scene) -> None:
    text = text_of(await scene.set("budgets"))

    assert "As it is now" in text
    assert "Each member: 20 clips in 24 hours" in text
    assert await scene.settings() == GuildSettings(scene.guild.id)
    assert await scene.services.audit.list(scene.guild.id) == ()


async def test_a_change_is_in_the_audit_log_with_who_made_it(scene: Scene) -> None:
    await scene.set("budgets", member=3)

    (entry,) = await scene.services.audit.list(scene.guild.id)
    assert entry.by == scene.anna.id


async def test_channels_are_added_and_removed_by_suggestion(scene: Scene) -> None:
    await scene.set("channels", **{"mod-log": scene.log, "scan-add": scene.general})
    settings = await scene.settings()
    assert (settings.mod_log_channel_id, settings.scan_channel_ids) == (scene.log.id, (scene.general.id,))

    (suggested,) = await scene.anna.autocomplete(scene.general, "settings channels", "scan-remove", "gen")
    assert suggested == {"name": "#general", "value": str(scene.general.id)}
    assert await scene.anna.autocomplete(scene.general, "settings channels", "scan-remove", "other") == []
    await scene.set("channels", **{"scan-remove": suggested["value"]})
    assert (await scene.settings()).scan_channel_ids == ()


async def test_a_channel_that_is_gone_can_still_be_removed(scene: Scene) -> None:
    await scene.services.guilds.change(scene.guild.id, by=1, scan_channel_ids=(42,))
    (suggested,) = await scene.anna.autocomplete(scene.general, "settings channels", "scan-remove", "")
    assert suggested == {"name": "deleted: 42", "value": "42"}
    await scene.set("channels", **{"scan-remove": "42"})

    assert (await scene.settings()).scan_channel_ids == ()


async def test_a_setting_can_be_emptied(scene: Scene) -> None:
    await scene.set("channels", **{"mod-log": scene.log})
    text = text_of(await scene.set("channels", clear="mod_log_channel_id"))

    assert "Mod-log: none" in text
    assert (await scene.settings()).mod_log_channel_id is None


async def test_answers_in_each_readers_own_language_is_a_choice(scene: Scene) -> None:
    await scene.set("answers", language="en")
    await scene.set("answers", language="own")

    assert (await scene.settings()).language is None


async def test_every_clip_with_signs_is_flagged_again_with_0(scene: Scene) -> None:
    await scene.set("flagging", likelihood=80)
    await scene.set("flagging", likelihood=0)

    assert (await scene.settings()).flag_probability is None


@pytest.mark.simcord(check_errors=False)
@pytest.mark.parametrize(
    ("part", "options", "sentence"),
    [
        ("flagging", {"likelihood": 20}, "The likelihood must be 0 (flag every clip with signs) or from 50 to 100."),
        (
            "channels",
            {"scan-remove": "nonsense"},
            "What is to be removed is not in the list; choose one of the suggestions.",
        ),
    ],
)
async def test_what_cannot_be_is_refused_in_one_sentence(
    scene: Scene, part: str, options: dict[str, Any], sentence: str
) -> None:
    assert text_of(await scene.set(part, **options)) == sentence
    assert await scene.settings() == GuildSettings(scene.guild.id)


async def test_a_mod_log_channel_in_which_the_bot_cannot_write_is_told_with_how_to_grant_it(scene: Scene) -> None:
    scene.forbid(scene.log, embed_links=False, attach_files=False)
    text = text_of(await scene.set("channels", **{"mod-log": scene.log}))

    assert "⚠️ This cannot work yet" in text
    assert f"In <#{scene.log.id}> I lack: Embed Links, Attach Files." in text
    assert "Edit Channel → Permissions → add TestBot and allow Embed Links, Attach Files." in text
    assert "⚠️ This cannot work yet" in text_of(await scene.set("show"))


async def test_scanning_without_the_message_content_intent_is_told(scene: Scene) -> None:
    text = text_of(await scene.set("channels", **{"scan-add": scene.general}))

    assert "message content intent" in text
    assert "nobody hears of what I find by myself" in text


async def test_certain_roles_without_a_role_is_told(scene: Scene) -> None:
    assert "No role is chosen that may ask" in text_of(await scene.set("asking", who="roles"))
    role = scene.guild.create_role("checkers")
    text = text_of(await scene.set("asking", **{"role-add": role}))
    assert "No role is chosen" not in text
    assert f"<@&{role.id}>" in text


async def test_automatic_action_is_switched_on_only_by_the_button_under_its_consequences(scene: Scene) -> None:
    asked = await scene.set("action", mode="on", kind="remove")
    text = text_of(asked)
    assert "I am a screening aid and will be wrong at times" in text
    assert "From a likelihood of 95%, I remove the message." in text
    assert (await scene.settings()).action_mode is ActionMode.OFF

    assert asked.response is not None
    await scene.anna.click(asked.response, label="Switch it on")
    settings = await scene.settings()
    assert (settings.action_mode, settings.action_kind) == (ActionMode.ON, ActionKind.REMOVE)
    assert "✅ Saved" in text_of(asked)
    assert asked.response.components == []


async def test_leaving_it_leaves_it(scene: Scene) -> None:
    asked = await scene.set("action", mode="on")
    assert asked.response is not None
    await scene.anna.click(asked.response, label="Leave it")

    assert text_of(asked) == "Nothing was changed."
    assert (await scene.settings()).action_mode is ActionMode.OFF


async def test_a_question_that_nobody_answers_loses_its_buttons(scene: Scene) -> None:
    asked = await scene.set("action", mode="on")
    await scene.env.advance_time(600)

    assert asked.response is not None
    assert asked.response.components == []
    assert (await scene.settings()).action_mode is ActionMode.OFF


async def test_action_that_does_more_than_before_is_asked_again_but_less_is_not(scene: Scene) -> None:
    await scene.services.guilds.change(scene.guild.id, by=1, action_mode=ActionMode.ON)
    assert "Let me act by myself?" in text_of(await scene.set("action", kind="timeout"))
    assert "From a likelihood of 90%" in text_of(await scene.set("action", likelihood=90))
    assert "✅ Saved" in text_of(await scene.set("action", likelihood=99))
    assert "✅ Saved" in text_of(await scene.set("action", mode="off"))

    assert (await scene.settings()).action_kind is ActionKind.HIDE


async def test_action_without_the_permissions_for_it_is_told_before_it_is_on(scene: Scene) -> None:
    scene.take("moderate_members", "manage_messages")
    text = text_of(await scene.set("action", mode="on", kind="timeout"))

    assert "To act I lack: Manage Messages, Timeout Members." in text
    assert "Server Settings → Roles → TestBot → Permissions: switch on Manage Messages, Timeout Members." in text


async def test_keeping_evidence_says_what_it_means_first(scene: Scene) -> None:
    asked = await scene.set("keeping", evidence=True, days=14)
    assert "at most 14 days" in text_of(asked)
    assert not (await scene.settings()).keep_evidence

    assert asked.response is not None
    await scene.anna.click(asked.response, label="Keep clips")
    settings = await scene.settings()
    assert (settings.keep_evidence, settings.retention_days) == (True, 14)


async def test_reset_gives_the_defaults_after_asking(scene: Scene) -> None:
    await scene.set("budgets", member=3)
    asked = await scene.set("reset")
    assert (await scene.settings()).user_daily_budget == 3

    assert asked.response is not None
    await scene.anna.click(asked.response, label="Reset")
    assert await scene.settings() == GuildSettings(scene.guild.id)
    assert "All settings have their defaults again" in text_of(asked)


async def test_settings_of_one_server_are_not_those_of_another(scene: Scene) -> None:
    await scene.set("budgets", member=3)
    other = scene.env.create_guild("Other")

    assert (await scene.services.guilds.get(other.id)).user_daily_budget == 20


async def test_a_server_full_of_lists_still_fits_in_an_answer(scene: Scene) -> None:
    many = tuple(range(10**18, 10**18 + 50))
    await scene.services.guilds.change(
        scene.guild.id, by=1, scan_channel_ids=many, exempt_role_ids=many, exempt_channel_ids=many, ask_role_ids=many,
        mod_log_channel_id=1, who_may_ask=WhoMayAsk.ROLES, action_mode=ActionMode.ON, action_kind=ActionKind.TIMEOUT,
    )  # fmt: skip
    text = text_of(await scene.set("show"))

    assert "and 38 more" in text
