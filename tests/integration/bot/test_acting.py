"""What Facepulse does by itself with a flagged message, and how moderators take it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.acting import Flagged, is_due
from bot.case_text import DRY_RUN
from bot.client import FacepulseBot
from bot.desk import CheckView
from bot.following import PATIENCE
from bot.i18n import ENGLISH
from bot.services import Services
from core.errors import ReviewError
from core.services.audit import AuditEntry
from core.services.requests import CheckStatus
from core.services.reviews import Case, CaseState, Dispute, FlagKind
from core.store import Store
from core.types import ActionKind, ActionMode, GuildSettings, Report, VerdictLabel
from tests.integration.bot.scene import LOOK_EVERY_S, Scene
from tests.integration.bot.seen import text_of
from tests.integration.bot.support import FakeWorker, report_for
from tests.synth.analyses import make_analysis
from tests.synth.logs import NOON
from tests.synth.moderation import GUILD, answered

SURE = 0.97
WORDS = "look at *this*"
CLIP_BYTES = b"not really a video"


class Street:
    """A server in which Eve posts a clip, alice asks about it, and moderators read the log."""

    def __init__(self, scene: Scene, services: Services, worker: FakeWorker) -> None:
        self.scene, self.services, self._worker = scene, services, worker
        self.log = scene.guild.create_text_channel("mod-log")
        self.eve = scene.guild.add_member(scene.env.create_user("eve"))
        role = scene.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
        self.mod = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])

    async def set(self, **changes: Any) -> None:
        values = {
            "mod_log_channel_id": self.log.id,
            "action_mode": ActionMode.ON,
            "scan_channel_ids": [self.scene.channel.id],
            **changes,
        }
        await self.services.guilds.change(self.scene.guild.id, by=1, **values)

    async def post(self, member: Any = None, content: bytes = CLIP_BYTES) -> discord.Message:
        """Somebody posts a clip in the channel, which is scanned."""
        message: discord.Message = await (member or self.eve).send(
            self.scene.channel, WORDS, attachments=[("clip.mp4", content)]
        )
        return message

    async def found_fake(
        self, member: Any = None, content: bytes = CLIP_BYTES, before: Callable[[], Awaitable[None]] | None = None
    ) -> discord.Message:
        """The same, and the clip is found to be fake; `before` happens before that is known."""
        message = await self.post(member, content)
        claim = await self._worker.claim()
        report = report_for(claim, VerdictLabel.LIKELY_FAKE)
        verdict = replace(report.verdict, probability_fake=SURE)
        await self._worker.finish(claim, replace(report, verdict=verdict))
        if before is not None:
            await before()
        await self.wait()
        return message

    async def wait(self) -> None:
        """Wait until the bot has looked at a check that nobody waits for."""
        await self.scene.env.advance_time(LOOK_EVERY_S * PATIENCE)

    async def press(self, label: str, *, form: bool = False) -> None:
        """The moderator presses a button of the case, and sends off its form."""
        pressed = await self.mod.click(self.case, label=label)
        if form:
            await self.mod.submit_modal(pressed, {})

    async def acts(self) -> list[AuditEntry]:
        """What stands in the audit log about the first case."""
        return list(await self.services.audit.of_check(1, self.scene.guild.id))

    @property
    def case(self) -> discord.Message:
        """The message of the case in the log."""
        return next(message for message in self.log.history() if message.embeds)

    @property
    def copies(self) -> list[discord.Message]:
        """The copies of messages in the log."""
        return [message for message in self.log.history() if not message.embeds]

    def take(self, *permissions: str) -> None:
        """Take permissions from the bot's role and from everyone."""
        me = self.scene.guild.me
        assert me is not None
        for role in me.roles:
            left = discord.Permissions(role.permissions.value)
            left.update(administrator=False, **dict.fromkeys(permissions, False))
            self.scene.env.backend.edit_role(self.scene.guild.id, role.id, {"permissions": left.value})

    def is_there(self, message: discord.Message) -> bool:
        return any(one.id == message.id for one in self.scene.channel.history())

    def timed_out_until(self, member: Any) -> object:
        return self.scene.env.backend.guilds[self.scene.guild.id].members[member.id].timed_out_until


@pytest.fixture
def street(scene: Scene, services: Services, worker: FakeWorker) -> Street:
    return Street(scene, services, worker)


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services, LOOK_EVERY_S, message_content=True)


