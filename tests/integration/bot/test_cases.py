"""What moderators look up: cases, the history, counts and files; each about their own server only, for them alone."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta

import discord
import pytest
import simcord

from bot.services import Services
from core.services.reviews import CaseState, FlagKind
from core.store import Store
from core.types import VerdictLabel
from tests.integration.bot.scene import Scene
from tests.integration.bot.seen import told_alone
from tests.synth.moderation import answered, asked_by

NOW = discord.utils.utcnow
LIMIT = 25 << 20
"""The most bytes that simcord's Discord takes in one file."""
WRONG = pytest.mark.simcord(check_errors=False)
"""simcord counts an answered error as one."""


class Archive:
    """A server with a moderator and checks of earlier days."""

    def __init__(self, scene: Scene, store: Store, services: Services) -> None:
        self.scene, self._store, self._services = scene, store, services
        role = scene.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
        self.mod = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])

    async def add(
        self,
        name: str,
        *,
        label: VerdictLabel = VerdictLabel.LIKELY_FAKE,
        poster: int = 5,
        days_ago: float = 0,
        guild_id: int | None = None,
        flag: bool = True,
    ) -> int:
        asker = asked_by(requester_id=7, poster_id=poster, guild_id=guild_id or self.scene.guild.id)
        at = NOW() - timedelta(days=days_ago)
        check = await answered(self._store, name.encode(), asker=asker, label=label, at=at, name=name)
        if flag:
            await self._services.reviews.flag(check.id, kind=FlagKind.AUTOMATIC)
        return check.id

    async def ask(self, command: str, **options: object) -> str:
        return told_alone(await self.run(command, **options))

    async def run(self, command: str, **options: object) -> simcord.InteractionResult:
        return await self.mod.slash(self.scene.channel, command, **options)


@pytest.fixture
def archive(scene: Scene, store: Store, services: Services) -> Archive:
    return Archive(scene, store, services)


async def test_a_case_is_shown_with_its_verdict_and_buttons(archive: Archive) -> None:
    number = await archive.add("talk.mp4")
    shown = await archive.run("case show", number=number)

    told = told_alone(shown)
    assert f"⏳ Review of case {number}: open" in told
    assert "**talk.mp4**" in told
    assert shown.response is not None
    assert archive.scene.labels(shown.response.message) == ["Uphold", "Dismiss", "Assign…"]


async def test_a_check_that_nobody_flagged_is_shown_as_what_it_is(archive: Archive) -> None:
    number = await archive.add("talk.mp4", flag=False)

    assert "Nobody has flagged this answer." in await archive.ask("case show", number=number)


@WRONG
async def test_a_case_of_another_server_does_not_exist(archive: Archive) -> None:
    theirs = await archive.add("theirs.mp4", guild_id=99)
    unflagged = await archive.add("too.mp4", guild_id=99, flag=False)
    for number in (theirs, unflagged, 4711):
        assert await archive.ask("case show", number=number) == "There is no such case in this server."
    assert await archive.ask("review next") == "✅ No case waits for a decision."
    assert "No case matches." in await archive.ask("case list")
    assert "No check matches." in await archive.ask("history")


async def test_the_list_is_filtered_by_member_verdict_time_and_state(archive: Archive, services: Services) -> None:
    old = await archive.add("old.mp4", days_ago=40)
    real = await archive.add("real.mp4", label=VerdictLabel.LIKELY_REAL)
    ann = await archive.add("ann.mp4", poster=archive.scene.alice.id)
    await services.reviews.decide(
        old, guild_id=archive.scene.guild.id, by=1, state=CaseState.UPHELD, reason=None, reason_required=False
    )

    def numbers(told: str) -> list[int]:
        return [int(line.split("`")[1]) for line in told.splitlines() if line.startswith("`")]

    assert numbers(await archive.ask("case list")) == [ann, real, old]
    assert numbers(await archive.ask("case list", user=archive.scene.alice)) == [ann]
    assert numbers(await archive.ask("case list", verdict="likely_real")) == [real]
    assert numbers(await archive.ask("case list", status="upheld")) == [old]
    assert numbers(await archive.ask("case list", status="open", verdict="likely_fake")) == [ann]
    assert numbers(await archive.ask("history", since=30)) == [ann, real]
    assert numbers(await archive.ask("history", user=archive.scene.alice)) == []
    assert numbers(await archive.ask("history", channel=archive.scene.channel)) == []


