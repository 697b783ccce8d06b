"""Getting started: what `/setup check` and `/help` tell, and the first message to whoever added the bot."""

from typing import Any

import discord
import pytest
import simcord
from simcord.backend.errors import SetupError
from simcord.backend.models import Overwrite
from simcord.backend.serializers import guild_create_payload
from simcord.enums import OverwriteType

from bot.client import FacepulseBot
from bot.cogs.setup import WELCOME_AFTER_S
from bot.services import Services
from core.types import ActionKind, ActionMode
from tests.integration.bot.seen import text_of, told_alone

BOT_ADDED = 28
"""Discord's number for the addition of a bot in audit logs."""


class Scene:
    """A server with an admin, a moderator, a member, and the bot."""

    def __init__(self, env: simcord.Env, services: Services) -> None:
        self.env, self.services = env, services
        self.olga = env.create_user("olga")
        self.guild = env.create_guild("Clip Club", owner=self.olga)
        self.general = self.guild.create_text_channel("general")
        self.log = self.guild.create_text_channel("mod-log")
        self.anna = self.member("anna", manage_guild=True)
        self.mary = self.member("mary", manage_messages=True)
        self.bob = self.member("bob")

    def member(self, name: str, **permissions: bool) -> Any:
        role = self.guild.create_role(f"role of {name}", permissions=discord.Permissions(**permissions))
        return self.guild.add_member(self.env.create_user(name), roles=[role])

    async def check(self) -> str:
        return told_alone(await self.anna.slash(self.general, "setup check"))

    async def set(self, **changes: Any) -> None:
        await self.services.guilds.change(self.guild.id, by=1, **changes)

    def forbid(self, channel: simcord.ChannelHandle, **permissions: bool) -> None:
        allow, deny = discord.PermissionOverwrite(**permissions).pair()
        role = self.guild.roles["TestBot"]
        self.env.backend.set_overwrite(channel.id, Overwrite(role.id, OverwriteType.ROLE, allow.value, deny.value))

    def take(self, *permissions: str) -> None:
        """Take permissions from the bot's role and from everyone."""
        for role, has in (("TestBot", discord.Permissions.all()), ("@everyone", discord.Permissions.text())):
            left = discord.Permissions(has.value)
            left.update(view_channel=True, administrator=False, **dict.fromkeys(permissions, False))
            self.env.backend.edit_role(self.guild.id, self.guild.roles[role].id, {"permissions": left.value})

    def added_by(self, user: Any) -> None:
        """Write into Discord's audit log who added the bot."""
        bot_id = self.env.backend.bot_user.id
        self.env.backend.record_audit_log(self.guild.id, BOT_ADDED, target_id=bot_id, user_id=user.id)

    def join(self) -> None:
        """Let Discord say that the bot was added: only then a server comes without a word about its availability."""
        payload = dict(guild_create_payload(self.env.backend, self.env.backend.get_guild(self.guild.id)))
        del payload["unavailable"]
        self.env.backend.emit("GUILD_CREATE", payload)

    async def joined(self) -> None:
        """Let the bot be added, and the time pass after which it greets."""
        self.join()
        await self.env.settle()
        await self.env.advance_time(WELCOME_AFTER_S + 1)


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services)


@pytest.fixture
def scene(simcord_env: simcord.Env, services: Services) -> Scene:
    return Scene(simcord_env, services)


def greetings(user: Any) -> list[str]:
    return [message.content for message in user.dm_channel.history()]


class TestSetupCheck:
    async def test_where_nothing_is_missing_it_says_so(self, scene: Scene) -> None:
        text = await scene.check()

        assert "Everything that your settings need is there." in text
        assert "✅ All permissions are there." in text
        assert "➖ none is set: `/settings channels`" in text
        assert "➖ Message content intent: off." in text

    async def test_what_the_role_lacks_is_granted_at_the_role(self, scene: Scene) -> None:
        scene.take("attach_files")
        text = await scene.check()

        assert "1 thing is missing." in text
        assert "❌ Missing: Attach Files." in text
        assert "→ Server Settings → Roles → TestBot → Permissions: switch on Attach Files." in text

    async def test_what_a_channel_takes_away_is_granted_at_the_channel(self, scene: Scene) -> None:
        await scene.set(mod_log_channel_id=scene.log.id)
        scene.forbid(scene.log, embed_links=False)
        text = await scene.check()

        assert "Mod-log channel: #mod-log" in text
        assert "→ Edit Channel → Permissions → add TestBot and allow Embed Links." in text

    async def test_in_a_thread_the_permission_for_threads_counts(self, scene: Scene) -> None:
        scene.take("send_messages_in_threads")
        message = await scene.bob.send(scene.general, "start")
        raw = scene.env.backend.create_thread(scene.general.id, "talk", scene.bob.id, message_id=message.id)
        thread = next(one for one in scene.general.threads if one.id == raw.id)
        text = told_alone(await scene.anna.slash(thread, "setup check"))

        assert "❌ Missing: Send Messages in Threads" in text

    async def test_scanning_without_the_intent_says_who_can_switch_it_on(self, scene: Scene) -> None:
        await scene.set(scan_channel_ids=(scene.general.id,))
        text = await scene.check()

        assert "❌ Message content intent: missing" in text
        assert "FACEPULSE_DISCORD_MESSAGE_CONTENT=1" in text
        assert "Checked by itself: #general" in text
        assert "❌ There is no mod-log channel, so nobody hears of what I find by myself" in text

    async def test_automatic_action_needs_its_permissions_and_a_mod_log_channel(self, scene: Scene) -> None:
        await scene.set(action_mode=ActionMode.ON, action_kind=ActionKind.TIMEOUT)
        scene.take("moderate_members")
        text = await scene.check()

        assert "❌ Missing: Timeout Members." in text
        assert "There is no mod-log channel" in text

    async def test_a_channel_that_is_gone_is_told(self, scene: Scene) -> None:
        await scene.set(mod_log_channel_id=4711)
        assert "❌ <#4711> is no longer there, or it is hidden from me." in await scene.check()

    async def test_members_do_not_get_it(self, scene: Scene) -> None:
        assert "setup check" not in scene.bob.available_commands(scene.general)
        with pytest.raises(SetupError):
            await scene.bob.slash(scene.general, "setup check")

    async def test_the_longest_answer_fits(self, scene: Scene) -> None:
        channels = [scene.guild.create_text_channel("c" * 90 + str(n)) for n in range(20)]
        for channel in channels:
            scene.forbid(channel, view_channel=True, read_message_history=False)
        await scene.set(
            scan_channel_ids=tuple(channel.id for channel in channels), mod_log_channel_id=1, action_mode=ActionMode.ON
        )
        scene.take("manage_messages", "embed_links", "attach_files", "read_message_history")

        text = await scene.check()
        assert "things are missing" in text
        assert len(text) < 6000