async def test_a_message_is_hidden_and_its_copy_kept_for_review(street: Street) -> None:
    await street.set()
    message = await street.found_fake()

    assert not street.is_there(message)
    (copy,) = street.copies
    assert copy.content == f"Copy of the message of <@{street.eve.id}> for case 1:\n{WORDS}"
    assert [(one.filename, one.is_spoiler()) for one in copy.attachments] == [("SPOILER_clip.mp4", True)]
    assert await copy.attachments[0].read() == CLIP_BYTES
    assert "The message is hidden, with a copy in the mod-log; dismissing the case shows it again." in text_of(
        street.case
    )
    assert street.scene.labels(street.case)[-1] == "Show the message again"
    assert street.timed_out_until(street.eve) is None
    (entry,) = await street.acts()
    assert (entry.action, entry.by, entry.check_id) == ("act.hide", None, 1)


async def test_dismissing_shows_a_hidden_message_again_with_whose_it_was(street: Street) -> None:
    await street.set()
    await street.found_fake()
    await street.press("Dismiss", form=True)

    (shown,) = street.scene.answers
    first, _, rest = shown.content.partition("\n")
    assert first.startswith(f"<@{street.eve.id}> posted this <t:")
    assert rest == WORDS
    assert [one.filename for one in shown.attachments] == ["clip.mp4"]
    assert street.scene.pings == []
    assert "taken back by" in text_of(street.case)
    assert street.scene.labels(street.case) == ["Uphold after all"]


async def test_upholding_leaves_the_message_hidden(street: Street) -> None:
    await street.set()
    await street.found_fake()
    await street.press("Uphold", form=True)

    assert street.scene.answers == []
    assert street.scene.labels(street.case) == ["Dismiss after all", "Show the message again"]


async def test_a_removed_message_comes_back_by_its_own_button_after_a_restart(street: Street) -> None:
    await street.set(action_kind=ActionKind.REMOVE)
    message = await street.found_fake()
    assert not street.is_there(message)
    await street.scene.env.restart_bot(FacepulseBot(street.services, LOOK_EVERY_S, message_content=True))
    await street.press("Show the message again")

    (shown,) = street.scene.answers
    assert shown.content.endswith(WORDS)
    assert street.scene.labels(street.case) == ["Uphold", "Dismiss", "Assign…"]


async def test_an_act_is_taken_back_once(street: Street) -> None:
    await street.set()
    await street.found_fake()
    (entry,) = await street.acts()
    await street.press("Show the message again")
    with pytest.raises(ReviewError, match="can no longer be taken back"):
        await bot_of(street).mod_log.take_back(entry, street.mod.id, ENGLISH)

    assert len(street.scene.answers) == 1


async def test_a_time_out_is_given_and_lifted(street: Street) -> None:
    await street.set(action_kind=ActionKind.TIMEOUT, timeout_minutes=30)
    message = await street.found_fake()
    assert not street.is_there(message)
    assert street.timed_out_until(street.eve) is not None
    assert f"<@{street.eve.id}> has a time-out until <t:" in text_of(street.case)

    await street.press("Lift the time-out")
    assert street.timed_out_until(street.eve) is None
    assert street.scene.labels(street.case)[-1] == "Show the message again"


async def test_a_dismissal_lifts_the_time_out(street: Street) -> None:
    await street.set(action_kind=ActionKind.TIMEOUT)
    await street.found_fake()
    await street.press("Dismiss", form=True)

    assert street.timed_out_until(street.eve) is None


async def test_a_dry_run_only_says_what_it_would_have_done(street: Street) -> None:
    await street.set(action_mode=ActionMode.DRY_RUN, action_kind=ActionKind.TIMEOUT)
    message = await street.found_fake()

    assert street.is_there(message)
    assert street.timed_out_until(street.eve) is None
    assert street.copies == []
    assert "Dry run: I would have removed the message and given its author a time-out." in text_of(street.case)


async def test_without_the_permission_the_log_says_so_and_the_message_stays(street: Street) -> None:
    await street.set()
    street.take("manage_messages")
    message = await street.found_fake()

    assert street.is_there(message)
    assert street.copies == []
    assert "I did not act, because I lack: Manage Messages." in text_of(street.case)


async def test_a_message_that_cannot_be_copied_stays(street: Street) -> None:
    await street.set()
    street.scene.env.inject_error("POST", f"/channels/{street.log.id}/messages", status=500, times=1)
    message = await street.found_fake()

    assert street.is_there(message)
    assert "I could not keep a copy of it." in text_of(street.case)


async def test_a_deletion_that_discord_refuses_is_no_act(street: Street) -> None:
    await street.set()
    street.scene.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50013, message="no")
    message = await street.found_fake()

    assert street.is_there(message)
    told = text_of(street.case)
    assert "I did not act: Discord refused it." in told
    assert "is hidden" not in told
    assert street.scene.labels(street.case) == ["Uphold", "Dismiss", "Assign…"]