async def test_long_lists_have_pages_that_turn_both_ways(archive: Archive) -> None:
    for number in range(23):
        await archive.add(f"clip{number}.mp4")
    shown = await archive.run("case list")
    assert shown.response is not None
    assert "Page 1 of 3" in told_alone(shown)
    assert "clip22.mp4" in told_alone(shown)

    for _ in range(2):
        await archive.mod.click(shown.response.message, label="Next")
    last = told_alone(shown)
    assert "Page 3 of 3" in last
    assert last.count("`") == 2 * 3
    await archive.mod.click(shown.response.message, label="Back")
    assert "Page 2 of 3" in told_alone(shown)


async def test_the_next_case_is_the_oldest_and_mine_first(archive: Archive, services: Services) -> None:
    numbers = [await archive.add(f"{number}.mp4") for number in range(3)]
    assert f"case {numbers[0]}: open" in await archive.ask("review next")

    await services.reviews.assign(numbers[2], guild_id=archive.scene.guild.id, by=1, to=archive.mod.id)
    assert f"case {numbers[2]}: open" in await archive.ask("review next")


async def test_the_history_names_everything_that_was_checked(archive: Archive) -> None:
    flagged = await archive.add("flagged.mp4")
    other = await archive.add("other.mp4", label=VerdictLabel.INCONCLUSIVE, flag=False)
    told = await archive.ask("history")

    assert f"`{flagged}` · ⚠️ Signs of manipulation · flagged.mp4 · <@7>" in told
    assert f"`{other}` · ❔ Can't tell · other.mp4" in told


# A process draws the plot, and the machine may be busy. Not as long as `LOOK_EVERY_S`: simcord would wait for that too.
@pytest.mark.simcord(settle_timeout=25.0)
@pytest.mark.parametrize("language", ["en", "ja"])
async def test_the_counts_come_with_a_plot(archive: Archive, services: Services, language: str) -> None:
    await services.guilds.change(archive.scene.guild.id, by=1, language=language)
    await archive.add("a.mp4")
    await archive.add("b.mp4", days_ago=3)
    await archive.add("c.mp4", label=VerdictLabel.LIKELY_REAL, days_ago=50, flag=False)
    shown = await archive.run("stats", since=30)
    assert shown.response is not None

    told = told_alone(shown)
    assert "⚠️" in told
    if language == "en":
        assert "2 clips were checked." in told
        assert "Signs of manipulation: **2**" in told
        assert "Open: 2" in told
    (plot,) = [one for message in (shown.response, *shown.followups) for one in message.attachments]
    assert (await plot.read()).startswith(b"\x89PNG")


async def test_the_export_is_a_file_with_this_servers_checks_only(archive: Archive) -> None:
    number = await archive.add("=SUM(A1).mp4")
    await archive.add("theirs.mp4", guild_id=99)
    shown = await archive.run("export", form="csv")
    assert shown.response is not None
    assert shown.response.ephemeral
    (file,) = shown.response.attachments

    (row,) = csv.DictReader(io.StringIO((await file.read()).decode("utf-8-sig")))
    assert file.filename == "facepulse-cases.csv"
    assert (row["case"], row["file_name"]) == (str(number), "'=SUM(A1).mp4")
    (file,) = (await archive.run("export", form="json")).response.attachments  # type: ignore[union-attr]
    assert [case["case"] for case in json.loads(await file.read())["cases"]] == [number]


async def test_members_do_not_have_these_commands(archive: Archive) -> None:
    usable = archive.scene.alice.available_commands(archive.scene.channel)

    assert {"check", "help"} <= {name.split()[0] for name in usable}
    assert {"case", "review", "history", "stats", "export"}.isdisjoint(name.split()[0] for name in usable)


async def test_a_file_that_is_too_large_is_packed(
    archive: Archive, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.exports, "cases", gives(bytes(LIMIT + 1)))
    shown = await archive.run("export", form="csv")
    assert shown.response is not None
    (file,) = shown.response.attachments

    assert file.filename == "facepulse-cases.csv.zip"
    with zipfile.ZipFile(io.BytesIO(await file.read())) as packed:
        assert {one.filename: one.file_size for one in packed.infolist()} == {"facepulse-cases.csv": LIMIT + 1}


@WRONG
async def test_a_file_that_stays_too_large_is_refused_with_what_to_do(
    archive: Archive, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.exports, "cases", gives(os.urandom(LIMIT + 1)))

    assert "choose a shorter time" in await archive.ask("export", form="json")


def gives(data: bytes) -> Callable[..., Awaitable[bytes]]:
    async def cases(*_: object) -> bytes:
        return data

    return cases