class TestHelp:
    async def test_it_says_what_how_and_what_answers_mean(self, scene: Scene) -> None:
        text = told_alone(await scene.bob.slash(scene.general, "help"))

        assert "screening aid, not a proof" in text
        assert "Reply to a message with a clip and mention me." in text
        for icon in ("⚠️", "✅", "❔", "🏷️"):
            assert icon in text
        assert "/privacy forget" in text

    async def test_members_see_only_commands_that_they_may_use(self, scene: Scene) -> None:
        text = told_alone(await scene.bob.slash(scene.general, "help"))

        assert "`/privacy show`" in text
        assert "`/help`" in text
        assert "/settings" not in text
        assert "`/setup check`" not in text

    async def test_admins_see_theirs(self, scene: Scene) -> None:
        text = told_alone(await scene.anna.slash(scene.general, "help"))

        assert "`/settings show`" in text
        assert "`/setup check`" in text

    async def test_it_works_in_direct_messages_with_what_works_there(self, scene: Scene) -> None:
        text = told_alone(await scene.bob.user.slash("help"))

        assert "`/privacy show`" in text
        assert "/settings" not in text

    async def test_it_names_exactly_the_commands_that_discord_shows(self, scene: Scene) -> None:
        for member in (scene.anna, scene.mary, scene.bob):
            text = told_alone(await member.slash(scene.general, "help"))
            shown = {name for name in member.available_commands(scene.general) if f"`/{name}`" in text}
            assert shown == set(member.available_commands(scene.general))


class TestFirstMessage:
    async def test_it_goes_to_the_one_who_added_the_bot(self, scene: Scene) -> None:
        scene.added_by(scene.anna)
        await scene.joined()

        (told,) = greetings(scene.anna.user)
        assert "I was just added to Clip Club" in told
        assert "everyone may ask" in told
        assert "its report after 90 days" in told
        assert "`/setup check`" in told
        assert greetings(scene.olga) == []
        assert scene.general.history() == []

    async def test_without_the_audit_log_it_goes_to_the_owner(self, scene: Scene) -> None:
        scene.added_by(scene.anna)
        scene.take("view_audit_log")
        await scene.joined()

        assert len(greetings(scene.olga)) == 1
        assert greetings(scene.anna.user) == []

    async def test_where_nobody_takes_direct_messages_it_goes_to_the_system_channel(self, scene: Scene) -> None:
        scene.env.backend.edit_guild(scene.guild.id, {"system_channel_id": scene.general.id})
        scene.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
        await scene.joined()

        (told,) = scene.general.history()
        assert "I was just added to Clip Club" in text_of(told)

    async def test_where_nobody_can_be_told_nothing_is_said_and_nothing_fails(self, scene: Scene) -> None:
        scene.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
        await scene.joined()

        assert scene.general.history() == []

    async def test_a_server_is_greeted_once_also_after_a_restart(self, scene: Scene) -> None:
        await scene.joined()
        await scene.env.restart_bot(FacepulseBot(scene.services))
        await scene.joined()

        assert len(greetings(scene.olga)) == 1

    async def test_servers_that_it_is_in_already_are_not_greeted_at_start(self, scene: Scene) -> None:
        await scene.env.restart_bot(FacepulseBot(scene.services))
        await scene.env.advance_time(WELCOME_AFTER_S + 1)

        assert greetings(scene.olga) == []

    async def test_a_server_that_threw_it_out_at_once_is_left_alone(self, scene: Scene) -> None:
        scene.join()
        await scene.env.settle()
        scene.env.backend.remove_guild(scene.guild.id)
        await scene.env.advance_time(WELCOME_AFTER_S + 1)

        assert greetings(scene.olga) == []