async def test_a_time_out_that_discord_refuses_is_told(street: Street) -> None:
    await street.set(action_kind=ActionKind.TIMEOUT)
    street.scene.env.inject_error("PATCH", "/guilds/*/members/*", status=403, code=50013, message="no")
    await street.found_fake()

    assert "I gave no time-out" in text_of(street.case)


async def test_exempt_roles_channels_and_moderators_are_not_acted_on(street: Street) -> None:
    role = street.scene.guild.create_role("artists")
    artist = street.scene.guild.add_member(street.scene.env.create_user("artist"), roles=[role])
    await street.set()
    theirs = await street.found_fake(artist, before=lambda: street.set(exempt_role_ids=[role.id]))
    mods = await street.found_fake(street.mod, content=b"another clip")
    here = await street.found_fake(
        content=b"a third", before=lambda: street.set(exempt_channel_ids=[street.scene.channel.id])
    )

    assert [street.is_there(message) for message in (theirs, mods, here)] == [True, True, True]
    assert street.copies == []


async def test_without_a_log_nothing_is_done(street: Street) -> None:
    await street.set(mod_log_channel_id=None)

    assert street.is_there(await street.found_fake())


async def test_a_clip_that_was_dismissed_before_is_not_acted_on_again(street: Street) -> None:
    await street.set()
    await street.found_fake()
    await street.press("Dismiss", form=True)
    again = await street.post()
    await street.wait()

    assert street.is_there(again)
    assert "People doubted the answer to this clip before: case 1." in text_of(street.log.history()[-1])


async def flagged(store: Store, **changes: Any) -> Flagged:
    """A flagged check in which everything says that something should be done."""
    check = await answered(store)
    report = make_analysis(label=VerdictLabel.LIKELY_FAKE).report
    report = replace(report, verdict=replace(report.verdict, probability_fake=SURE))
    view = CheckView(check.id, "clip.mp4", CheckStatus.DONE, report=report, guild_id=GUILD, channel_id=3, message_id=4,
                     requester_id=5, poster_id=6)  # fmt: skip
    case = Case(check, GUILD, CaseState.OPEN, FlagKind.AUTOMATIC, None, NOON, None, None, None, None, None, None, ())
    return replace(Flagged(view, case, (), None), **changes)


ACTING = GuildSettings(GUILD, mod_log_channel_id=9, action_mode=ActionMode.ON)


async def test_it_acts_at_the_top_of_confidence_only(store: Store) -> None:
    due = await flagged(store)
    assert due.check.report is not None
    assert is_due(due, ACTING)
    assert not is_due(due, replace(ACTING, action_probability=0.98))
    assert not is_due(due, replace(ACTING, action_mode=ActionMode.OFF))
    assert not is_due(due, replace(ACTING, mod_log_channel_id=None))
    for label in set(VerdictLabel) - {VerdictLabel.LIKELY_FAKE}:
        verdict = replace(due.check.report.verdict, label=label)
        assert not is_due(replace(due, check=with_report(due, verdict=verdict)), ACTING), label


async def test_it_never_acts_where_a_clip_declares_itself(store: Store) -> None:
    due = await flagged(store)
    assert due.check.report is not None
    verdict = due.check.report.verdict
    declares = replace(verdict.evidence[0], declares_synthetic=True)

    assert not is_due(replace(due, check=with_report(due, verdict=replace(verdict, evidence=(declares,)))), ACTING)


async def test_it_never_acts_where_people_doubt_or_decided_or_it_has_acted(store: Store) -> None:
    due = await flagged(store)
    entry = AuditEntry(1, GUILD, NOON, None, DRY_RUN, due.case.check.id, {"kind": "hide"}, None, None, None)

    assert not is_due(replace(due, case=replace(due.case, disputes=(Dispute(7, "mine", NOON),))), ACTING)
    assert not is_due(replace(due, case=replace(due.case, state=CaseState.UPHELD)), ACTING)
    assert not is_due(replace(due, case=replace(due.case, kind=FlagKind.MEMBER)), ACTING)
    assert not is_due(replace(due, doubted=3), ACTING)
    assert not is_due(replace(due, acts=(entry,)), ACTING)


async def test_who_asks_about_their_own_clip_is_not_acted_on(store: Store) -> None:
    due = await flagged(store)

    assert not is_due(replace(due, check=replace(due.check, poster_id=due.check.requester_id)), ACTING)
    assert not is_due(replace(due, check=replace(due.check, message_id=None)), ACTING)


def bot_of(street: Street) -> FacepulseBot:
    bot = street.scene.env.bot
    assert isinstance(bot, FacepulseBot)
    return bot


def with_report(due: Flagged, **changes: Any) -> CheckView:
    report = due.check.report
    assert isinstance(report, Report)
    return replace(due.check, report=replace(report, **changes))
